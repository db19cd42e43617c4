#include "vrrpd/supervisor/notify/smtp_dialogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace vrrpd::supervisor {

namespace {

constexpr std::size_t longest_quote = 200;  // of what a server said, for the log

// A server's words, fit for a log line.
std::string fit_for_the_log(std::string_view text) {
    std::string result(text.substr(0, longest_quote));
    for (auto& c : result)
        if (std::iscntrl(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) > '~') c = '?';
    return result;
}

// RFC 5321 4.5.2: a line that begins with a dot gets another one; the end is a dot alone.
std::string with_dots(const std::string& text) {
    std::string result;
    bool begins = true;
    for (const char c : text) {
        if (begins && c == '.') result += '.';
        result += c;
        begins = c == '\n';
    }
    if (!result.ends_with("\r\n")) result += "\r\n";
    return result + ".\r\n";
}

bool is_temporary(unsigned code) { return code / 100 == 4; }

// "250-text" goes on, "250 text" or "250" ends (RFC 5321 4.2). 0: that is no answer.
struct AnswerLine {
    unsigned code = 0;
    bool last = false;
    std::string_view text;
};
AnswerLine read_line(std::string_view line) {
    constexpr std::size_t digits = 3;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() < digits) return {};
    unsigned code = 0;
    for (const char c : line.substr(0, digits)) {
        if (c < '0' || c > '9') return {};
        code = 10 * code + static_cast<unsigned>(c - '0');
    }
    if (code < 200 || code > 599) return {};
    const bool bare = line.size() == digits;
    if (!bare && line[digits] != ' ' && line[digits] != '-') return {};
    return {code, bare || line[digits] == ' ', line};
}

}  // namespace

std::string SmtpDialogue::take_words() { return std::exchange(words_, {}); }

void SmtpDialogue::hear(std::string_view bytes) {
    if (outcome_ != Outcome::none) return;
    heard_ += bytes;
    std::size_t begin = 0;
    for (auto end = heard_.find('\n'); end != heard_.npos && outcome_ == Outcome::none;
         end = heard_.find('\n', begin)) {
        const auto line = read_line(std::string_view(heard_).substr(begin, end - begin));
        if (line.code == 0)
            return this->end(Outcome::failed,
                             fmt::format("speaks no SMTP: it said '{}'",
                                         fit_for_the_log(std::string_view(heard_).substr(begin, end - begin))));
        begin = end + 1;
        answer_ += line.text;
        answer_ += ' ';
        if (answer_.size() > longest_answer) break;
        if (line.last) answered(line.code, fit_for_the_log(std::exchange(answer_, {})));
    }
    heard_.erase(0, begin);
    if (outcome_ == Outcome::none && answer_.size() + heard_.size() > longest_answer)
        this->end(Outcome::failed, fmt::format("does not come to an end with its answer to {}", what_was_said()));
}

void SmtpDialogue::closed() {
    if (outcome_ == Outcome::none)
        end(Outcome::failed, fmt::format("closed the connection instead of an answer to {}", what_was_said()));
}

void SmtpDialogue::timed_out() {
    if (outcome_ == Outcome::none) end(Outcome::failed, fmt::format("did not answer in time to {}", what_was_said()));
}

void SmtpDialogue::answered(unsigned code, const std::string& text) {
    if (stage_ == Stage::recipient) return recipient_answered(code, text);
    const bool wanted = stage_ == Stage::data ? code / 100 == 3 : code / 100 == 2;
    if (!wanted)
        return end(is_temporary(code) || stage_ == Stage::greeting ? Outcome::failed : Outcome::refused,
                   fmt::format("answered to {}: {}", what_was_said(), text));
    switch (stage_) {
        case Stage::greeting:
            return say(Stage::helo, fmt::format("HELO {}\r\n", letter_.helo));
        case Stage::helo:
            return say(Stage::mail, fmt::format("MAIL FROM:<{}>\r\n", letter_.from));
        case Stage::mail:
            return next_recipient();
        case Stage::data:
            return say(Stage::body, with_dots(letter_.text));
        case Stage::recipient:
        case Stage::body:
            break;
    }
    outcome_ = Outcome::accepted;
    words_ = "QUIT\r\n";
}

void SmtpDialogue::recipient_answered(unsigned code, const std::string& text) {
    if (code / 100 == 2) {
        ++accepted_;
    } else {
        may_be_tried_again_ = may_be_tried_again_ || is_temporary(code);
        problem_ += fmt::format("{}does not take {}: {}", problem_.empty() ? "" : "; ", letter_.to[recipient_], text);
    }
    ++recipient_;
    next_recipient();
}

void SmtpDialogue::next_recipient() {
    if (recipient_ < letter_.to.size())
        return say(Stage::recipient, fmt::format("RCPT TO:<{}>\r\n", letter_.to[recipient_]));
    if (accepted_ == 0) return end(may_be_tried_again_ ? Outcome::failed : Outcome::refused, std::move(problem_));
    say(Stage::data, "DATA\r\n");
}

void SmtpDialogue::say(Stage stage, std::string words) {
    stage_ = stage;
    words_ = std::move(words);
}

// RFC 5321 4.1.1.10: said although nobody waits for the answer.
void SmtpDialogue::end(Outcome outcome, std::string problem) {
    outcome_ = outcome;
    problem_ = std::move(problem);
    words_ = "QUIT\r\n";
}

std::string_view SmtpDialogue::what_was_said() const {
    switch (stage_) {
        case Stage::greeting:
            return "the connection";
        case Stage::helo:
            return "HELO";
        case Stage::mail:
            return "MAIL FROM";
        case Stage::recipient:
            return "RCPT TO";
        case Stage::data:
            return "DATA";
        case Stage::body:
            return "the letter";
    }
    return "";
}

}  // namespace vrrpd::supervisor
