// A line without its comment; quotes, braces, words.
#include "vrrpd/config/text.hpp"

#include "vrrpd/config/keywords.hpp"

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

Text Text::trimmed() const {
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
    bool quoted = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const char c = line[at];
        const bool comment_sign = !quoted && (c == '#' || c == '!');
        if (comment_sign) break;
        if (c == '"') quoted = !quoted;
        const bool escaped =
            c == '\\' && !quoted && at + 1 < line.size() && (line[at + 1] == '#' || line[at + 1] == '!');
        if (escaped) ++at;
        text.append(line[at], static_cast<unsigned>(at + 1));
    }
    return text.trimmed();
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
        } else if (c == '"') {
            quoted();
        } else {
            plain();
        }
    }

    // Behind a keyword that takes a command a backslash stands before a quote that is meant; what else it
    // may stand before is seen when the command itself is split.
    [[nodiscard]] std::size_t closing_quote(bool command) const {
        const auto chars = line_.chars();
        if (!command) return chars.find('"', at_ + 1);
        for (auto at = at_ + 1; at < chars.size(); ++at) {
            if (chars[at] == '"') return at;
            if (chars[at] == '\\') ++at;
        }
        return std::string_view::npos;
    }

    static std::string without_escaped_quotes(std::string_view text) {
        std::string result;
        for (std::size_t at = 0; at < text.size(); ++at) {
            if (text[at] == '\\' && at + 1 < text.size()) {
                if (text[at + 1] != '"') result += '\\';
                ++at;
            }
            result += text[at];
        }
        return result;
    }

    void quoted() {
        const auto chars = line_.chars();
        const bool command = !words_.empty() && takes_command(words_.front().text);
        auto end = closing_quote(command);
        if (end == std::string_view::npos) {
            result_.unbalanced = line_.column(at_);
            end = chars.size();
        }
        const auto inside = chars.substr(at_ + 1, end - at_ - 1);
        words_.push_back({command ? without_escaped_quotes(inside) : std::string(inside), line_.column(at_), true});
        at_ = end + 1;
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
    Split result_;
};

}  // namespace

Split split_words(const Text& line) { return Splitter(line).run(); }

}  // namespace vrrpd::config
