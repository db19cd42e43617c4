// The metrics of a route by name, as ip-route(8) and keepalived's files write them. For who reads routes, and for who
// shows them.
#pragma once

#include <linux/rtnetlink.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace vrrpd::config {

// How the value of a metric is written.
enum class MetricUnit : std::uint8_t {
    number,
    eighths,   // a time in eighths of a millisecond; a bare number as it stands
    quarters,  // ... in quarters
    milliseconds,
};
struct RouteMetricWord {
    std::string_view name;
    std::uint16_t kind;  // RTAX_*
    MetricUnit unit;
    std::int64_t most;
};
inline constexpr std::array route_metric_words = {
    RouteMetricWord{"advmss", RTAX_ADVMSS, MetricUnit::number, 65'495},
    RouteMetricWord{"rtt", RTAX_RTT, MetricUnit::eighths, UINT32_MAX},
    RouteMetricWord{"rttvar", RTAX_RTTVAR, MetricUnit::quarters, UINT32_MAX},
    RouteMetricWord{"reordering", RTAX_REORDERING, MetricUnit::number, UINT32_MAX},
    RouteMetricWord{"cwnd", RTAX_CWND, MetricUnit::number, UINT32_MAX},
    RouteMetricWord{"ssthresh", RTAX_SSTHRESH, MetricUnit::number, UINT32_MAX},
    RouteMetricWord{"rto_min", RTAX_RTO_MIN, MetricUnit::milliseconds, UINT32_MAX},
    RouteMetricWord{"window", RTAX_WINDOW, MetricUnit::number, UINT32_MAX},
    RouteMetricWord{"initcwnd", RTAX_INITCWND, MetricUnit::number, UINT32_MAX},
    RouteMetricWord{"initrwnd", RTAX_INITRWND, MetricUnit::number, UINT32_MAX},
    RouteMetricWord{"hoplimit", RTAX_HOPLIMIT, MetricUnit::number, 255},
    RouteMetricWord{"quickack", RTAX_QUICKACK, MetricUnit::number, 1},
    RouteMetricWord{"fastopen_no_cookie", RTAX_FASTOPEN_NO_COOKIE, MetricUnit::number, 1},
};
[[nodiscard]] constexpr unsigned per_millisecond(MetricUnit unit) {
    return unit == MetricUnit::eighths ? 8 : unit == MetricUnit::quarters ? 4 : 1;
}

}  // namespace vrrpd::config
