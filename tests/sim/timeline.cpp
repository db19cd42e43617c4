#include "tests/sim/timeline.hpp"

#include <algorithm>
#include <ostream>
#include <utility>

#include "tests/proto/text.hpp"

namespace vrrpd::sim {

using proto::text;

void Timeline::later(Duration delay, std::function<void()> happen) {
    queue_.push({now_ + delay, order_++, std::move(happen)});
}

void Timeline::run_until(Instant end) {
    while (violation_.empty() && !queue_.empty() && queue_.top().at <= end) {
        const auto next = queue_.top();
        queue_.pop();
        now_ = next.at;
        next.happen();
        observer_();
    }
    now_ = std::max(now_, end);
    observer_();
}

void Timeline::violated(const std::string& what) {
    if (!violation_.empty()) return;
    violation_ = "at " + text(now_) + ": " + what;
    if (trace_) *trace_ << "VIOLATION " << violation_ << '\n';
}

void Timeline::say(const std::string& what) {
    if (trace_) *trace_ << text(now_) << ' ' << what << '\n';
}

}  // namespace vrrpd::sim
