// The section of vrrpd.conf(5) that is made from the parser's own tables: every keyword that is acted on, what may
// follow it, and what holds without it. Pure.
#pragma once

#include <string>

#include "vrrpd/config/keywords.hpp"

namespace vrrpd::man {

// "1 to 255", "[on|off]", "NAME { }"
[[nodiscard]] std::string argument(const config::Keyword& keyword);

// In roff.
[[nodiscard]] std::string keyword_list();

}  // namespace vrrpd::man
