// Mail of new states beside a real keepalived: the same file, the same mail server, the same faults; the letters are
// the same, word for word, but for their dates.
#include <algorithm>
#include <regex>

#include "netns-tests/fixture.hpp"
#include "netns-tests/lab/mail_sink.hpp"

namespace lab::mail_test {
namespace {

constexpr std::uint16_t port = 2525;

class Mail : public HomeTest {
protected:
    static std::string file(const std::string& globals) {
        const auto instance = [](const std::string& name, int vrid, const std::string& more = {}) {
            return "vrrp_instance " + name + " {\n    interface lan0\n    virtual_router_id " + std::to_string(vrid) +
                   "\n    advert_int 0.2\n    virtual_ipaddress {\n        10.12.14." + std::to_string(100 + vrid) +
                   "/24\n    }\n" + more + "}\n";
        };
        return "global_defs {\n    vrrp_version 3\n    router_id RTR\n    smtp_server 127.0.0.1 " +
               std::to_string(port) +
               "\n    smtp_helo_name lab.example.org\n    smtp_connect_timeout 3\n    notification_email {\n"
               "        root@example.org\n        ops@example.org\n    }\n"
               "    notification_email_from vrrp@example.org\n" +
               globals + "}\n" + instance("V1", 1) + instance("V2", 2) + instance("V3", 3, "    smtp_alert off\n") +
               "vrrp_sync_group G {\n    group {\n        V2\n        V3\n    }\n}\n";
    }

    // Each on a host of its own, one after the other, with the switch to itself.
    std::vector<std::string> letters_of(Host& host, Daemon daemon, const std::string& globals) {
        host.netns().ip("link set lo up");
        MailSink sink(host.netns().make_inside([] { return MailSink::listen(IpAddress::v4(127, 0, 0, 1), port); }));
        Router router(host, daemon);
        router.configure(file(globals));
        router.start();
        const auto has = [&](std::size_t count) {
            return wait_until([&] { return sink.letters().size() >= count; }, 10s);
        };
        const bool faults = globals.find("no_email_faults") == std::string::npos;
        EXPECT_TRUE(has(3)) << "BACKUP, at the start";
        EXPECT_TRUE(has(6)) << "MASTER";
        host.unplug("lan0");
        EXPECT_TRUE(wait_until([&] { return router.logged("FAULT"); }, 5s));
        if (faults) {
            EXPECT_TRUE(has(9)) << "FAULT";
        }
        host.plug("lan0");
        EXPECT_TRUE(has(faults ? 12 : 9)) << "BACKUP again";
        EXPECT_TRUE(has(faults ? 15 : 12)) << "MASTER again";
        router.stop();
        return without_dates(sink.letters());
    }

    // keepalived opens a connection for each at once, so their order is chance.
    static std::vector<std::string> without_dates(std::vector<std::string> letters) {
        for (auto& letter : letters) letter = std::regex_replace(letter, std::regex("Date: [^\r]*\r"), "Date: ...\r");
        std::sort(letters.begin(), letters.end());
        return letters;
    }
};

TEST_F(Mail, is_keepalived_s_of_every_state_of_instances_and_groups) {
    const auto theirs = letters_of(home.h001, Daemon::keepalived, "    smtp_alert\n");
    const auto ours = letters_of(home.h003, Daemon::vrrpd, "    smtp_alert\n");
    EXPECT_EQ(theirs.size(), 15u);
    EXPECT_EQ(ours, theirs);
}

TEST_F(Mail, of_faults_only_where_they_are_wanted) {
    const auto theirs = letters_of(home.h001, Daemon::keepalived, "    smtp_alert_vrrp\n    no_email_faults\n");
    const auto ours = letters_of(home.h003, Daemon::vrrpd, "    smtp_alert_vrrp\n    no_email_faults\n");
    EXPECT_EQ(theirs.size(), 12u);
    EXPECT_EQ(ours, theirs);
}

// Whoever has the mail server has not the router: it takes over as if there were none.
TEST_F(Mail, a_mad_server_delays_no_take_over) {
    for (auto* host : {&home.h003, &home.h001}) host->netns().ip("link set lo up");
    const auto listen = [] { return MailSink::listen(IpAddress::v4(127, 0, 0, 1), port); };
    const MailSink endless(home.h001.netns().make_inside(listen), MailSink::Manner::endless);
    const MailSink silent(home.h003.netns().make_inside(listen), MailSink::Manner::silent);
    VrrpText text;
    text.more = "    smtp_alert\n";
    text.after = "global_defs {\n    smtp_server 127.0.0.1 " + std::to_string(port) +
                 "\n    notification_email {\n        root@example.org\n    }\n}\n";
    auto& backup = start_pair(text).backup;
    EXPECT_TRUE(wait_until([&] { return endless.connections() > 0 && silent.connections() > 0; }, 5s));
    EXPECT_TRUE(backup.await_log("does not come to an end with its answer", 5s));
    const auto fault = wall_clock();
    home.h003.lose_power();
    ASSERT_TRUE(becomes_active(home.h001));
    EXPECT_LT(detection(home.h003, home.h001, fault), down_interval(100ms, 150) + 50ms);
}

}  // namespace
}  // namespace lab::mail_test
