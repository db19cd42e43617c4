// Actions of a virtual router as one line each, with operators' names of the states. For tests and the simulator.
#pragma once

#include <string>

#include "vrrpd/proto/machine.hpp"

namespace vrrpd::proto {

[[nodiscard]] std::string text(const Action& action);
[[nodiscard]] std::string text(Role role);
[[nodiscard]] std::string text(Cause cause);
[[nodiscard]] std::string text(Duration duration);  // "360.9375ms"
[[nodiscard]] inline std::string text(Instant instant) { return text(instant.time_since_epoch()); }

}  // namespace vrrpd::proto
