// The files that a signal asks for, beside those that keepalived writes for the same configuration on the same host.
#include <csignal>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "netns-tests/fixture.hpp"

namespace lab::dump_test {
namespace {

using Json = nlohmann::ordered_json;

class Dumps : public HomeTest {
protected:
    static VrrpText text() {
        return {.priority = 200,
                .addresses = {"10.12.14.1/24 label lan0:1", "10.12.14.7/32 dev lan0"},
                .more =
                    "track_interface {\n wan0 weight 10\n}\n"
                    "nopreempt\n"
                    "higher_prio_send_advert no\n"  // ours is on unless it is said
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
    static VrrpText grouped() {
        auto both = text();
        // A member's weight counts for nothing without sync_group_tracking_weight; keepalived says so, too, and yet
        // starts with it.
        const std::string weight = " weight 10";
        both.more.erase(both.more.find(weight), weight.size());
        const VrrpText wan{.name = "WAN",
                           .interface = "wan0",
                           .vrid = 2,
                           .priority = 150,
                           .addresses = {"198.51.100.10/24"},
                           .more = "higher_prio_send_advert no"};
        const auto whole = wan.text();
        both.after = whole.substr(whole.find("vrrp_instance")) +
                     "vrrp_sync_group G {\n group {\n  LAN\n  WAN\n }\n"
                     " notify_master \"/usr/bin/true group\"\n notify_fault /usr/bin/true\n}\n";
        return both;
    }
    Dumps() { std::filesystem::create_directories(folder_); }

    // Active, with its dumps in the laboratory's directory.
    void begin(Router& router, const VrrpText& words = text()) {
        router.run_with({"env", "TMPDIR=" + folder_});
        router.start(words);
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
        std::ostringstream content;
        content << std::ifstream(path).rdbuf();
        std::filesystem::remove(path);
        return content.str();
    }
    std::string written(Daemon daemon, int signal, const std::string& name, const VrrpText& words = text()) {
        Router router(home.h003, daemon);
        begin(router, words);
        auto text = dump(router, signal, name);
        router.stop();
        return text;
    }

    // What no two runs have alike is looked at, and left out.
    Json json_of(Daemon daemon, const VrrpText& words) {
        auto all = Json::parse(written(daemon, SIGRTMIN + 2, "keepalived.json", words));
        for (auto& one : all) {
            EXPECT_TRUE(one["data"]["last_transition"].is_number_float());
            EXPECT_GT(one["stats"]["advert_sent"], 0);
            one["data"].erase("last_transition");
            one["stats"].erase("advert_sent");
        }
        return all;
    }
    std::string stats_of(Daemon daemon, const VrrpText& words) {
        auto text = written(daemon, SIGUSR2, "keepalived.stats", words);
        for (auto at = text.find("    Sent: "); at != std::string::npos; at = text.find("    Sent: ", at))
            text.erase(at, text.find('\n', at) - at);
        return text;
    }
    // Of keepalived's lines in this section of keepalived.data: those that ours has, too, and those that it has not.
    struct Compared {
        int alike = 0;
        std::string missing;
    };
    Compared data_of(const VrrpText& words, const std::string& wanted) {
        const auto ours = written(Daemon::vrrpd, SIGUSR1, "keepalived.data", words);
        std::istringstream theirs(written(Daemon::keepalived, SIGUSR1, "keepalived.data", words));
        Compared result;
        std::string line, section;
        while (std::getline(theirs, line)) {
            if (line.starts_with("------<")) section = line;
            if (section != wanted) continue;
            // As whom a script runs is found out by the supervisor, which writes no dump.
            if (const auto user = line.find(", uid:gid "); user != std::string::npos) line.erase(user);
            if (("\n" + ours).find("\n" + line + "\n") != std::string::npos)
                ++result.alike;
            else
                result.missing += line + '\n';
        }
        if (testing::Test::HasFailure()) std::printf("%s", ours.c_str());
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

TEST_F(Dumps, stats_are_what_keepalived_writes) {
    EXPECT_EQ(stats_of(Daemon::vrrpd, text()), stats_of(Daemon::keepalived, text()));
}

TEST_F(Dumps, stats_of_a_sync_group_are_what_keepalived_writes) {
    EXPECT_EQ(stats_of(Daemon::vrrpd, grouped()), stats_of(Daemon::keepalived, grouped()));
}

// What differs is when something happened, and the numbers of descriptors.
void expect_only_moments(const std::string& missing) {
    std::istringstream lines(missing);
    for (std::string line; std::getline(lines, line);) {
        const auto begins = [&](const char* with) { return line.starts_with(with); };
        EXPECT_TRUE(begins("   Last transition = ") || begins("   Read timeout = ") || begins("   fd_in ")) << line;
    }
}

TEST_F(Dumps, data_says_it_in_keepalived_s_words) {
    const auto compared = data_of(text(), "------< VRRP Topology >------");
    EXPECT_GE(compared.alike, 44) << compared.missing;
    expect_only_moments(compared.missing);
}

TEST_F(Dumps, data_tells_of_a_sync_group_in_keepalived_s_words) {
    const auto compared = data_of(grouped(), "------< VRRP Sync groups >------");
    EXPECT_EQ(compared.missing, "");
    EXPECT_GE(compared.alike, 8);
    const auto members = data_of(grouped(), "------< VRRP Topology >------");
    EXPECT_EQ(members.missing.find("Sync group"), std::string::npos) << members.missing;
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
