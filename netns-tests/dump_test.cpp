// The files that a signal asks for, beside those that keepalived writes for the same configuration on the same host.
#include <csignal>
#include <fstream>
#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

#include "netns-tests/fixture.hpp"
#include "netns-tests/lab/forge.hpp"

namespace lab::dump_test {
namespace {

using Json = nlohmann::ordered_json;

class Dumps : public HomeTest {
protected:
    static VrrpText plain() {
        return {.priority = 200,
                .addresses = {"10.12.14.1/24 label lan0:1", "10.12.14.7/32 dev lan0"},
                .more =
                    "track_interface {\n wan0 weight 10\n}\n"
                    "nopreempt\n"
                    "garp_master_delay 7\n"
                    "garp_master_refresh 60\n"
                    "notify_master \"/usr/bin/true hello\"\n"
                    "virtual_ipaddress_excluded {\n fd00:12:14::1/64\n}\n"
                    "virtual_routes {\n 10.7.0.0/24 via 10.12.14.9 dev lan0 metric 5\n"
                    " 10.8.0.0/24 dev lan0 metric 6 mtu 1400\n blackhole 10.9.0.0/24\n}\n"
                    "virtual_rules {\n from 10.0.0.1 table 100 priority 77\n"
                    " to 10.3.0.0/16 iif lan0 table 254 suppress_prefixlength 0 priority 78\n"
                    " from 10.4.0.0/16 blackhole priority 79\n}"};
    }
    // Two instances that move together, as the file of a router with two sides has them.
    static std::string grouped() {
        auto both = plain();
        // A member's weight counts for nothing without sync_group_tracking_weight; keepalived says so, too, and yet
        // starts with it.
        const std::string weight = " weight 10";
        both.more.erase(both.more.find(weight), weight.size());
        const VrrpText wan{
            .name = "WAN", .interface = "wan0", .vrid = 2, .priority = 150, .addresses = {"198.51.100.10/24"}};
        const auto whole = wan.text();
        both.after = whole.substr(whole.find("vrrp_instance")) +
                     "vrrp_sync_group G {\n group {\n  LAN\n  WAN\n }\n"
                     " notify_master \"/usr/bin/true group\"\n notify_fault /usr/bin/true\n}\n";
        return both.text();
    }
    static std::string text() { return plain().text(); }
    Dumps() { std::filesystem::create_directories(folder_); }

    // Active, with its dumps in the laboratory's directory.
    void begin(Router& router, const std::string& words = text()) {
        router.run_with({"env", "TMPDIR=" + folder_});
        router.configure(words);
        router.start();
        ASSERT_TRUE(wait_until([&] { return holds(home.h003, IpAddress::v4(10, 12, 14, 7)); }, 10s));
        std::this_thread::sleep_for(200ms);
    }
    // Of a daemon that has just got this signal. The file is gone afterwards.
    [[nodiscard]] std::string dump(const Router& router, int signal, const std::string& name) const {
        const auto path = folder_ + "/" + name;
        router.process().signal(signal);
        const auto there = [&] { return std::filesystem::exists(path) && std::filesystem::file_size(path) > 0; };
        EXPECT_TRUE(wait_until(there)) << path;
        std::this_thread::sleep_for(100ms);  // keepalived writes it in place
        using std::filesystem::perms;
        EXPECT_EQ(std::filesystem::status(path).permissions(), perms::owner_read | perms::owner_write);
        auto content = content_of(path);
        std::filesystem::remove(path);
        return content;
    }
    std::string written(Daemon daemon, int signal, const std::string& name, const std::string& words = text()) {
        Router router(home.h003, daemon);
        begin(router, words);
        auto text = dump(router, signal, name);
        router.stop();
        return text;
    }

