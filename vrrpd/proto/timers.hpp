// The arithmetic of RFC 3768 6.1 and RFC 9568 6.1, exact to the nanosecond.
#pragma once

#include "vrrpd/base/time.hpp"
#include "vrrpd/proto/types.hpp"

namespace vrrpd::proto {

// Skew_Time. v2: (256 - P) / 256 seconds, whatever the interval (RFC 3768 6.1). v3: (256 - P) *
// Active_Adver_Interval / 256 (RFC 9568 6.1).
[[nodiscard]] Duration skew_time(Version version, Priority priority, Centiseconds interval);

// Active_Down_Interval: adverts * interval + Skew_Time. `adverts` is 3 in the RFCs and
// `down_timer_adverts` in keepalived's files (1..100).
[[nodiscard]] Duration down_interval(Version version, Priority priority, Centiseconds interval, unsigned adverts);

}  // namespace vrrpd::proto
