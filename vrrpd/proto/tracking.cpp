// Weight arithmetic; see tracking.hpp.
#include "vrrpd/proto/tracking.hpp"

namespace vrrpd::proto {

namespace {

bool good(const Tracked& tracked) { return tracked.up != tracked.reverse; }

}  // namespace

int contribution(const Tracked& tracked) {
    const bool counts = tracked.weight > 0 ? good(tracked) : !good(tracked);
    return counts ? tracked.weight : 0;
}

bool is_fault(const Tracked& tracked) { return tracked.weight == 0 && !good(tracked); }

Priority effective_priority(Priority base, std::span<const Tracked> tracked) {
    if (base.is_owner()) return base;
    int total = base.value();
    for (const auto& one : tracked) total += contribution(one);
    return Priority::clamped(total);
}

}  // namespace vrrpd::proto
