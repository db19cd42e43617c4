// The ten places where a program that takes keepalived's place goes subtly wrong, S8_1 to S8_10, each beside a real
// keepalived. S8_3, S8_4, S8_7 and S8_8, which are about scripts, are in script_test.cpp.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "netns-tests/fixture.hpp"
#include "netns-tests/lab/forge.hpp"

namespace lab::subtle_test {
namespace {

constexpr Daemon both[] = {Daemon::keepalived, Daemon::vrrpd};

class Subtle : public HomeTest {
protected:
    Host& host_of(Daemon daemon) { return daemon == Daemon::vrrpd ? home.h003 : home.h001; }
    // An instance that disturbs no other one.
    static VrrpText alone(Daemon daemon) {
        const bool ours = daemon == Daemon::vrrpd;
        return {.vrid = ours ? 3 : 1, .addresses = {ours ? "10.12.14.33/24" : "10.12.14.31/24"}};
    }
    static IpAddress address_of(const VrrpText& text) {
        return *IpAddress::parse(text.addresses[0].substr(0, text.addresses[0].find('/')));
    }
    // What -t of this daemon ends with.
    int verdict(Daemon daemon, const std::string& text) {
        const auto path = directory() + "/verdict.conf";
        std::ofstream(path) << text << std::flush;
        if (daemon == Daemon::keepalived) return home.h001.run({"keepalived", "-t", "-f", path}).status;
        return Router(home.h003).command({"-t", "-f", path}).status;
    }
};

TEST_F(Subtle, S8_1_config_test_verdicts_are_the_same) {
    const auto instance = [](const std::string& lines, const std::string& before = {}) {
        return before +
               "vrrp_instance V {\n    interface lan0\n    virtual_router_id 1\n    virtual_ipaddress {\n"
               "        10.12.14.1/24\n    }\n" +
               lines + "}\n";
    };
    const std::string secure = "global_defs {\n    enable_script_security\n    script_user root\n}\n";
    const auto script_of = [](const std::string& path) { return "vrrp_script s {\n    script " + path + "\n}\n"; };
    const auto script = script_of("/usr/bin/true"), missing = script_of("/no/such/script");
    const std::string tracked = "    track_script {\n        s\n    }\n";
    const auto six = [](const std::string& type) {
        return "vrrp_instance V {\n    interface lan0\n    virtual_router_id 1\n    version 2\n    authentication {\n"
               "        auth_type " +
               type + "\n        auth_pass abc\n    }\n    virtual_ipaddress {\n        fe80::1/64\n    }\n}\n";
    };
    const std::pair<int, std::string> cases[] = {
        {0, instance("")},
        {0, instance("    notify /no/such/script\n", secure)},
        {0, instance("    notify /no/such/script\n")},
        {0, instance("    notify /usr/bin/true no_such_user\n")},
        {0, instance(tracked, secure + script)},
        {0, instance("    track_interface {\n        none0\n    }\n", "global_defs {\n    dynamic_interfaces\n}\n")},
        {0, instance("    use_vmac_addr\n")},
        {0, instance("    virtual_routes {\n        10.3.0.0/16 via 10.12.14.9 dev lan0\n    }\n")},
        {0, instance("    virtual_routes {\n        10.3.0.0/16 via 10.12.14.9 no_track\n    }\n")},
        {5, instance("    virtual_routes {\n        10.3.0.0/16 via 10.12.14.9\n    }\n")},
        {5, instance("    virtual_routes {\n        10.3.0.0/16 dev none0\n    }\n")},
        {5, instance("    virtual_rules {\n        from 10.3.0.0/16 iif none0 table 5 preference 9\n    }\n")},
        {5, instance("", "static_ipaddress {\n    10.3.0.1/16 dev none0\n}\n")},
        {5, instance("", "static_routes {\n    10.3.0.0/16 dev none0\n}\n")},
        {5, instance("", "static_rules {\n    from 10.3.0.0/16 oif none0 table 5 preference 9\n}\n")},
        {4, instance("", "interface_up_down_delays {\n    none0 1 2\n}\n")},
        {5, six("AH")},
        {0, six("PASS")},
        {2, instance("    priority\n")},
        {2, instance("    priority\n    junk\n")},
        {5, instance("    junk\n")},
        {5, instance("    priority 256\n")},
        {5, instance("    advert_int x\n")},
        {5, instance("    virtual_router_id 0\n")},
        {5,
         "vrrp_instance V {\n    interface none0\n    virtual_router_id 1\n    virtual_ipaddress {\n"
         "        10.12.14.1/24\n    }\n}\n"},
        {5, instance("") + instance("")},
        {5, "vrrp_instance V {\n    interface lan0\n    virtual_ipaddress {\n        10.12.14.1/24\n    }\n}\n"},
        {5, instance(tracked, missing)},
        {5, instance(tracked, secure + missing)},
        {5, instance("", missing)},
        {6, instance("", script)},
        {6, instance("    notify /etc/passwd\n")},
        {6, instance(tracked + "    notify /no/such/script\n", script)},
        {6, instance(tracked + "    notify /usr/bin/true\n", missing)},
        {6, instance(tracked, script)},
        {6, instance(tracked + "    junk\n", script)},
    };
    for (const auto& [wanted, text] : cases)
        for (const auto daemon : both)
            EXPECT_EQ(verdict(daemon, text), wanted) << (daemon == Daemon::vrrpd ? "vrrpd" : "keepalived") << '\n'
                                                     << text;
}

// No faster start; but a missing priority becomes 255, which takes over at once.
TEST_F(Subtle, S8_2_state_MASTER_waits_like_any_other_and_makes_an_owner_without_a_priority) {
    for (const auto daemon : both) {
        auto& host = host_of(daemon);
        auto text = alone(daemon);
        text.advert_int = "0.5";
        auto master = text.text();
        master.replace(master.find("state BACKUP"), 12, "state MASTER");
        Router waits(host, daemon);
        waits.configure(master);
        waits.start();
        EXPECT_TRUE(waits.await_log("Entering BACKUP STATE"));
        const auto backup = wall_clock();
        const auto first = home.lan.await(all({from(host), adverts()}));
        ASSERT_TRUE(first);
        EXPECT_GT(first->at - backup, 1500ms) << "three intervals of silence";
        waits.stop();

        auto owner = master;
        owner.erase(owner.find("priority 100"), 12);
        const auto begun = wall_clock();
        Router router(host, daemon);
        router.configure(owner);
        router.start();
        EXPECT_TRUE(home.lan.await(all({from(host), priority(255), since(begun)}))) << owner;
        router.stop();
    }
}

// The Active answers at once, and announces its addresses again.
TEST_F(Subtle, S8_5_an_advert_of_lower_priority_is_answered_and_all_is_announced_again) {
    const Injector injector(home.client, "lan0");
    for (const auto daemon : both) {
        auto text = alone(daemon);
        text.priority = 200;
        text.advert_int = "1";
        text.after =
            "global_defs {\n    vrrp_garp_master_repeat 1\n    vrrp_garp_master_delay 0\n"
            "    vrrp_garp_lower_prio_repeat 2\n    vrrp_garp_lower_prio_delay 2\n}\n";
        auto& host = host_of(daemon);
        auto& router = start(host, text, {}, daemon);
        const auto announced = all({from(host), claims(address_of(text))});
        ASSERT_TRUE(home.lan.await(announced));
        std::this_thread::sleep_for(300ms);
        const auto asked = wall_clock();
        injector.send(forge({.source = IpAddress::v4(10, 12, 14, 99),
                             .vrid = static_cast<std::uint8_t>(text.vrid),
                             .priority = 50,
                             .interval = 100,
                             .address = address_of(text)}));
        const auto answer = home.lan.await(all({from(host), adverts(), since(asked)}));
        ASSERT_TRUE(answer);
        EXPECT_LT(answer->at - asked, 200ms) << "not before the next interval is over";
        std::this_thread::sleep_for(4500ms);  // keepalived's second block waits for its advert timer
        router.stop();
        const auto count = home.lan.count(all({announced, since(asked)}));
        // Ours says it once more after 50 ms and after 1 s: the other one's own may come later than ours.
        EXPECT_EQ(count, daemon == Daemon::vrrpd ? 2u + 2u + 2u : 2u + 2u);
    }
}

// The advert alone is left out: the switches are put right, and whoever is told is told each time.
TEST_F(Subtle, S8_5_lower_prio_no_advert_leaves_out_the_advert_alone) {
    const Injector injector(home.client, "lan0");
    for (const auto daemon : both) {
        auto text = alone(daemon);
        text.priority = 200;
        text.advert_int = "5";
        text.more = "lower_prio_no_advert\n";
        const auto fifo = directory() + (daemon == Daemon::vrrpd ? "/ours.fifo" : "/theirs.fifo");
        text.after =
            "global_defs {\n    vrrp_garp_master_repeat 1\n    vrrp_garp_master_delay 0\n"
            "    vrrp_garp_lower_prio_repeat 2\n    vrrp_garp_lower_prio_delay 0\n    vrrp_notify_fifo " +
            fifo + "\n}\n";
        auto& host = host_of(daemon);
        auto& router = start(host, text, {}, daemon);
        const auto announced = all({from(host), claims(address_of(text))});
        ASSERT_TRUE(home.lan.await(announced, 30s));
        const vrrpd::Fd reader(open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        ASSERT_TRUE(reader);
        std::this_thread::sleep_for(300ms);
        const auto asked = wall_clock();
        constexpr int adverts_sent = 3;
        for (int i = 0; i < adverts_sent; ++i) {
            injector.send(forge({.source = IpAddress::v4(10, 12, 14, 99),
                                 .vrid = static_cast<std::uint8_t>(text.vrid),
                                 .priority = 50,
                                 .interval = 500,
                                 .address = address_of(text)}));
            std::this_thread::sleep_for(200ms);
        }
        std::array<char, 4096> told{};
        const auto size = read(reader.get(), told.data(), told.size() - 1);
        EXPECT_EQ(home.lan.count(all({from(host), adverts(), since(asked), before(asked + 600ms)})), 0u);
        EXPECT_GE(home.lan.count(all({announced, since(asked)})), 2u * adverts_sent);
        const std::string lines(told.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
        std::size_t times = 0;
        const std::string line = "INSTANCE \"LAN\" MASTER_RX_LOWER_PRI 200\n";
        for (auto at = lines.find(line); at != std::string::npos; at = lines.find(line, at + 1)) ++times;
        EXPECT_EQ(times, static_cast<std::size_t>(adverts_sent)) << lines;
        router.stop();
    }
}

TEST_F(Subtle, S8_6_announcements_are_two_blocks_of_broadcast_requests_and_end_with_the_role) {
    for (const auto daemon : both) {
        auto text = alone(daemon);
        text.priority = 200;
        text.after = "global_defs {\n    vrrp_garp_master_repeat 0\n    vrrp_garp_master_delay 2\n}\n";  // 0 is 1
        auto& host = host_of(daemon);
        auto& router = start(host, text, {}, daemon);
        const auto announced = all({from(host), claims(address_of(text))});
        const auto first = home.lan.await(announced);
        ASSERT_TRUE(first);
        ASSERT_TRUE(wait_until([&] { return home.lan.count(announced) == 2; }));
        EXPECT_NEAR(milliseconds(home.lan.last(announced)->at - first->at), 2000, 300);
        const auto& bytes = first->bytes;
        ASSERT_GE(bytes.size(), 42u);
        const vrrpd::Bytes broadcast(6, 0xff);
        EXPECT_TRUE(std::equal(broadcast.begin(), broadcast.end(), bytes.begin())) << "to everybody";
        EXPECT_EQ(bytes[21], 1) << "a request";
        EXPECT_TRUE(std::equal(broadcast.begin(), broadcast.end(), bytes.begin() + 32)) << "target MAC";
        router.stop();
        // Once more, and it ends while the second block is still to come.
        const auto again = wall_clock();
        router.start();
        ASSERT_TRUE(home.lan.await(all({announced, since(again)})));
        std::this_thread::sleep_for(500ms);
        router.stop();
        const auto stopped = wall_clock();
        std::this_thread::sleep_for(2500ms);
        EXPECT_EQ(home.lan.count(all({announced, since(again)})), 1u);
        EXPECT_EQ(home.lan.count(all({announced, since(stopped)})), 0u);
    }
}

// v2: eight octets of authentication always, TTL 255, the interval must be the same.
TEST_F(Subtle, S8_9_version_2_is_the_same_on_the_wire) {
    std::vector<vrrpd::Bytes> messages;
    for (const auto daemon : both) {
        VrrpText text{.version = 2, .vrid = 7, .priority = 200, .advert_int = "1", .addresses = {"10.12.14.30/24"}};
        auto& host = host_of(daemon);
        auto& router = start(host, text, {}, daemon);
        const auto sent = home.lan.await(all({from(host), adverts()}));
        ASSERT_TRUE(sent);
        constexpr std::size_t ethernet = 14, ip = 20;
        ASSERT_GT(sent->bytes.size(), ethernet + ip);
        EXPECT_EQ(sent->bytes[ethernet + 8], 255) << "TTL";
        EXPECT_EQ(sent->bytes[ethernet + 1], 0xc0) << "TOS";
        messages.emplace_back(sent->bytes.begin() + ethernet + ip, sent->bytes.end());
        router.stop();
    }
    EXPECT_EQ(messages.at(1), messages.at(0));
    EXPECT_EQ(messages.at(0).size(), 8u + 4u + 8u);
}

// keepalived gives the role up and takes it again (priority 0, BACKUP, skew, MASTER); ours puts the address back at
// once, on purpose. Both have it again in the end; and who tracks what is defined later tracks nothing.
TEST_F(Subtle, S8_10_outside_interference_and_the_order_of_definition) {
    for (const auto daemon : both) {
        auto text = alone(daemon);
        text.priority = 200;
        auto& host = host_of(daemon);
        text.more = "    track_script {\n        later\n    }\n";
        text.after = "vrrp_script later {\n    script /usr/bin/false\n}\n";
        auto& router = start(host, text, {}, daemon);
        ASSERT_TRUE(wait_until([&] { return holds(host, address_of(text)); })) << "a script of later is no fault";
        const auto deleted = wall_clock();
        host.netns().ip("address del " + text.addresses[0] + " dev lan0");
        EXPECT_TRUE(wait_until([&] { return holds(host, address_of(text)); }, 5s));
        std::this_thread::sleep_for(500ms);
        EXPECT_EQ(home.lan.count(all({from(host), priority(0), since(deleted)})), daemon == Daemon::vrrpd ? 0u : 1u);
        router.stop();
    }
}

}  // namespace
}  // namespace lab::subtle_test
