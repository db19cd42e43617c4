// Raw lines of a file: text in which every character remembers its column, so that a fault in an expanded
// line still points at what the user wrote. For load.cpp and expand.cpp. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "vrrpd/config/parse.hpp"

namespace vrrpd::config {

class Text {
public:
    Text() = default;
    // All characters at one column: the value of a definition, say.
    Text(std::string_view chars, unsigned column) { append(chars, column); }

    [[nodiscard]] std::string_view chars() const { return chars_; }
    [[nodiscard]] std::size_t size() const { return chars_.size(); }
    [[nodiscard]] bool empty() const { return chars_.empty(); }
    [[nodiscard]] char operator[](std::size_t at) const { return chars_[at]; }
    [[nodiscard]] unsigned column(std::size_t at) const { return at < columns_.size() ? columns_[at] : 0; }
    [[nodiscard]] bool starts_with(std::string_view prefix) const { return chars().substr(0, prefix.size()) == prefix; }

    void append(char c, unsigned column) {
        chars_ += c;
        columns_.push_back(column);
    }
    void append(std::string_view chars, unsigned column) {
        for (const char c : chars) append(c, column);
    }
    void append(const Text& other);
    [[nodiscard]] Text sub(std::size_t from, std::size_t count = std::string::npos) const;
    [[nodiscard]] Text trimmed() const&;
    [[nodiscard]] Text trimmed() &&;  // without a copy where there is nothing to take off
    void reserve(std::size_t size) {
        chars_.reserve(size);
        columns_.reserve(size);
    }

private:
    std::string chars_;
    std::vector<unsigned> columns_;
};

[[nodiscard]] constexpr bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
[[nodiscard]] constexpr bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
[[nodiscard]] constexpr bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }
[[nodiscard]] std::string_view trim(std::string_view text);

// One line of a file without its comment (`!` or `#` outside quotes; `\#` and `\!` are the characters) and
// without blanks at both ends.
[[nodiscard]] Text without_comment(std::string_view line);

// The words of an expanded line, braces split off as lines of their own. An unbalanced quote
// takes the rest of the line; `unbalanced` is then its column.
struct Split {
    std::vector<std::vector<Word>> lines;
    unsigned unbalanced = 0;
    char quote = '"';  // that is not closed
};
[[nodiscard]] Split split_words(const Text& line);

// Whether the line is that brace.
[[nodiscard]] bool is_brace(const Line& line, std::string_view brace);

}  // namespace vrrpd::config
