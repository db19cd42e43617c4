// What is said to a mail server for one letter, and what comes of it (RFC 5321, the part of it that keepalived speaks:
// HELO, MAIL, RCPT, DATA, QUIT; each waits for its answer). Pure: bytes of the server in, bytes for it out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vrrpd::supervisor {

struct Letter {
    std::string helo;             // how we call ourselves
    std::string from;             // addresses alone, without a name beside them
    std::vector<std::string> to;  // not empty
    std::string text;             // headers, an empty line, the body; lines end with CR LF
};

class SmtpDialogue {
public:
    // More than this without an end of the answer is none.
    static constexpr std::size_t longest_answer = 16'384;

    explicit SmtpDialogue(Letter letter) : letter_(std::move(letter)) {}

    // What to send next; empty: the server has to answer first.
    [[nodiscard]] std::string take_words();
    void hear(std::string_view bytes);
    void closed();     // by the server, or a fault of the connection
    void timed_out();  // it did not answer in time

    enum class Outcome : std::uint8_t {
        none,      // it goes on
        accepted,  // the server has the letter
        refused,   // for good: another try would end the same way
        failed,    // another try may succeed
    };
    [[nodiscard]] Outcome outcome() const { return outcome_; }
    // Why it was refused or failed; also what some recipients were refused for, of a letter that was accepted.
    [[nodiscard]] const std::string& problem() const { return problem_; }

private:
    enum class Stage : std::uint8_t { greeting, helo, mail, recipient, data, body };

    void answered(unsigned code, const std::string& text);
    void recipient_answered(unsigned code, const std::string& text);
    void say(Stage stage, std::string words);
    void next_recipient();
    void end(Outcome outcome, std::string problem);
    [[nodiscard]] std::string_view what_was_said() const;

    Letter letter_;
    Stage stage_ = Stage::greeting;
    std::size_t recipient_ = 0;  // the one that is asked about
    std::size_t accepted_ = 0;
    bool may_be_tried_again_ = false;  // a recipient was refused for now
    std::string words_, heard_, answer_;
    Outcome outcome_ = Outcome::none;
    std::string problem_;
};

}  // namespace vrrpd::supervisor
