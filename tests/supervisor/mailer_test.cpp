// Letters to a mail server that is well, slow, mad, or not there: nobody waits for it, and all is bounded.
#include "vrrpd/supervisor/notify/mailer.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "netns-tests/lab/mail_sink.hpp"
#include "vrrpd/base/loop.hpp"

namespace vrrpd::supervisor::mailer_test {
namespace {

using ipc::Notice;
using lab::MailSink;
using Event = Notice::Event;
using Manner = MailSink::Manner;
using namespace std::chrono_literals;

struct Lines final : Log {
    void write(LogLevel level, std::string_view line) override {
        if (level >= LogLevel::warning) text += std::string(line) + '\n';
    }
    [[nodiscard]] bool says(std::string_view what) const { return text.find(what) != std::string::npos; }
    std::string text;
};

Notice notice(Event event, const std::string& name = "V") { return {Notice::Object::instance, event, 100, name}; }

class MailerTest : public testing::Test {
protected:
    void expect_mail_to(std::uint16_t port, Duration patience = 5s) {
        config::Mail mail;
        mail.server = "127.0.0.1";
        mail.port = port;
        mail.to = {"root@example.org", "else@example.com"};
        mail.timeout = patience;
        mailer_.expect({mail, "RTR"});
    }
    void tell(Event event, const std::string& name = "V") {
        const auto before = boot_now();
        mailer_.tell(notice(event, name));
        EXPECT_LT(boot_now() - before, 1s) << "it waited for the server";
    }
    // Until nothing is under way; false: after 10 s something was.
    bool finish() {
        for (int i = 0; i < 5000; ++i) {
            mailer_.child_ended();
            if (mailer_.idle()) return true;
            mailer_.step(boot_now());
            usleep(2000);
        }
        return false;
    }
    // The states that were mailed, in the order of their arrival.
    static std::string subjects(const MailSink& sink) {
        for (int i = 0; i < 20; ++i) usleep(10'000);  // the last QUIT arrives after the letter was taken
        std::string result;
        for (const auto& letter : sink.letters()) {
            const auto at = letter.find("Instance ") + 9;
            result += letter.substr(at, letter.find(" state\r\n") - at) + '|';
        }
        return result;
    }

    Lines log_;
    Mailer mailer_{log_};
    MailSink sink_{MailSink::listen(IpAddress::v4(127, 0, 0, 1), 0)};
};

TEST_F(MailerTest, sends_each_state_whole_and_in_order) {
    expect_mail_to(sink_.port());
    tell(Event::backup);
    ASSERT_TRUE(finish());
    tell(Event::master);
    ASSERT_TRUE(finish());
    EXPECT_EQ(subjects(sink_), "V - Entering BACKUP|V - Entering MASTER|") << log_.text;
    const auto letter = sink_.letters().at(0);
    EXPECT_EQ(letter.find("HELO "), 0u);
    EXPECT_NE(letter.find("\r\nRCPT TO:<root@example.org>\r\nRCPT TO:<else@example.com>\r\nDATA\r\nDate: "),
              std::string::npos);
    EXPECT_NE(letter.find("\r\nSubject: [RTR] VRRP Instance V - Entering BACKUP state\r\n"), std::string::npos);
    EXPECT_TRUE(letter.ends_with("\r\n.\r\nQUIT\r\n"));
    EXPECT_EQ(log_.text, "");
}

TEST_F(MailerTest, understands_a_wordy_server) {
    sink_.behave(Manner::wordy);
    expect_mail_to(sink_.port());
    tell(Event::fault);
    ASSERT_TRUE(finish());
    EXPECT_EQ(subjects(sink_), "V - Entering FAULT|");
}

TEST_F(MailerTest, of_states_that_wait_the_newest_of_each_object_is_sent) {
    expect_mail_to(sink_.port());
    tell(Event::backup);  // is under way at once
    for (const auto event : {Event::master, Event::fault, Event::backup, Event::master}) tell(event);
    tell(Event::backup, "W");
    tell(Event::master, "W");
    ASSERT_TRUE(finish());
    EXPECT_EQ(subjects(sink_), "V - Entering BACKUP|V - Entering MASTER|W - Entering MASTER|");
}

TEST_F(MailerTest, no_email_faults_is_kept) {
    expect_mail_to(sink_.port());
    config::Mail mail;
    mail.server = "127.0.0.1";
    mail.port = sink_.port();
    mail.to = {"root@example.org"};
    mail.faults = false;
    mailer_.expect({mail, {}});
    tell(Event::backup);
    tell(Event::master);
    tell(Event::fault);  // and that it is MASTER is not true any more
    tell(Event::stop);
    ASSERT_TRUE(finish());
    EXPECT_EQ(subjects(sink_), "V - Entering BACKUP|");
}

TEST_F(MailerTest, some_recipients_may_be_refused) {
    sink_.behave(Manner::strict);
    expect_mail_to(sink_.port());
    tell(Event::master);
    ASSERT_TRUE(finish());
    EXPECT_EQ(subjects(sink_), "V - Entering MASTER|");
    EXPECT_TRUE(log_.says("mail of vrrp_instance V is sent, but not to everybody: mail server 127.0.0.1 port"))
        << log_.text;
    EXPECT_TRUE(log_.says("does not take else@example.com: 550 not one of ours"));
}

// Each is tried four times in all, and then what waits is given up: never a loop, never a queue that grows.
TEST_F(MailerTest, a_hostile_server_is_logged_and_given_up_in_the_end) {
    const std::pair<Manner, std::string> manners[] = {
        {Manner::silent, "did not answer in time to the connection"},
        {Manner::closing, "closed the connection instead of an answer to the connection"},
        {Manner::garbage, "speaks no SMTP: it said 'SSH-2.0-OpenSSH_9.2p1?'"},
        {Manner::endless, "does not come to an end with its answer to the connection"},
        {Manner::busy, "answered to the letter: 451 come back later"}};
    for (const auto& [manner, complaint] : manners) {
        log_.text.clear();
        sink_.behave(manner);
        expect_mail_to(sink_.port(), 500ms);
        const auto before = sink_.connections();
        tell(Event::master);
        for (std::size_t i = 0; i < Mailer::pauses.size(); ++i) {
            ASSERT_TRUE(finish());
            ASSERT_TRUE(log_.says(complaint)) << log_.text;
            const auto next = mailer_.next_deadline();
            ASSERT_TRUE(next);
            EXPECT_GT(*next, boot_now() + Mailer::pauses[i] - 2s);
            tell(Event::fault);
            tell(Event::master);  // waits like the other; nothing is sent out of turn
            mailer_.step(*next);
        }
        ASSERT_TRUE(finish());
        EXPECT_EQ(mailer_.next_deadline(), std::nullopt);
        EXPECT_TRUE(log_.says("1 letters that wait are given up")) << log_.text;
        EXPECT_EQ(sink_.connections() - before, 1 + Mailer::pauses.size());
    }
}

TEST_F(MailerTest, a_server_that_is_not_there_and_comes_back) {
    std::uint16_t port = 0;
    {
        const MailSink gone(MailSink::listen(IpAddress::v4(127, 0, 0, 1), 0));
        port = gone.port();
    }
    expect_mail_to(port);
    tell(Event::backup);
    ASSERT_TRUE(finish());
    EXPECT_TRUE(log_.says("no connection: Connection refused; the next try is in 10 s")) << log_.text;
    tell(Event::master);
    const MailSink back(MailSink::listen(IpAddress::v4(127, 0, 0, 1), port));
    mailer_.step(*mailer_.next_deadline());
    ASSERT_TRUE(finish());
    EXPECT_EQ(subjects(back), "V - Entering MASTER|");
}

TEST_F(MailerTest, a_name_that_cannot_be_looked_up_is_said) {
    config::Mail mail;
    mail.server = "no.such.host.invalid";
    mail.to = {"root@example.org"};
    mail.timeout = 2s;
    mailer_.expect({mail, {}});
    tell(Event::master);
    ASSERT_TRUE(finish());
    EXPECT_TRUE(log_.says("mail of vrrp_instance V is not sent: ")) << log_.text;
}

TEST_F(MailerTest, a_queue_is_bounded) {
    sink_.behave(Manner::silent);
    expect_mail_to(sink_.port(), 300ms);
    for (std::size_t i = 0; i < Mailer::most_waiting + 100; ++i) tell(Event::master, std::to_string(i));
    EXPECT_TRUE(log_.says("more than 1000 letters wait for mail server 127.0.0.1: the oldest are dropped"));
    EXPECT_EQ(log_.text.find("are dropped"), log_.text.rfind("are dropped")) << "said once";
    mailer_.expect({});  // a reload without mail
    ASSERT_TRUE(finish());
}

TEST_F(MailerTest, without_a_server_nothing_is_sent) {
    tell(Event::master);
    EXPECT_TRUE(mailer_.idle());
    EXPECT_EQ(mailer_.next_deadline(), std::nullopt);
}

}  // namespace
}  // namespace vrrpd::supervisor::mailer_test