    // What no two runs have alike is looked at, and left out.
    Json json_of(Daemon daemon, const std::string& words) {
        auto all = Json::parse(written(daemon, SIGRTMIN + 2, "keepalived.json", words));
        for (auto& one : all) {
            EXPECT_TRUE(one["data"]["last_transition"].is_number_float());
            EXPECT_GT(one["stats"]["advert_sent"], 0);
            one["data"].erase("last_transition");
            one["stats"].erase("advert_sent");
        }
        return all;
    }
    std::string stats_of(Daemon daemon, const std::string& words) {
        auto text = written(daemon, SIGUSR2, "keepalived.stats", words);
        for (auto at = text.find("    Sent: "); at != std::string::npos; at = text.find("    Sent: ", at))
            text.erase(at, text.find('\n', at) - at);
        return text;
    }
    // As many of keepalived's words as fit on one router.
    static std::string rich() {
        auto rich = plain();
        rich.version = 2;
        rich.advert_int = "1";
        rich.more +=
            "\nauthentication {\n auth_type AH\n auth_pass abc\n}\ntrack_script {\n S weight 3 reverse\n}\n"
            "track_process {\n P weight 5\n}\ntrack_file {\n F weight 1\n}\n"
            "notify_backup \"/usr/bin/true hello\" daemon daemon\npromote_secondaries\nskip_check_adv_addr\n";
        const VrrpText six{.name = "SIX",
                           .interface = "wan0",
                           .vrid = 3,
                           .priority = 200,
                           .advert_int = "1",
                           .addresses = {"fe80::77/64"}};
        const VrrpText unicast{.name = "UNI",
                               .interface = "wan0",
                               .vrid = 4,
                               .priority = 200,
                               .advert_int = "1",
                               .addresses = {"10.12.15.1/24"},
                               .more =
                                   "version 2\nunicast_ttl 9\ncheck_unicast_src\n"
                                   "unicast_peer {\n 198.51.100.77 min_ttl 4 max_ttl 200\n}"};
        std::string others;
        for (const auto& text : {six.text(), unicast.text()}) others += text.substr(text.find("vrrp_instance"));
        rich.after =
            "global_defs {\n router_id H003\n enable_script_security\n script_user nobody\n"
            " dynamic_interfaces allow_if_changes\n notification_email {\n  a@example.org\n }\n"
            " notification_email_from me@example.org\n smtp_server 127.0.0.1 2525\n smtp_helo_name foo\n"
            " smtp_connect_timeout 7\n smtp_alert_vrrp off\n no_email_faults\n vrrp_garp_master_repeat 3\n"
            " vrrp_garp_lower_prio_delay 9\n vrrp_garp_lower_prio_repeat 2\n vrrp_notify_fifo " +
            directory() +
            "/fifo daemon\n"
            " vrrp_garp_extra_if 12\n"
            " vrrp_rt_priority 1\n vrrp_rlimit_rttime 20000\n umask 077\n vmac_prefix vx\n log_unknown_vrids\n"
            " vrrp_notify_priority_changes\n}\n"
            "interface_up_down_delays {\n lan0 0.1 0.2\n}\n"
            "garp_group {\n garp_interval 0.01\n interfaces {\n  lan0\n }\n}\n" +
            others;
        const std::string before =
            "vrrp_script S {\n script \"/usr/bin/true a\"\n interval 2\n timeout 3\n user root\n}\n"
            "vrrp_track_process P {\n process cat\n delay 2\n}\n"
            "track_file F {\n file " +
            directory() + "/tracked\n init_file 0\n}\n";
        return before + rich.text();
    }

    // What SIGUSR1 makes of a configuration.
    struct Data {
        std::string whole, parent;  // keepalived.data, keepalived_parent.data
    };
    struct Both {
        Data ours, theirs;
    };
    Data data_of(Daemon daemon, const std::string& words) {
        Router router(home.h003, daemon);
        begin(router, words);
        Data data{dump(router, SIGUSR1, "keepalived.data"), content_of(folder_ + "/keepalived_parent.data")};
        router.stop();
        return data;
    }
    Both data_of_both(const std::string& words) {
        return {data_of(Daemon::vrrpd, words), data_of(Daemon::keepalived, words)};
    }
    static std::string content_of(const std::string& path) {
        std::ostringstream content;
        content << std::ifstream(path).rdbuf();
        return content.str();
    }

