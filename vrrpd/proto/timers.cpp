// Skew_Time and Active_Down_Interval; see timers.hpp.
#include "vrrpd/proto/timers.hpp"

#include "vrrpd/base/assert.hpp"

namespace vrrpd::proto {

Duration skew_time(Version version, Priority priority, Centiseconds interval) {
    ASSERT(!priority.is_resign());
    const Duration unit = version == Version::v2 ? Duration(std::chrono::seconds(1)) : Duration(interval);
    return unit * (256 - priority.value()) / 256;
}

Duration down_interval(Version version, Priority priority, Centiseconds interval, unsigned adverts) {
    ASSERT(adverts >= 1);
    return Duration(interval) * adverts + skew_time(version, priority, interval);
}

}  // namespace vrrpd::proto
