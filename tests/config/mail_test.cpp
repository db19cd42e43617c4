// smtp_alert and its kin: whom mail goes to, and whom it is about.
#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::mail_test {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

const std::string server = "smtp_server 10.0.0.9\nnotification_email {\nroot@example.org\n}\n";

TEST(Mail, as_the_globals_write_it) {
    const auto parsed =
        parse_instance("",
                       "notification_email {\nroot@example.org\n\"Ops Team <ops@example.org>\"\na@b c@d\n}\n"
                       "notification_email_from \"Router <r@example.org>\"\nsmtp_server mx.example.org 2525\n"
                       "smtp_helo_name me.example.org\nsmtp_connect_timeout 5\nno_email_faults\n");
    EXPECT_EQ(errors(parsed.faults), Words{});
    const auto& mail = parsed.config.notification.mail;
    EXPECT_EQ(mail, (Mail{"mx.example.org",
                          2525,
                          "me.example.org",
                          "Router <r@example.org>",
                          {"root@example.org", "Ops Team <ops@example.org>", "a@b", "c@d"},
                          5s,
                          false}));
    EXPECT_TRUE(mail.is_possible());
    EXPECT_EQ(parse_instance("").config.notification.mail, Mail{});
    EXPECT_FALSE(Mail{}.is_possible());
}

// keepalived 2.2.7's verdicts (rc 5 each).
TEST(Mail, what_keepalived_refuses_is_refused) {
    for (const auto* port : {"0", "65536", "smtp", "25x"}) {
        const auto parsed = parse_instance("", "smtp_server 10.0.0.9 " + std::string(port));
        EXPECT_TRUE(says(parsed.faults, "is no port, so no mail is sent: write a number from 1 to 65535")) << port;
        EXPECT_EQ(parsed.config.notification.mail.server, "");
    }
    auto parsed = parse_instance("", "smtp_connect_timeout 0");
    EXPECT_TRUE(says(parsed.faults, "smtp_connect_timeout 0: 1 is used"));
    EXPECT_EQ(parsed.config.notification.mail.timeout, 1s);
    parsed = parse_instance("", "smtp_connect_timeout 4295");
    EXPECT_EQ(errors(parsed.faults).size(), 1u);
    EXPECT_EQ(parsed.config.notification.mail.timeout, 30s);
}

TEST(Mail, the_nearest_switch_counts) {
    const auto mailed = [](const std::string& own, const std::string& globals) {
        const auto parsed = parse_instance(own, server + globals);
        EXPECT_EQ(errors(parsed.faults), Words{}) << own << globals;
        return parsed.config.instances[0].mail;
    };
    EXPECT_FALSE(mailed("", ""));
    EXPECT_TRUE(mailed("", "smtp_alert"));
    EXPECT_TRUE(mailed("", "smtp_alert_vrrp on"));
    EXPECT_FALSE(mailed("", "smtp_alert\nsmtp_alert_vrrp off"));
    EXPECT_TRUE(mailed("", "smtp_alert off\nsmtp_alert_vrrp"));
    EXPECT_FALSE(mailed("smtp_alert no", "smtp_alert"));
    EXPECT_TRUE(mailed("smtp_alert", ""));
}

TEST(Mail, of_groups_too) {
    const auto group = [](const std::string& own, const std::string& globals) {
        const auto parsed = parse_text(
            "global_defs {\n" + server + globals + "\n}\nvrrp_sync_group G {\ngroup {\nV\nW\n}\n" + own +
            "\n}\nvrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n"
            "vrrp_instance W {\ninterface eth0\nvirtual_router_id 2\nvirtual_ipaddress {\n10.0.0.2\n}\n}\n");
        EXPECT_EQ(errors(parsed.faults), Words{}) << own << globals;
        return parsed.config.sync_groups.at(0).mail;
    };
    EXPECT_FALSE(group("", ""));
    EXPECT_TRUE(group("", "smtp_alert"));
    EXPECT_TRUE(group("smtp_alert", ""));
    EXPECT_FALSE(group("smtp_alert off", "smtp_alert_vrrp"));
}

TEST(Mail, a_switch_without_server_or_recipient_is_said) {
    EXPECT_TRUE(says(parse_instance("smtp_alert").faults,
                     "(V) smtp_alert, but nothing is sent: global_defs has no smtp_server"));
    EXPECT_TRUE(says(parse_instance("smtp_alert", "smtp_server 10.0.0.9").faults,
                     "(V) smtp_alert, but nothing is sent: global_defs has no notification_email"));
    EXPECT_TRUE(errors(parse_instance("smtp_alert").faults).empty()) << "keepalived does not mind";
}

}  // namespace
}  // namespace vrrpd::config::mail_test
