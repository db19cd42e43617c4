// Time as every core sees it: an argument. BootClock has no now(); only a shell (vrrpd/base/loop)
// reads CLOCK_BOOTTIME, once per turn, and hands the instant down.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace vrrpd {

using Duration = std::chrono::nanoseconds;

struct BootClock {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;
};

using Instant = BootClock::time_point;
using Deadline = std::optional<Instant>;  // nullopt: nothing is due

// The time of day, UTC. Only what must agree with other machines is told in it: it can be set.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

// The unit of VRRPv3's Max Advertise Interval (RFC 9568 5.2.7). Seconds convert; milliseconds and
// bare integers do not.
using Centiseconds = std::chrono::duration<std::int32_t, std::centi>;

[[nodiscard]] constexpr Deadline earlier(Deadline a, Deadline b) {
    if (!a) return b;
    if (!b) return a;
    return *a < *b ? a : b;
}

}  // namespace vrrpd
