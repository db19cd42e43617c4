// A line without its comment; quotes, braces, words.
#include "vrrpd/config/text.hpp"

#include "vrrpd/config/keywords.hpp"
#include "vrrpd/config/script_words.hpp"

namespace vrrpd::config {

void Text::append(const Text& other) {
    chars_ += other.chars_;
    columns_.insert(columns_.end(), other.columns_.begin(), other.columns_.end());
}

Text Text::sub(std::size_t from, std::size_t count) const {
    Text part;
    if (from >= size()) return part;
    part.chars_ = chars_.substr(from, count);
    const auto first = columns_.begin() + static_cast<std::ptrdiff_t>(from);
    part.columns_.assign(first, first + static_cast<std::ptrdiff_t>(part.chars_.size()));
    return part;
}

Text Text::trimmed() && {
    const bool is_trim = empty() || (!is_blank(chars_.front()) && !is_blank(chars_.back()));
    return is_trim ? std::move(*this) : std::as_const(*this).trimmed();
}

Text Text::trimmed() const& {
    std::size_t from = 0;
    std::size_t end = size();
    while (from < end && is_blank(chars_[from])) ++from;
    while (end > from && is_blank(chars_[end - 1])) --end;
    return sub(from, end - from);
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

Text without_comment(std::string_view line) {
    Text text;
    text.reserve(line.size());
    bool quoted = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const char c = line[at];
        const bool comment_sign = !quoted && (c == '#' || c == '!');
        if (comment_sign) break;
        if (c == '"') quoted = !quoted;
        const bool pair = c == '\\' && at + 1 < line.size();
        const bool keeps_backslash = pair && quoted;  // \" ends no quote of a command
        if (keeps_backslash) text.append(c, static_cast<unsigned>(at + 1));
        if (keeps_backslash || (pair && (line[at + 1] == '#' || line[at + 1] == '!'))) ++at;
        text.append(line[at], static_cast<unsigned>(at + 1));
    }
    return std::move(text).trimmed();
}

namespace {

// `${NAME}` that nothing defines stays one piece: keepalived tears it apart at its braces and wrecks the
// block structure, which nobody can want.
std::size_t undefined_reference(std::string_view text, std::size_t at) {
    if (text.substr(at, 2) != "${") return 0;
    std::size_t end = at + 2;
    while (end < text.size() && is_name(text[end])) ++end;
    return end < text.size() && text[end] == '}' && end > at + 2 ? end + 1 - at : 0;
}

class Splitter {
public:
    explicit Splitter(const Text& line) : line_(line) {}

    Split run() {
        while (at_ < line_.size()) step();
        flush();
        return std::move(result_);
    }

private:
    void step() {
        const char c = line_[at_];
        if (is_blank(c)) {
            ++at_;
        } else if (c == '{' || c == '}') {
            flush();
            result_.lines.push_back({Word{std::string(1, c), line_.column(at_), false}});
            ++at_;
        } else if (has_command()) {
            command();
        } else if (c == '"') {
            quoted();
        } else {
            plain();
        }
    }

    bool has_command() {
        if (words_.size() == 1) has_command_ = takes_command(words_.front().text);
        return !words_.empty() && has_command_;
    }

    // Behind a keyword that takes a command. The command is split again by its handler.
    void command() {
        auto word = command_word(line_.chars(), at_);
        if (word.unclosed) unbalanced(*word.unclosed);
        const bool quoted = line_[at_] == '"' || line_[at_] == '\'';
        words_.push_back({std::move(word.text), line_.column(at_), quoted});
        at_ = word.end;
    }

    void quoted() {
        const auto chars = line_.chars();
        auto end = chars.find('"', at_ + 1);
        if (end == std::string_view::npos) {
            unbalanced(at_);
            end = chars.size();
        }
        words_.push_back({std::string(chars.substr(at_ + 1, end - at_ - 1)), line_.column(at_), true});
        at_ = end + 1;
    }

    void unbalanced(std::size_t at) {
        result_.unbalanced = line_.column(at);
        result_.quote = line_[at];
    }

    void plain() {
        const auto chars = line_.chars();
        const auto from = at_;
        while (at_ < chars.size()) {
            if (const auto reference = undefined_reference(chars, at_)) {
                at_ += reference;
                continue;
            }
            const char c = chars[at_];
            if (is_blank(c) || c == '{' || c == '}' || c == '"') break;
            ++at_;
        }
        words_.push_back({std::string(chars.substr(from, at_ - from)), line_.column(from), false});
    }

    void flush() {
        if (!words_.empty()) result_.lines.push_back(std::move(words_));
        words_.clear();
    }

    const Text& line_;
    std::size_t at_ = 0;
    std::vector<Word> words_;
    bool has_command_ = false;  // the first of words_ takes one
    Split result_;
};

}  // namespace

bool is_brace(const Line& line, std::string_view brace) {
    return line.words.size() == 1 && !line.words[0].quoted && line.words[0].text == brace;
}

Split split_words(const Text& line) { return Splitter(line).run(); }

}  // namespace vrrpd::config
