// One run of the simulation: some episodes of chaos, each ended by peace, after which the invariants must hold.
#pragma once

#include <cstdint>
#include <string>

namespace dhcpsync::sim {

enum class Servers : std::uint8_t {
    prompt,  // what they did is read at once, and whole
    real,    // ... later, or in parts; and they are restarted
};

// Those of the routers.
enum class Clocks : std::uint8_t {
    wrong_at_times,
    right,  // so it can be said who was promised what until when
};

// What went wrong; empty: nothing.
[[nodiscard]] std::string run(std::uint64_t seed, Servers servers, Clocks clocks);

}  // namespace dhcpsync::sim
