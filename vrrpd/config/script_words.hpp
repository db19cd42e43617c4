// The command of a script keyword, split into its words a second time. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vrrpd::config {

// Both kinds of quotes keep words together, and a backslash stands before a character that is meant or named: \a \b
// \E \f \n \r \t \v \ooo \xHH \cC. A quote that is never closed ends with the text.
[[nodiscard]] std::vector<std::string> split_command(std::string_view text);

}  // namespace vrrpd::config
