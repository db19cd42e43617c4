// The umask as keepalived's files and command lines write it.
#pragma once

#include <optional>
#include <string_view>

namespace vrrpd::config {

inline constexpr unsigned default_umask = 0177;  // keepalived's

// A number with C's prefixes (0177, 0x7f), or names of permissions (IRWXG|IRWXO). nullopt: neither.
[[nodiscard]] std::optional<unsigned> parse_umask(std::string_view text);

}  // namespace vrrpd::config