    // Of keepalived's lines (in a section): those that ours has, too, and those that it has not.
    struct Compared {
        int alike = 0;
        std::string missing;
    };
    static Compared compare(const std::string& ours, const std::string& theirs, const std::string& wanted = "") {
        std::istringstream lines(theirs);
        Compared result;
        std::string line, section;
        while (std::getline(lines, line)) {
            if (line.starts_with("------<")) section = line;
            if (!wanted.empty() && section != wanted) continue;
            if (("\n" + ours).find("\n" + line + "\n") != std::string::npos)
                ++result.alike;
            else
                result.missing += line + '\n';
        }
        return result;
    }

    const std::string folder_ = directory() + "/dumps";
};

TEST_F(Dumps, json_is_what_keepalived_writes) {
    const auto theirs = json_of(Daemon::keepalived, text()), ours = json_of(Daemon::vrrpd, text());
    EXPECT_EQ(theirs.size(), 1u);
    EXPECT_EQ(ours.dump(1), theirs.dump(1));
}

TEST_F(Dumps, json_of_a_sync_group_is_what_keepalived_writes) {
    const auto theirs = json_of(Daemon::keepalived, grouped()), ours = json_of(Daemon::vrrpd, grouped());
    EXPECT_EQ(theirs.size(), 2u);
    EXPECT_EQ(ours.dump(1), theirs.dump(1));
}

// What differs is when something happened, and the numbers of descriptors.
void expect_only_moments(const std::string& missing) {
    std::istringstream lines(missing);
    for (std::string line; std::getline(lines, line);) {
        const auto begins = [&](const char* with) { return line.starts_with(with); };
        EXPECT_TRUE(begins("   Last transition = ") || begins("   Read timeout = ") || begins("   fd_in ")) << line;
    }
}

// One that obeys somebody, one that waits for the first time and whose file says MASTER, one whose script fails.
TEST_F(Dumps, of_stand_ins_and_of_a_fault_say_what_keepalived_s_say) {
    const auto instance = [](const char* name, int vrid, const std::string& more) {
        const VrrpText text{.name = name,
                            .vrid = vrid,
                            .advert_int = "30",
                            .addresses = {"10.12.14." + std::to_string(vrid) + "/24"},
                            .more = more};
        const auto whole = text.text();
        return whole.substr(whole.find("vrrp_instance"));
    };
    auto waiting = instance("WAITS", 22, "");
    waiting.replace(waiting.find("state BACKUP"), 12, "state MASTER");
    auto all = plain();
    all.after = "vrrp_script fails {\n script /usr/bin/false\n interval 1\n}\n" + instance("OBEYS", 21, "") + waiting +
                instance("FAILS", 23, "track_script {\n fails\n}\n");
    const Injector injector(home.client, "lan0");
    std::map<Daemon, std::pair<Json, std::string>> dumped;
    for (const auto daemon : {Daemon::keepalived, Daemon::vrrpd}) {
        Router router(home.h003, daemon);
        begin(router, all.text());
        injector.send(forge({.source = IpAddress::v4(10, 12, 14, 99),
                             .vrid = 21,
                             .priority = 150,
                             .interval = 3000,
                             .address = IpAddress::v4(10, 12, 14, 21)}));
        std::this_thread::sleep_for(300ms);
        auto& [json, data] = dumped[daemon];
        json = Json::parse(dump(router, SIGRTMIN + 2, "keepalived.json"));
        data = dump(router, SIGUSR1, "keepalived.data");
        router.stop();
        ASSERT_EQ(json.size(), 4u);
        json.erase(0);  // LAN's is compared elsewhere
        for (auto& one : json) one["data"].erase("last_transition");
    }
    auto& [theirs, their_data] = dumped[Daemon::keepalived];
    // Where nobody was heard 2.2.7 names the group.
    const std::string nobody = "   Master router = 224.0.0.18\n   Master priority = 0\n";
    ASSERT_NE(their_data.find(nobody), std::string::npos);
    their_data.erase(their_data.find(nobody), nobody.size());
    const auto& [ours, our_data] = dumped[Daemon::vrrpd];
    EXPECT_EQ(ours.dump(1), theirs.dump(1));
    EXPECT_EQ(theirs[0]["data"]["state"], 1);
    EXPECT_EQ(theirs[1]["data"]["wantstate"], 2);
    EXPECT_EQ(theirs[2]["data"]["state"], 3);
    const auto compared = compare(our_data, their_data, "------< VRRP Topology >------");
    EXPECT_GE(compared.alike, 150) << compared.missing;
    expect_only_moments(compared.missing);
}

TEST_F(Dumps, stats_are_what_keepalived_writes) {
    EXPECT_EQ(stats_of(Daemon::vrrpd, text()), stats_of(Daemon::keepalived, text()));
}

TEST_F(Dumps, stats_of_a_sync_group_are_what_keepalived_writes) {
    EXPECT_EQ(stats_of(Daemon::vrrpd, grouped()), stats_of(Daemon::keepalived, grouped()));
}

TEST_F(Dumps, data_says_it_in_keepalived_s_words) {
    const auto data = data_of_both(text());
    const auto compared = compare(data.ours.whole, data.theirs.whole, "------< VRRP Topology >------");
    EXPECT_GE(compared.alike, 44) << compared.missing;
    expect_only_moments(compared.missing);
}

TEST_F(Dumps, data_tells_of_a_sync_group_in_keepalived_s_words) {
    const auto data = data_of_both(grouped());
    const auto compared = compare(data.ours.whole, data.theirs.whole, "------< VRRP Sync groups >------");
    EXPECT_EQ(compared.missing, "");
    EXPECT_GE(compared.alike, 8);
    const auto members = compare(data.ours.whole, data.theirs.whole, "------< VRRP Topology >------");
    EXPECT_EQ(members.missing.find("Sync group"), std::string::npos) << members.missing;
}

// What only keepalived has (its other processes, LVS, SNMP, D-Bus, buffers, names in nftables, sockets that are bound
// to a unicast source), counts for itself, or does only if asked.
void expect_only_keepalived_s(const std::string& missing) {
    constexpr const char* only_keepalived_s[] = {" Network namespace ipvs",
                                                 " Default smtp_alert_checker",
                                                 " Checkers log all",
                                                 " Disable local IGMP",
                                                 " LVS ",
                                                 " nftables ",
                                                 " libnftnl ",
                                                 " Checker ",
                                                 " BFD process ",
                                                 " BFD don't",
                                                 " BFD realtime",
                                                 " SNMP ",
                                                 " DBus ",
                                                 " vrrp_netlink_",
                                                 " process_monitor_",
                                                 " lvs_netlink_",
                                                 " rs_init_notifies",
                                                 " no_checker_emails",
                                                 " rx_bufs_",
                                                 " current realtime",
                                                 " GARP next time",
                                                 " GNA next time",
                                                 "   Seen up",
                                                 "   Delayed state change",
                                                 "   NIC netlink",
                                                 "   Reset ",
                                                 "   Original ",
                                                 "   rp_filter",
                                                 "   Rx buf size",
                                                 " fd_in ",
                                                 "   fd_in ",
                                                 "   Last transition",
                                                 "   Read timeout",
                                                 "   Interface type/base",
                                                 "   Not IPv6 forwarding",
                                                 "   Address = ",
                                                 " VRRP skip check"};
    std::istringstream lines(missing);
    for (std::string line; std::getline(lines, line);) {
        const bool known = std::any_of(std::begin(only_keepalived_s), std::end(only_keepalived_s),
                                       [&](const char* begin) { return line.starts_with(begin); });
        EXPECT_TRUE(known) << line;
    }
}

TEST_F(Dumps, data_of_a_rich_configuration_has_every_section) {
    const auto data = data_of_both(rich());
    const auto whole = compare(data.ours.whole, data.theirs.whole);
    EXPECT_GE(whole.alike, 180) << data.ours.whole;
    expect_only_keepalived_s(whole.missing);
    const auto parent = compare(data.ours.parent, data.theirs.parent);
    EXPECT_GE(parent.alike, 40) << data.ours.parent;
    expect_only_keepalived_s(parent.missing);
}

TEST_F(Dumps, none_shows_a_password_or_a_key) {
    const std::string password = "s3cr3tpw", key(64, 'b');
    auto with_password = plain();
    with_password.version = 2;
    with_password.advert_int = "1";
    with_password.more += "\nauthentication {\n auth_type PASS\n auth_pass " + password + "\n}\n";
    const VrrpText with_key{.name = "HMAC",
                            .interface = "wan0",
                            .vrid = 3,
                            .addresses = {"198.51.100.10/24"},
                            .more = "auth_hmac {\n key 1 " + key + "\n active_key 1\n}\n"};
    const auto second = with_key.text();
    with_password.after = second.substr(second.find("vrrp_instance"));
    Router router(home.h003);
    begin(router, with_password.text());
    const auto data = dump(router, SIGUSR1, "keepalived.data");
    EXPECT_NE(data.find("Authentication type = SIMPLE_PASSWORD"), std::string::npos) << data;
    const auto json = dump(router, SIGRTMIN + 2, "keepalived.json");
    EXPECT_NE(json.find("HMAC"), std::string::npos) << json;
    for (const auto& text :
         {data, json, dump(router, SIGUSR2, "keepalived.stats"), content_of(folder_ + "/keepalived_parent.data")}) {
        EXPECT_NE(text, "");
        for (const auto& secret : {password, key}) EXPECT_EQ(text.find(secret), std::string::npos) << text;
    }
    EXPECT_EQ(router.stop(), 0);
}

TEST_F(Dumps, names_tell_the_instance_as_keepalived_s_do) {
    const auto words = "instance one\nglobal_defs {\n data_use_instance\n}\n" + text();
    for (const auto daemon : {Daemon::keepalived, Daemon::vrrpd}) {
        Router router(home.h003, daemon);
        begin(router, words);
        EXPECT_NE(dump(router, SIGUSR1, "keepalived.one.data"), "");
        EXPECT_TRUE(std::filesystem::exists(folder_ + "/keepalived_parent.one.data"));
        EXPECT_NE(dump(router, SIGUSR2, "keepalived.stats"), "");
        EXPECT_NE(dump(router, SIGRTMIN + 2, "keepalived.json"), "");
        router.stop();
        std::filesystem::remove(folder_ + "/keepalived_parent.one.data");
    }
}

// Who has vrrp.pid sends it there.
TEST_F(Dumps, the_engine_passes_the_signal_on) {
    Router router(home.h003);
    begin(router);
    kill(router.engine(), SIGUSR1);
    EXPECT_TRUE(wait_until([&] { return std::filesystem::exists(folder_ + "/keepalived.data"); }));
    EXPECT_EQ(router.stop(), 0);
}

TEST_F(Dumps, stats_begin_anew_when_they_are_cleared) {
    Router router(home.h003);
    begin(router);
    EXPECT_NE(dump(router, SIGRTMAX - 1, "keepalived.stats").find("Became master: 1"), std::string::npos);
    EXPECT_NE(dump(router, SIGUSR2, "keepalived.stats").find("Became master: 0"), std::string::npos);
    EXPECT_EQ(router.command({"--signum=STATS_CLEAR"}).text, std::to_string(SIGRTMAX - 1) + "\n");
    EXPECT_EQ(router.stop(), 0);
}

}  // namespace
}  // namespace lab::dump_test
