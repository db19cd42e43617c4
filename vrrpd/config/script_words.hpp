// The command of a script keyword, split into its words a second time. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vrrpd::config {

// A word as a script keyword has it, from `at` up to a blank or a brace. Both kinds of quotes keep it together, and a
// backslash stands before a character that is meant or named: \a \b \E \f \n \r \t \v \ooo \xHH \cC.
struct CommandWord {
    std::string text;
    std::size_t end = 0;  // behind it
    // The quote that is never closed, and takes the rest of the text.
    std::optional<std::size_t> unclosed;
};
[[nodiscard]] CommandWord command_word(std::string_view text, std::size_t at);

// The words of a command, which is one such word itself. Empty: a quote in it is never closed.
[[nodiscard]] std::vector<std::string> split_command(std::string_view text);

}  // namespace vrrpd::config
