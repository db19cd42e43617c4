// use_vmac: the virtual MAC is what the LAN sees of the Active router, and nobody sees it of a stand-in; the host's
// settings and other people's devices are as they were afterwards. Among ours, and with Debian's keepalived.
#include <algorithm>

#include "netns-tests/fixture.hpp"
#include "netns-tests/lab/bfd.hpp"

namespace lab::vmac_test {
namespace {

const vrrpd::MacAddress virtual_mac{{0x00, 0x00, 0x5e, 0x00, 0x01, 0x01}};
const vrrpd::MacAddress virtual_mac6{{0x00, 0x00, 0x5e, 0x00, 0x02, 0x01}};

Match carries(const vrrpd::MacAddress& mac) {
    return [mac](const Frame& frame) { return source_mac(frame) == mac; };
}

constexpr std::uint8_t router_advertisement = 134, neighbour_solicitation = 135;

Match icmpv6(std::uint8_t type) {
    return [type](const Frame& frame) {
        constexpr std::size_t next_header_at = 20, type_at = 54;
        return frame.bytes.size() > type_at && frame.bytes[12] == 0x86 && frame.bytes[13] == 0xdd &&
               frame.bytes[next_header_at] == 58 && frame.bytes[type_at] == type;
    };
}

class VirtualMac : public HomeTest {
protected:
    static VrrpText text(int priority = 100) { return {.priority = priority, .more = "use_vmac"}; }
    static VrrpText text6(int priority) {
        return {.priority = priority, .addresses = {"fe80::12:1/64", "fd00:12:14::1/64"}, .more = "use_vmac"};
    }

