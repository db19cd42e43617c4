// Weight arithmetic: base priority plus what the trackers add or take. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "vrrpd/proto/types.hpp"

namespace vrrpd::proto {

// One tracked object as it is now. weight 0: being down is a fault, with `reverse` being up is one. weight > 0: added
// while up; weight < 0: taken while down; with `reverse` as keepalived has it, the sign alone is another one: what
// would be added is taken.
struct Tracked {
    std::string name;  // for the log: "wan0"
    int weight = 0;    // -254..254
    bool reverse = false;
    bool up = true;
    bool known = true;                     // a script without a result weighs nothing, and is no fault
    std::optional<std::int64_t> number{};  // a file's: it is multiplied with the weight instead
    std::string word{};                    // for the log: what it is like. Empty: up or down

    bool operator==(const Tracked&) const = default;
};

// What it adds to the total now.
[[nodiscard]] int contribution(const Tracked& tracked);
// Whether it is a fault now.
[[nodiscard]] bool is_fault(const Tracked& tracked);
// base + contributions, clamped to 1..254. An owner (255) is never changed.
[[nodiscard]] Priority effective_priority(Priority base, std::span<const Tracked> tracked);

}  // namespace vrrpd::proto
