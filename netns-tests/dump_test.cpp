// The files that a signal asks for, beside those that keepalived writes for the same configuration on the same host.
#include <csignal>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "netns-tests/fixture.hpp"

namespace lab {
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
                    "virtual_routes {\n 10.7.0.0/24 via 10.12.14.9 dev lan0 metric 5\n}\n"
                    "virtual_rules {\n from 10.0.0.1 table 100 priority 77\n}"};
    }
    Dumps() { std::filesystem::create_directories(folder_); }

    // Active, with its dumps in the laboratory's directory.
    void begin(Router& router) {
        router.run_with({"env", "TMPDIR=" + folder_});
        router.start(text());
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
    std::string written(Daemon daemon, int signal, const std::string& name) {
        Router router(home.h003, daemon);
        begin(router);
        auto text = dump(router, signal, name);
        router.stop();
        return text;
    }

    const std::string folder_ = directory() + "/dumps";
};

TEST_F(Dumps, json_is_what_keepalived_writes) {
    auto theirs = Json::parse(written(Daemon::keepalived, SIGRTMIN + 2, "keepalived.json"));
    auto ours = Json::parse(written(Daemon::vrrpd, SIGRTMIN + 2, "keepalived.json"));
    ASSERT_EQ(theirs.size(), 1u);
    ASSERT_EQ(ours.size(), 1u);
    for (auto* const one : {&theirs, &ours}) {
        EXPECT_TRUE((*one)[0]["data"]["last_transition"].is_number_float());
        EXPECT_GT((*one)[0]["stats"]["advert_sent"], 0);
        (*one)[0]["data"].erase("last_transition");
        (*one)[0]["stats"].erase("advert_sent");
    }
    EXPECT_EQ(ours.dump(1), theirs.dump(1));
}

TEST_F(Dumps, stats_are_what_keepalived_writes) {
    const auto without_sent = [](std::string text) {
        const auto at = text.find("    Sent: ");
        return text.erase(at, text.find('\n', at) - at);
    };
    EXPECT_EQ(without_sent(written(Daemon::vrrpd, SIGUSR2, "keepalived.stats")),
              without_sent(written(Daemon::keepalived, SIGUSR2, "keepalived.stats")));
}

// Of keepalived's lines ours has those that tell of VRRP, in the same words.
TEST_F(Dumps, data_says_it_in_keepalived_s_words) {
    const auto ours = written(Daemon::vrrpd, SIGUSR1, "keepalived.data");
    std::istringstream theirs(written(Daemon::keepalived, SIGUSR1, "keepalived.data"));
    std::string line, section;
    int alike = 0;
    while (std::getline(theirs, line)) {
        if (line.starts_with("------<")) section = line;
        if (section == "------< VRRP Topology >------" && ours.find("\n" + line + "\n") != std::string::npos) ++alike;
    }
    EXPECT_GE(alike, 28) << ours;
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
}  // namespace lab
