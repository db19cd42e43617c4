#include "vrrpd/engine/core/rule_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace vrrpd::engine {

void RuleWatch::changed(const netlink::nft::RulesetMonitor::Seen& seen, Instant now) {
    if (seen.ours_touched && !seen.by.empty()) changed_by_ = seen.by;
    if (seen.ours_touched)
        inspect_at_ = earlier(inspect_at_, now + delay);
    else if (seen.foreign_touched || seen.overrun)
        inspect_at_ = earlier(inspect_at_, std::max(now + delay, inspected_at_ + foreign_pause));
}

bool RuleWatch::step(Instant now) {
    if (inspecting_ || !inspect_at_ || *inspect_at_ > now) return false;
    inspect_at_ = now + interval;
    return inspecting_ = true;
}

void RuleWatch::inspected(Instant now) {
    inspecting_ = false;
    inspected_at_ = now;
}

bool RuleWatch::may_put_right(Instant now) {
    if (repairs_.take(now) != BackOff::Turn::too_soon) return true;
    inspect_at_ = earlier(inspect_at_, repairs_.next());
    return false;
}

// Counted apart from the brake: opening the fence puts back a set that is taken away in between, too.
std::optional<std::string> RuleWatch::put_right(Instant now) {
    const auto by = changed_by_.empty() ? std::string("someone else") : std::exchange(changed_by_, {});
    if (now > put_right_at_ + BackOff::calm) in_a_row_ = 0;
    put_right_at_ = now;
    ++in_a_row_;
    ++unsaid_;
    const bool again_and_again = in_a_row_ > said_each_time;
    if (again_and_again && now < said_at_ + say_pause) return std::nullopt;
    said_at_ = now;
    const auto times = std::exchange(unsaid_, 0);
    if (!again_and_again)
        return fmt::format("our packet rules (table vrrpd) were changed or removed by {}: installed again", by);
    return fmt::format(
        "our packet rules (table vrrpd) are changed or removed again and again, by {} now: installed again, at most "
        "once a second ({} times since this was said last)",
        by, times);
}

}  // namespace vrrpd::engine
