// One run of the simulation: some episodes of chaos, each ended by peace, after which the invariants must hold.
#pragma once

#include <cstdint>
#include <string>

namespace dhcpsync::sim {

// What went wrong; empty: nothing.
[[nodiscard]] std::string run(std::uint64_t seed);

}  // namespace dhcpsync::sim
