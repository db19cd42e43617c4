// The letters, word for word those of keepalived 2.2.7 (seen in a namespace), but for the date.
#include "vrrpd/supervisor/notify/mail_text.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace vrrpd::supervisor::mail_text_test {
namespace {

using ipc::Notice;
using Event = Notice::Event;

const WallTime at{std::chrono::seconds(1'795'908'493)};  // 28 Nov 2026, 23:28:13 UTC

class MailText : public testing::Test {
protected:
    MailText() {
        setenv("TZ", "UTC0", 1);
        tzset();
        mail_.server = "10.0.0.9";
        mail_.to = {"root@example.org"};
    }
    [[nodiscard]] Letter letter(Event event, Notice::Object object = Notice::Object::instance) const {
        return write_letter(mail_, origin_, {object, event, 100, "VI_1"}, at);
    }

    config::Mail mail_;
    MailOrigin origin_{{}, "root", "vm"};
};

TEST_F(MailText, is_keepalived_s) {
    const auto written = letter(Event::master);
    EXPECT_EQ(written.text,
              "Date: Sat, 28 Nov 2026 23:28:13 +0000\r\nFrom: root@vm\r\n"
              "Subject: [vm] VRRP Instance VI_1 - Entering MASTER state\r\nX-Mailer: Keepalived\r\n"
              "To: root@example.org\r\n\r\n=> VRRP Instance is now owning VRRP VIPs <=\r\n\r\n");
    EXPECT_EQ(written.helo, "vm");
    EXPECT_EQ(written.from, "root@vm");
    EXPECT_EQ(written.to, std::vector<std::string>{"root@example.org"});
    for (const auto event : {Event::backup, Event::fault})
        EXPECT_NE(letter(event).text.find("\r\n\r\n=> VRRP Instance is no longer owning VRRP VIPs <=\r\n\r\n"),
                  std::string::npos);
    const auto group = letter(Event::fault, Notice::Object::group).text;
    EXPECT_NE(group.find("Subject: [vm] VRRP Group VI_1 - Entering FAULT state\r\n"), std::string::npos);
    EXPECT_NE(group.find("\r\n\r\n=> All VRRP group instances are now in FAULT state <=\r\n\r\n"), std::string::npos);
}

TEST_F(MailText, follows_the_configuration) {
    mail_.from = "Keep Alived <ka@example.org>";
    mail_.helo = "mx.helo";
    mail_.to = {"root@example.org", "Ops Team <ops@example.org>"};
    origin_.router_id = "RTR";
    const auto written = letter(Event::backup);
    EXPECT_EQ(written.helo, "mx.helo");
    EXPECT_EQ(written.from, "ka@example.org");
    EXPECT_EQ(written.to, (std::vector<std::string>{"root@example.org", "ops@example.org"}));
    EXPECT_NE(
        written.text.find("\r\nFrom: Keep Alived <ka@example.org>\r\nSubject: [RTR] VRRP Instance VI_1 - Entering "
                          "BACKUP state\r\n"),
        std::string::npos);
    EXPECT_NE(written.text.find("\r\nTo: root@example.org, Ops Team <ops@example.org>\r\n"), std::string::npos);
}

TEST_F(MailText, no_name_begins_a_header) {
    origin_.router_id = "R\r\nBcc: all@example.org";
    const auto written = write_letter(mail_, origin_, {Notice::Object::instance, Event::master, 1, "V\nX: y"}, at).text;
    EXPECT_EQ(written.find("\r\nBcc"), std::string::npos);
    EXPECT_EQ(written.find("\nX: y"), std::string::npos);
}

TEST(BareAddress, is_what_stands_in_brackets) {
    EXPECT_EQ(bare_address("Ops <ops@example.org>"), "ops@example.org");
    EXPECT_EQ(bare_address("<ops@example.org>"), "ops@example.org");
    EXPECT_EQ(bare_address("ops@example.org"), "ops@example.org");
    EXPECT_EQ(bare_address("Ops <>"), "Ops <>");
    EXPECT_EQ(bare_address("Ops > <"), "Ops > <");
}

TEST(Letters, are_of_three_states) {
    for (const auto event : {Event::master, Event::backup, Event::fault}) EXPECT_TRUE(is_worth_a_letter(event));
    for (const auto event :
         {Event::stop, Event::deleted, Event::master_rx_lower_priority, Event::master_priority, Event::backup_priority})
        EXPECT_FALSE(is_worth_a_letter(event));
}

}  // namespace
}  // namespace vrrpd::supervisor::mail_text_test
