#include "vrrpd/config/script_words.hpp"

#include <algorithm>

#include "vrrpd/config/text.hpp"

namespace vrrpd::config {
namespace {

constexpr std::string_view octal_digits = "01234567", hex_digits = "0123456789abcdef";

class Lexer {
public:
    // `ends`: whether a character outside quotes ends the word.
    Lexer(std::string_view text, std::size_t at, bool (*ends)(char)) : text_(text), at_(at), ends_(ends) {}

    CommandWord run() {
        while (at_ < text_.size() && (quote_ || !ends_(text_[at_]))) step(text_[at_]);
        word_.erase(std::find(word_.begin(), word_.end(), '\0'), word_.end());  // no word can hold a NUL
        return {std::move(word_), at_, quote_};
    }

private:
    void step(char c) {
        const bool is_quote = c == '"' || c == '\'';
        ++at_;
        if (c == '\\' && at_ < text_.size()) {
            word_ += escaped(text_[at_++]);
        } else if (quote_ && c == text_[*quote_]) {
            quote_.reset();
        } else if (!quote_ && is_quote) {
            quote_ = at_ - 1;
        } else {
            word_ += c;
        }
    }

    // At most `most` digits from here.
    char number(std::string_view digits, std::size_t most, unsigned base) {
        unsigned value = 0;
        for (std::size_t n = 0; n < most && at_ < text_.size(); ++n, ++at_) {
            const char c =
                text_[at_] >= 'A' && text_[at_] <= 'F' ? static_cast<char>(text_[at_] + ('a' - 'A')) : text_[at_];
            const auto digit = digits.find(c);
            if (digit == std::string_view::npos) break;
            value = value * base + static_cast<unsigned>(digit);
        }
        return static_cast<char>(value & 0xffU);
    }

    char escaped(char c) {
        constexpr std::string_view names = "abEfnrtv", meant = "\a\b\033\f\n\r\t\v";
        if (const auto name = names.find(c); name != std::string_view::npos) return meant[name];
        if (octal_digits.find(c) != std::string_view::npos) {
            --at_;
            return number(octal_digits, 3, 8);
        }
        if (c == 'x' && at_ < text_.size()) return number(hex_digits, 2, 16);
        if (c == 'c' && at_ < text_.size()) return static_cast<char>(text_[at_++] & 0x1f);
        return c;
    }

    std::string_view text_;
    std::size_t at_;
    bool (*ends_)(char);
    std::optional<std::size_t> quote_;  // that is open
    std::string word_;
};

}  // namespace

CommandWord command_word(std::string_view text, std::size_t at) {
    return Lexer(text, at, [](char c) { return is_blank(c) || c == '{' || c == '}'; }).run();
}

std::vector<std::string> split_command(std::string_view text) {
    std::vector<std::string> words;
    for (std::size_t at = 0;;) {
        while (at < text.size() && is_blank(text[at])) ++at;
        if (at == text.size()) return words;
        auto word = Lexer(text, at, is_blank).run();
        if (word.unclosed) return {};
        words.push_back(std::move(word.text));
        at = word.end;
    }
}

}  // namespace vrrpd::config