    // The client asks anew, and this is what it learns.
    std::string learnt(const IpAddress& address = Home::vip) {
        home.client.must({"ip", "neigh", "flush", "all"});
        (void)home.client.run({"ping", "-c1", "-W1", address.to_string()});
        return known(address);
    }
    std::string known(const IpAddress& address = Home::vip) const {
        return home.client.must({"ip", "neigh", "show", address.to_string()});
    }
    static bool has_device(const Host& host, const std::string& name = "vrrp.1") {
        return host.run({"ip", "link", "show", "dev", name}).ok();
    }
    static bool is_in_group(const Host& host, const std::string& group) {
        return host.must({"ip", "-6", "maddr"}).find(group) != std::string::npos;
    }
    static bool is_up(const Host& host, const std::string& name = "vrrp.1") {
        const auto link = host.run({"ip", "link", "show", "dev", name, "up"});
        return link.ok() && !link.text.empty();
    }
    static std::string settings(const Host& host) {
        return host.must({"sh", "-c",
                          "for d in all default lo lan0 wan0; do for o in rp_filter arp_ignore arp_filter arp_announce "
                          "accept_local promote_secondaries; do echo $d.$o=$(cat /proc/sys/net/ipv4/conf/$d/$o); done; "
                          "done"});
    }
    // From then on not one frame of this host carries a virtual MAC, whichever protocol.
    void expect_silent(const Host& host, Time since_when) {
        for (const auto& mac : {virtual_mac, virtual_mac6})
            for (const auto& frame : home.lan.frames(all({from(host), carries(mac), since(since_when)})))
                ADD_FAILURE() << frame.describe();
        EXPECT_EQ(home.lan.count(all({from(host), claims(Home::vip), since(since_when)})), 0U);
    }
    // A router: its kernel joins the group of all routers on every device that comes up, and would report it.
    static void forward_ipv6(const Host& host) { host.netns().set_sysctl("net/ipv6/conf/all/forwarding", "1"); }
};

TEST_F(VirtualMac, VR_008_VR_110_is_what_the_lan_sees_of_the_active_and_of_nobody_else) {
    for (auto* host : {&home.h003, &home.h001}) forward_ipv6(*host);
    const auto begin = wall_clock();
    auto pair = start_pair(text());
    for (const auto& frame : home.lan.frames(all({from(home.h003), adverts()})))
        EXPECT_EQ(source_mac(frame), virtual_mac) << frame.describe();
    EXPECT_NE(learnt().find(virtual_mac.to_string()), std::string::npos) << known();
    // The host's own questions must not teach the client another MAC (keepalived's do).
    home.h003.must({"ip", "neigh", "flush", "all"});
    EXPECT_TRUE(home.h003.run({"ping", "-c1", "-W1", "-I", Home::vip.to_string(), "10.12.14.100"}).ok());
    EXPECT_NE(known().find(virtual_mac.to_string()), std::string::npos) << known();
    EXPECT_TRUE(is_up(home.h003));
    EXPECT_TRUE(has_device(home.h001));
    EXPECT_FALSE(is_up(home.h001));
    expect_silent(home.h001, begin);

    const auto fault = wall_clock();
    home.h003.lose_power();
    EXPECT_LE(detection(home.h003, home.h001, fault), down_interval(100ms, 150) + 80ms);
    EXPECT_TRUE(wait_until([&] { return holds(home.h001); }));
    EXPECT_NE(known().find(virtual_mac.to_string()), std::string::npos)
        << "nothing changes for the client: " << known();
    EXPECT_TRUE(home.client.run({"ping", "-c1", "-W1", Home::vip.to_string()}).ok());

    home.h003.power_on();
    forward_ipv6(home.h003);
    pair.active.start();
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    std::this_thread::sleep_for(50ms);
    const auto yielded = wall_clock();
    std::this_thread::sleep_for(2s);
    EXPECT_FALSE(is_up(home.h001));
    expect_silent(home.h001, yielded);
    EXPECT_EQ(pair.backup.stop(), 0);
    EXPECT_FALSE(has_device(home.h001));
    expect_silent(home.h001, yielded);
}

TEST_F(VirtualMac, VR_114_what_is_sent_to_it_is_forwarded_to_the_internet) {
    home.h003.netns().set_sysctl("net/ipv4/ip_forward", "1");
    home.internet.must({"ip", "route", "add", "10.12.14.0/24", "via", "198.51.100.4"});
    start(home.h003, text(200));
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    const auto begin = wall_clock();
    EXPECT_TRUE(home.client.run({"ping", "-c1", "-W1", Home::internet_address.to_string()}).ok());
    const auto question = home.lan.first(all({from(home.client), since(begin), [](const Frame& frame) {
                                                  return destination(frame) == Home::internet_address;
                                              }}));
    ASSERT_TRUE(question);
    EXPECT_TRUE(std::equal(virtual_mac.bytes.begin(), virtual_mac.bytes.end(), question->bytes.begin()))
        << question->describe();
}

// A switch that has just forgotten where the virtual MAC is floods, and a stand-in hears what is not for it.
TEST_F(VirtualMac, VR_093_a_stand_in_takes_no_frame_that_is_sent_to_it) {
    const auto own = IpAddress::v4(10, 12, 14, 2);
    const BfdForgery datagram{.source = IpAddress::v4(10, 12, 14, 100), .destination = own, .message = {1, 2, 3}};
    start_pair(text());
    EchoServer server(home.h001, {own, vrrpd::proto::bfd_port});
    const Injector injector(home.client, "lan0");
    for (int i = 0; i < 10; ++i) {
        (void)run({"bridge", "fdb", "del", virtual_mac.to_string(), "dev", home.h003.port("lan0"), "master"},
                  home.switches.netns().fd());
        EXPECT_TRUE(injector.send(forge(datagram, virtual_mac.to_string())));
        std::this_thread::sleep_for(20ms);
    }
    EXPECT_TRUE(server.askers().empty());
    EXPECT_TRUE(injector.send(forge(datagram, home.h001.mac("lan0"))));
    EXPECT_TRUE(wait_until([&] { return !server.askers().empty(); }, 2s)) << "it would have been answered";
}

TEST_F(VirtualMac, VR_091_VR_092_VR_111_VR_112_VR_197_of_ipv6_is_announced_and_answers) {
    for (auto* host : {&home.h003, &home.h001}) forward_ipv6(*host);
    const auto begin = wall_clock();
    auto& active = start(home.h003, text6(200));
    ASSERT_TRUE(wait_until([&] { return holds(home.h003, Home::vip6); }, 15s));
    auto& backup = start(home.h001, text6(150));
    ASSERT_TRUE(backup.await_log("Entering BACKUP STATE"));
    EXPECT_NE(learnt(Home::vip6).find(virtual_mac6.to_string()), std::string::npos) << known(Home::vip6);
    EXPECT_NE(known(Home::vip6).find("router"), std::string::npos) << "the R flag of its answer: " << known(Home::vip6);
    for (const auto* group : {"ff02::1:ff12:1", "ff02::1:ff00:1"}) {  // RFC 4291 2.7.1
        EXPECT_TRUE(is_in_group(home.h003, group)) << group;
        EXPECT_FALSE(is_in_group(home.h001, group)) << group;
    }
    EXPECT_EQ(home.h003.must({"ip", "-6", "-o", "address"}).find("fe80::200:5eff:fe00"), std::string::npos)
        << "no address is made of a virtual MAC";
    const auto claim = home.lan.await(all({from(home.h003), claims(Home::vip6), since(begin)}), 2s);
    ASSERT_TRUE(claim);
    EXPECT_EQ(source_mac(*claim), virtual_mac6);
    expect_silent(home.h001, begin);
    const auto resigns = wall_clock();
    EXPECT_EQ(active.stop(), 0);
    EXPECT_TRUE(wait_until([&] { return holds(home.h001, Home::vip6); }, 2s));
    const auto last = home.lan.last(all({from(home.h003), carries(virtual_mac6), since(resigns)}));
    ASSERT_TRUE(last);
    EXPECT_TRUE(advert(*last) && advert(*last)->priority.is_resign()) << last->describe();
    EXPECT_NE(known(Home::vip6).find(virtual_mac6.to_string()), std::string::npos) << known(Home::vip6);
    for (const auto& frame : home.lan.frames(icmpv6(router_advertisement))) ADD_FAILURE() << frame.describe();
}

// RFC 4861 4.3: the option after the target. Else who is asked would learn the host's own MAC for the virtual address.
TEST_F(VirtualMac, VR_196_is_in_the_hosts_own_questions_that_leave_by_its_device) {
    start(home.h003, text6(200));
    ASSERT_TRUE(wait_until([&] { return holds(home.h003, Home::vip6); }, 15s));
    home.h003.must({"ip", "neigh", "flush", "all"});
    const auto begin = wall_clock();
    EXPECT_TRUE(home.h003.run({"ping", "-c1", "-W1", "-I", "vrrp.1", "fd00:12:14::100"}).ok());
    const auto questions = home.lan.frames(all({from(home.h003), icmpv6(neighbour_solicitation), since(begin),
                                                [](const Frame& frame) { return source(frame) == Home::vip6; }}));
    ASSERT_FALSE(questions.empty());
    for (const auto& question : questions) {
        constexpr std::size_t option_at = 78;  // type and length, then the address
        EXPECT_EQ(source_mac(question), virtual_mac6);
        ASSERT_GE(question.bytes.size(), option_at + 8);
        EXPECT_EQ(question.bytes[option_at], 1) << "source link-layer address";
        EXPECT_TRUE(
            std::equal(virtual_mac6.bytes.begin(), virtual_mac6.bytes.end(), question.bytes.begin() + option_at + 2))
            << question.describe();
    }
}

TEST_F(VirtualMac, adverts_leave_without_it_with_vmac_xmit_base) {
    auto base = text(200);
    base.more = "use_vmac\nvmac_xmit_base";
    start(home.h003, base);
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    for (const auto& frame : home.lan.frames(all({from(home.h003), adverts()})))
        EXPECT_EQ(source_mac(frame).to_string(), home.h003.mac("lan0"));
    EXPECT_NE(learnt().find(virtual_mac.to_string()), std::string::npos) << known();
}

TEST_F(VirtualMac, VR_177_the_hosts_settings_are_as_before_after_the_stop) {
    home.h003.netns().set_sysctl("net/ipv4/conf/all/rp_filter", "1");
    home.h003.netns().set_sysctl("net/ipv4/conf/lan0/arp_announce", "1");
    const auto before = settings(home.h003);
    auto& router = start(home.h003, text(200));
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    const auto during = settings(home.h003);
    for (const auto* setting : {"all.rp_filter=0", "default.rp_filter=1", "wan0.rp_filter=1", "lan0.rp_filter=1",
                                "lan0.arp_ignore=1", "lan0.arp_filter=1", "lan0.arp_announce=2"})
        EXPECT_NE(during.find(setting), std::string::npos) << setting << "\n" << during;
    EXPECT_EQ(home.h003.netns().sysctl("net/ipv4/conf/vrrp.1/rp_filter").substr(0, 1), "0");
    EXPECT_EQ(home.h003.netns().sysctl("net/ipv4/conf/vrrp.1/arp_ignore").substr(0, 1), "1");
    EXPECT_TRUE(home.client.run({"ping", "-c1", "-W1", Home::vip.to_string()}).ok());
    // A reload that keeps it keeps them, and one that takes it away puts them back.
    router.reload(text(190).text());
    ASSERT_TRUE(router.await_log("reloaded"));
    EXPECT_EQ(settings(home.h003), during);
    router.reload(VrrpText{.priority = 190}.text());
    EXPECT_TRUE(wait_until([&] { return settings(home.h003).find("all.rp_filter=1") != std::string::npos; }, 3s));
    EXPECT_TRUE(wait_until([&] { return !has_device(home.h003); }, 3s));
    router.reload(text(200).text());
    EXPECT_TRUE(wait_until([&] { return is_up(home.h003); }, 5s));
    EXPECT_EQ(router.stop(), 0);
    EXPECT_EQ(settings(home.h003), before);
    EXPECT_FALSE(has_device(home.h003));
}

TEST_F(VirtualMac, what_a_killed_daemon_left_is_swept_or_taken_over) {
    const auto before = settings(home.h003);
    auto& router = start(home.h003, text(200));
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    const auto device = home.h003.must({"ip", "-br", "link", "show", "dev", "vrrp.1"});
    // The engine alone: its successor goes on.
    const pid_t engine = router.engine();
    kill(engine, SIGKILL);
    EXPECT_TRUE(wait_until([&] { return router.engine() > 0 && router.engine() != engine; }));
    EXPECT_TRUE(stays_false([&] { return !holds(home.h003) || !is_up(home.h003); }, 1s));
    EXPECT_EQ(home.h003.must({"ip", "-br", "link", "show", "dev", "vrrp.1"}), device);
    // All of it: the next start finds the device, and begins as a stand-in, with it down.
    router.process().kill_all();
    EXPECT_TRUE(has_device(home.h003));
    router.start();
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    router.process().kill_all();
    EXPECT_EQ(router.command({"--sweep"}).status, 0);
    EXPECT_FALSE(has_device(home.h003));
    EXPECT_EQ(settings(home.h003), before);
}

TEST_F(VirtualMac, a_device_of_another_program_is_neither_taken_nor_deleted) {
    home.h003.must({"ip", "link", "add", "vrrp.1", "link", "lan0", "address", virtual_mac.to_string(), "type",
                    "macvlan", "mode", "private"});
    auto& router = start(home.h003, text(200));
    EXPECT_TRUE(router.await_log("vrrp.1 is there and is not ours")) << "a fault that is said";
    EXPECT_FALSE(becomes_active(home.h003, 1s));
    EXPECT_FALSE(is_up(home.h003));
    home.h003.must({"ip", "link", "del", "vrrp.1"});
    EXPECT_TRUE(becomes_active(home.h003, 15s)) << "the name is free now";
    EXPECT_EQ(router.stop(), 0);
    home.h003.must({"ip", "link", "add", "vrrp.1", "link", "lan0", "type", "macvlan"});
    router.start();
    ASSERT_TRUE(wait_until([&] { return router.engine() > 0; }));
    EXPECT_FALSE(becomes_active(home.h003, 1s));
    EXPECT_EQ(router.stop(), 0);
    EXPECT_EQ(router.command({"--sweep"}).status, 0);
    EXPECT_TRUE(has_device(home.h003));
}

TEST_F(VirtualMac, a_device_that_somebody_deletes_or_downs_is_put_right_at_once) {
    auto& router = start(home.h003, text(200));
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    home.h003.must({"ip", "link", "del", "vrrp.1"});
    EXPECT_TRUE(wait_until([&] { return is_up(home.h003) && holds(home.h003); }, 500ms)) << "at once";
    EXPECT_TRUE(router.await_log("vrrp.1 was removed by someone else"));
    EXPECT_TRUE(home.client.run({"ping", "-c1", "-W1", Home::vip.to_string()}).ok());
    home.h003.must({"ip", "link", "set", "vrrp.1", "down"});
    EXPECT_TRUE(wait_until([&] { return is_up(home.h003); }, 1s));
    EXPECT_FALSE(router.logged("Entering FAULT"));
    EXPECT_FALSE(router.logged("Leaving MASTER")) << "the role was never given up";

    auto& backup = start(home.h001, text(150));
    ASSERT_TRUE(backup.await_log("Entering BACKUP STATE"));
    home.h001.must({"ip", "link", "set", "vrrp.1", "up"});
    EXPECT_TRUE(wait_until([&] { return !is_up(home.h001); }, 1s)) << "of a stand-in it is kept down";
}

TEST_F(VirtualMac, goes_with_its_interface_and_comes_back_with_it) {
    auto& router = start(home.h003, text(200));
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    home.h003.remove("lan0");
    EXPECT_TRUE(router.await_log("Entering FAULT STATE"));
    EXPECT_TRUE(wait_until([&] { return !has_device(home.h003); }));
    home.h003.add("lan0");
    EXPECT_TRUE(becomes_active(home.h003, 15s));
    EXPECT_NE(learnt().find(virtual_mac.to_string()), std::string::npos) << known();
    EXPECT_EQ(router.stop(), 0);
}

TEST_F(VirtualMac, an_interface_that_cannot_carry_one_is_a_fault_of_that_instance_alone) {
    // No Ethernet: the kernel makes no macvlan over it.
    if (!home.h003.run({"ip", "tuntap", "add", "tun0", "mode", "tun"}).ok()) GTEST_SKIP() << "SKIPPED: no tun here";
    home.h003.must({"ip", "link", "set", "tun0", "up"});
    home.h003.must({"ip", "addr", "add", "10.99.0.4/24", "dev", "tun0"});
    auto good = text(200);
    good.after =
        "vrrp_instance TUN {\n interface tun0\n dont_track_primary\n virtual_router_id 9\n use_vmac\n"
        " virtual_ipaddress {\n  10.99.0.1/24\n }\n}\n";
    auto& router = start(home.h003, good);
    EXPECT_TRUE(becomes_active(home.h003, 15s));
    EXPECT_TRUE(router.await_log("(TUN) Entering FAULT STATE: add virtual device vrrp.9")) << "said, with the reason";
    EXPECT_EQ(router.stop(), 0);
    EXPECT_FALSE(has_device(home.h003, "vrrp.9"));
}

// ---- with keepalived ----------------------------------------------------------------------------------

class VirtualMacInterop : public VirtualMac, public testing::WithParamInterface<vrrpd::Family> {
protected:
    [[nodiscard]] bool ipv4() const { return GetParam() == vrrpd::Family::ipv4; }
    [[nodiscard]] VrrpText words(int priority) const { return ipv4() ? text(priority) : text6(priority); }
    [[nodiscard]] IpAddress vip() const { return ipv4() ? Home::vip : Home::vip6; }
    [[nodiscard]] std::string mac() const { return (ipv4() ? virtual_mac : virtual_mac6).to_string(); }
    void expect_learnt(const std::string& when) {
        EXPECT_TRUE(wait_until([&] { return learnt(vip()).find(mac()) != std::string::npos; }, 3s))
            << when << ": " << known(vip());
    }
    bool moves_to(const Host& host, const Host& other) {
        return wait_until([&] { return holds(host, vip()) && !holds(other, vip()); }, 15s);
    }
};

TEST_P(VirtualMacInterop, ours_yields_to_keepalived_and_takes_over_from_it) {
    start(home.h001, words(150));
    ASSERT_TRUE(moves_to(home.h001, home.h003));
    auto& keepalived = start(home.h003, words(200), {}, Daemon::keepalived);
    ASSERT_TRUE(moves_to(home.h003, home.h001)) << "an advert with our own MAC as its source is heard, too";
    expect_learnt("of keepalived");
    const auto yielded = wall_clock();
    std::this_thread::sleep_for(500ms);
    expect_silent(home.h001, yielded);
    keepalived.stop();
    ASSERT_TRUE(moves_to(home.h001, home.h003));
    expect_learnt("of ours");
}

TEST_P(VirtualMacInterop, keepalived_yields_to_ours_and_takes_over_from_it) {
    start(home.h001, words(150), {}, Daemon::keepalived);
    ASSERT_TRUE(moves_to(home.h001, home.h003));
    auto& ours = start(home.h003, words(200));
    ASSERT_TRUE(moves_to(home.h003, home.h001));
    expect_learnt("of ours");
    EXPECT_EQ(ours.stop(), 0);
    ASSERT_TRUE(moves_to(home.h001, home.h003));
    EXPECT_FALSE(has_device(home.h003));
}

TEST_F(VirtualMac, goes_with_ah_authentication) {
    const auto words = [](int priority) {
        return VrrpText{.version = 2,
                        .priority = priority,
                        .advert_int = "1",
                        .more = "use_vmac\nauthentication {\nauth_type AH\nauth_pass secret\n}"};
    };
    auto& ours = start(home.h001, words(150));
    ASSERT_TRUE(becomes_active(home.h001, 15s));
    auto& keepalived = start(home.h003, words(200), {}, Daemon::keepalived);
    ASSERT_TRUE(wait_until([&] { return holds(home.h003) && !holds(home.h001); }, 15s));
    keepalived.stop();
    ASSERT_TRUE(wait_until([&] { return holds(home.h001) && !holds(home.h003); }, 15s));
    EXPECT_NE(learnt().find(virtual_mac.to_string()), std::string::npos) << known();
    EXPECT_EQ(ours.stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(Families, VirtualMacInterop, testing::Values(vrrpd::Family::ipv4, vrrpd::Family::ipv6),
                         [](const auto& each) { return each.param == vrrpd::Family::ipv4 ? "ipv4" : "ipv6"; });

}  // namespace
}  // namespace lab::vmac_test
