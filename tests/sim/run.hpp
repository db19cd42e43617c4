// One run of the simulator: a LAN chosen by the seed, faults, quiet, reloads, and again.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

namespace vrrpd::sim {

// What went wrong; empty if nothing did. `trace` may be null.
[[nodiscard]] std::string run(std::uint64_t seed, std::ostream* trace);

// The command that shows a run again.
[[nodiscard]] std::string replay(std::uint64_t seed);

}  // namespace vrrpd::sim
