// What is said to a mail server, and what comes of whatever it says.
#include "vrrpd/supervisor/notify/smtp_dialogue.hpp"

#include <gtest/gtest.h>

namespace vrrpd::supervisor::smtp_dialogue_test {
namespace {

using Outcome = SmtpDialogue::Outcome;

Letter letter() { return {"me", "from@here", {"a@there", "b@there"}, "Subject: x\r\n\r\nbody\r\n"}; }

// What it says to these answers, one after the other.
std::string said(SmtpDialogue& dialogue, std::initializer_list<const char*> answers) {
    auto text = dialogue.take_words();
    for (const auto* answer : answers) {
        dialogue.hear(answer);
        text += dialogue.take_words();
    }
    return text;
}

TEST(SmtpDialogue, hands_a_letter_over_word_by_word) {
    SmtpDialogue dialogue(letter());
    EXPECT_EQ(dialogue.take_words(), "") << "the server speaks first";
    EXPECT_EQ(said(dialogue, {"220 hello\r\n"}), "HELO me\r\n");
    EXPECT_EQ(said(dialogue, {"250 ok\r\n"}), "MAIL FROM:<from@here>\r\n");
    EXPECT_EQ(said(dialogue, {"250 ok\r\n"}), "RCPT TO:<a@there>\r\n");
    EXPECT_EQ(said(dialogue, {"250 ok\r\n"}), "RCPT TO:<b@there>\r\n");
    EXPECT_EQ(said(dialogue, {"251 forwarded\r\n"}), "DATA\r\n");
    EXPECT_EQ(dialogue.outcome(), Outcome::none);
    EXPECT_EQ(said(dialogue, {"354 go\r\n"}), "Subject: x\r\n\r\nbody\r\n.\r\n");
    EXPECT_EQ(said(dialogue, {"250 queued\r\n"}), "QUIT\r\n");
    EXPECT_EQ(dialogue.outcome(), Outcome::accepted);
    EXPECT_EQ(dialogue.problem(), "");
}

TEST(SmtpDialogue, answers_of_many_lines_and_in_pieces_are_one_answer) {
    SmtpDialogue dialogue(letter());
    EXPECT_EQ(said(dialogue, {"220-hel", "lo\r\n220-my", " friend\n", "22", "0 go"}), "");
    EXPECT_EQ(said(dialogue, {"\r\n"}), "HELO me\r\n");
    EXPECT_EQ(said(dialogue, {"250\n"}), "MAIL FROM:<from@here>\r\n") << "a code alone";
}

TEST(SmtpDialogue, RFC_5321_4_5_2_dots_at_the_beginning_of_a_line_are_doubled) {
    auto dotted = letter();
    dotted.text = ".a\r\n..\r\nb.\r\n";
    SmtpDialogue dialogue(dotted);
    (void)said(dialogue, {"220 a\r\n", "250 b\r\n", "250 c\r\n", "250 d\r\n", "250 e\r\n"});
    EXPECT_EQ(said(dialogue, {"354 f\r\n"}), "..a\r\n...\r\nb.\r\n.\r\n");
}

TEST(SmtpDialogue, a_recipient_who_is_refused_does_not_cost_the_others_their_letter) {
    SmtpDialogue dialogue(letter());
    EXPECT_EQ(said(dialogue, {"220 a\n", "250 b\n", "250 c\n", "550 unknown\n", "250 e\n", "354 f\n"}),
              "HELO me\r\nMAIL FROM:<from@here>\r\nRCPT TO:<a@there>\r\nRCPT TO:<b@there>\r\nDATA\r\n"
              "Subject: x\r\n\r\nbody\r\n.\r\n");
    dialogue.hear("250 queued\n");
    EXPECT_EQ(dialogue.outcome(), Outcome::accepted);
    EXPECT_EQ(dialogue.problem(), "does not take a@there: 550 unknown ");
}

TEST(SmtpDialogue, without_a_recipient_there_is_no_letter) {
    SmtpDialogue refused(letter());
    EXPECT_EQ(said(refused, {"220 a\n", "250 b\n", "250 c\n", "550 no\n", "553 no\n"}).find("DATA"), std::string::npos);
    EXPECT_EQ(refused.outcome(), Outcome::refused);
    SmtpDialogue later(letter());
    (void)said(later, {"220 a\n", "250 b\n", "250 c\n", "550 no\n", "450 greylisted\n"});
    EXPECT_EQ(later.outcome(), Outcome::failed) << "one of them may be taken later";
}

TEST(SmtpDialogue, a_5_is_for_good_and_a_4_for_now) {
    SmtpDialogue refused(letter());
    EXPECT_EQ(said(refused, {"220 a\n", "250 b\n", "530 who are you?\n"}),
              "HELO me\r\nMAIL FROM:<from@here>\r\nQUIT\r\n");
    EXPECT_EQ(refused.outcome(), Outcome::refused);
    EXPECT_EQ(refused.problem(), "answered to MAIL FROM: 530 who are you? ");
    SmtpDialogue failed(letter());
    (void)said(failed, {"220 a\n", "421 closing\n"});
    EXPECT_EQ(failed.outcome(), Outcome::failed);
    SmtpDialogue greeted(letter());
    (void)said(greeted, {"554 no service here now\n"});
    EXPECT_EQ(greeted.outcome(), Outcome::failed) << "a server that is not ready says so too";
    SmtpDialogue odd(letter());
    (void)said(odd, {"220 a\n", "250 b\n", "250 c\n", "250 d\n", "250 e\n", "250 not 354\n"});
    EXPECT_EQ(odd.outcome(), Outcome::refused);
}

TEST(SmtpDialogue, garbage_is_a_failure_and_is_quoted_without_control_characters) {
    for (const auto* garbage : {"SSH-2.0-x\r\n", "\r\n", "2\n", "22\r\n", "999 x\n", "100 x\n", "250_x\n", "2 0 x\n"}) {
        SmtpDialogue dialogue(letter());
        dialogue.hear(garbage);
        EXPECT_EQ(dialogue.outcome(), Outcome::failed) << garbage;
    }
    SmtpDialogue dialogue(letter());
    dialogue.hear("\x1b[2J\xff evil\n");
    EXPECT_EQ(dialogue.problem(), "speaks no SMTP: it said '?[2J? evil'");
}

TEST(SmtpDialogue, an_answer_without_end_is_given_up) {
    SmtpDialogue lines(letter());
    for (int i = 0; i < 2000; ++i) lines.hear("220-more\r\n");
    EXPECT_EQ(lines.outcome(), Outcome::failed);
    EXPECT_EQ(lines.problem(), "does not come to an end with its answer to the connection");
    SmtpDialogue line(letter());
    const std::string much(1'000'000, 'x');
    line.hear(much);
    EXPECT_EQ(line.outcome(), Outcome::failed);
    SmtpDialogue at_once(letter());
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "220-more\r\n";
    at_once.hear(text + "220 done\r\n");
    EXPECT_EQ(at_once.outcome(), Outcome::failed);
}

TEST(SmtpDialogue, a_server_that_goes_or_falls_silent_is_said) {
    SmtpDialogue gone(letter());
    (void)said(gone, {"220 a\n", "250 b\n"});
    gone.closed();
    EXPECT_EQ(gone.outcome(), Outcome::failed);
    EXPECT_EQ(gone.problem(), "closed the connection instead of an answer to MAIL FROM");
    SmtpDialogue silent(letter());
    silent.timed_out();
    EXPECT_EQ(silent.problem(), "did not answer in time to the connection");
    SmtpDialogue done(letter());
    (void)said(done, {"220 a\n", "250 b\n", "250 c\n", "250 d\n", "250 e\n", "354 f\n", "250 g\n"});
    done.closed();
    EXPECT_EQ(done.outcome(), Outcome::accepted) << "it has the letter";
}

}  // namespace
}  // namespace vrrpd::supervisor::smtp_dialogue_test
