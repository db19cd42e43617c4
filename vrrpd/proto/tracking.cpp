// Weight arithmetic; see tracking.hpp.
#include "vrrpd/proto/tracking.hpp"

#include <algorithm>

namespace vrrpd::proto {

namespace {

constexpr int most = 253;  // what one object may add or take (keepalived.conf(5))

int sign(const Tracked& tracked) { return tracked.reverse ? -1 : 1; }

// From -254, which is a fault, to 253.
int product(const Tracked& tracked) {
    constexpr std::int64_t enough = 1'000;  // any number beyond is as good
    const auto number = std::clamp(*tracked.number, -enough, enough);
    const auto value = number * tracked.weight * sign(tracked);
    return static_cast<int>(std::clamp<std::int64_t>(value, -most - 1, most));
}

}  // namespace

int contribution(const Tracked& tracked) {
    if (!tracked.known) return 0;
    if (tracked.number) return is_fault(tracked) ? 0 : product(tracked);
    const bool counts = tracked.up == (tracked.weight > 0);
    return counts ? std::clamp(tracked.weight, -most, most) * sign(tracked) : 0;
}

bool is_fault(const Tracked& tracked) {
    if (!tracked.known) return false;
    if (!tracked.number) return tracked.weight == 0 && tracked.up == tracked.reverse;
    return tracked.weight == 0 ? (*tracked.number != 0) != tracked.reverse : product(tracked) < -most;
}

Priority effective_priority(Priority base, std::span<const Tracked> tracked) {
    if (base.is_owner()) return base;
    int total = base.value();
    for (const auto& one : tracked) total += contribution(one);
    return Priority::clamped(total);
}

}  // namespace vrrpd::proto
