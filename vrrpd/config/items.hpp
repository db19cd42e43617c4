// Values that occur in several kinds of list items. Internal to vrrpd/config.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace vrrpd::config {

// global, site, link, host, nowhere or 0..255.
[[nodiscard]] std::optional<std::uint8_t> parse_scope(std::string_view text);
// main, local, default or a number from 1: the names of rt_tables are files, which a parser does not read.
[[nodiscard]] std::optional<std::uint32_t> parse_table(std::string_view text);

}  // namespace vrrpd::config
