// What the handlers of our own blocks share. A fault in one of them prevents a start. Internal to
// vrrpd/config.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vrrpd/config/reader.hpp"

namespace vrrpd::config {

// Whether the statement has that many words, its keyword included; a fault that says how it is written if not.
bool word_count(Reader& reader, const Statement& s, std::size_t least, std::size_t most, std::string_view usage);
// The argument as a number (or as `what` it is) within the range of its table.
[[nodiscard]] std::optional<std::int64_t> own_number(Reader& reader, const Statement& s,
                                                     std::string_view what = "a number");
// The argument as a name in the file system; it must be whole, for a daemon has no directory of its own.
[[nodiscard]] std::optional<std::string> own_path(Reader& reader, const Statement& s);
// The rest of the line: an executable and its words. It is run as it stands, without a shell.
[[nodiscard]] std::optional<std::vector<std::string>> own_command(Reader& reader, const Statement& s);

// What a block says of the gateway that it follows, and where.
struct Following {
    std::string_view block;  // its keyword
    std::string_view gateway;
    Place block_place, follows_place;
};
// Once the gateways are known. A fault and null if there is none.
[[nodiscard]] Gateway* followed_gateway(Reader& reader, const Following& following);

}  // namespace vrrpd::config
