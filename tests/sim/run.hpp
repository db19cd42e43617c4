// One run of the simulator: a LAN chosen by the seed, faults, quiet, reloads, and again.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

namespace vrrpd::sim {

// What went wrong; empty if nothing did. `trace` may be null.
[[nodiscard]] std::string run(std::uint64_t seed, std::ostream* trace);

// The command that shows a run again, from the root of the project. `option`: "--groups " for a run of group_world.hpp.
[[nodiscard]] std::string replay(std::uint64_t seed, const std::string& option = {});

}  // namespace vrrpd::sim
