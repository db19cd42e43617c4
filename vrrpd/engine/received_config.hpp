// The configuration as the supervisor hands it over: lines in a memfd, judged already. The engine's.
#pragma once

#include <optional>
#include <string>

#include "vrrpd/config/model.hpp"

namespace vrrpd::engine {

// `id`: of the lines for one host only (@ID). none: it cannot be read back. What the parse needed, several times the
// size of what it made, is given back to the system.
[[nodiscard]] std::optional<config::Config> received_config(int memfd, const std::string& id);

}  // namespace vrrpd::engine
