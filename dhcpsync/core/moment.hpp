// Two clocks that must not be mixed: BOOTTIME instants order what we do, wall-clock seconds are what a lease file and
// a DHCP client mean by "until". Neither is read here; a step gets both as one Moment. Used by all of dhcpsync.
#pragma once

#include <chrono>
#include <cstdint>

#include "vrrpd/base/time.hpp"

namespace dhcpsync {

using vrrpd::Deadline;
using vrrpd::Duration;
using vrrpd::Instant;

using Seconds = std::chrono::duration<std::int64_t>;

struct WallClock {
    using duration = Seconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<WallClock>;
    static constexpr bool is_steady = false;
};

using WallTime = WallClock::time_point;  // since 1970, UTC
inline constexpr WallTime never = WallTime::max();

struct Moment {
    Instant instant;
    WallTime wall;
};

}  // namespace dhcpsync
