#include "vrrpd/config/script_words.hpp"

#include <algorithm>

#include "vrrpd/config/text.hpp"

namespace vrrpd::config {
namespace {

constexpr std::string_view octal_digits = "01234567", hex_digits = "0123456789abcdef";

class Splitter {
public:
    explicit Splitter(std::string_view text) : text_(text) {}

    std::vector<std::string> run() {
        while (at_ < text_.size()) step(text_[at_++]);
        finish();
        return std::move(words_);
    }

private:
    void step(char c) {
        if (c == '\\' && at_ < text_.size()) {
            add(escaped(text_[at_++]));
        } else if (quote_ != 0) {
            c == quote_ ? void(quote_ = 0) : add(c);
        } else if (c == '"' || c == '\'') {
            quote_ = c;
            inside_ = true;  // a pair of quotes alone is an empty word
        } else if (is_blank(c)) {
            finish();
        } else {
            add(c);
        }
    }

    void add(char c) {
        word_ += c;
        inside_ = true;
    }

    void finish() {
        if (inside_) words_.push_back(std::move(word_));
        word_.clear();
        inside_ = false;
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
    std::size_t at_ = 0;
    char quote_ = 0;
    bool inside_ = false;
    std::string word_;
    std::vector<std::string> words_;
};

}  // namespace

std::vector<std::string> split_command(std::string_view text) {
    auto words = Splitter(text).run();
    // No word of a command can hold a NUL.
    for (auto& word : words) word.erase(std::find(word.begin(), word.end(), '\0'), word.end());
    return words;
}

}  // namespace vrrpd::config
