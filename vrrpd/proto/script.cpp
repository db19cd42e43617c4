#include "vrrpd/proto/script.hpp"

#include <algorithm>
#include <utility>

namespace vrrpd::proto {

namespace {

// keepalived's: SIGKILL two seconds after SIGTERM, and again.
constexpr Duration first_kill = std::chrono::seconds(2), later_kill = std::chrono::seconds(10);

}  // namespace

std::string ScriptResult::describe() const {
    switch (kind) {
        case Kind::exited:
            return code == 0 ? "succeeded" : "failed (exited with status " + std::to_string(code) + ")";
        case Kind::signalled:
            return "failed (due to signal " + std::to_string(code) + ")";
        case Kind::timed_out:
            return "timed_out";
        case Kind::not_run:
            return "could not be run";
    }
    return {};
}

Script::Actions Script::step(Instant now, const Event& event) {
    Actions actions;
    if (const auto* ended = std::get_if<Ended>(&event)) {
        // What a killed one comes to was counted when it overran.
        const bool counts = std::holds_alternative<Running>(run_) || std::holds_alternative<Asked>(run_);
        run_ = Idle{};
        skipped_ = false;
        if (counts) count(ended->result, actions);
    } else if (std::holds_alternative<Started>(event)) {
        if (std::holds_alternative<Asked>(run_)) run_ = Running{now + parameters_.timeout};
        return actions;
    }
    overrun(now, actions);
    due(now, actions);
    return actions;
}

void Script::due(Instant now, Actions& actions) {
    if (now < next_) return;
    // Start to start; what was missed while nobody asked is not made up for.
    next_ = std::max(next_ + parameters_.interval, now);
    if (next_ == now) next_ = now + parameters_.interval;
    if (!is_running()) {
        run_ = Asked{};
        actions.emplace_back(Run{});
    } else if (!std::exchange(skipped_, true)) {
        actions.emplace_back(Skipped{});
    }
}

void Script::overrun(Instant now, Actions& actions) {
    if (const auto* running = std::get_if<Running>(&run_); running && now >= running->until) {
        run_ = Hung{now + first_kill};
        actions.emplace_back(Kill{false});
        count({ScriptResult::Kind::timed_out, 0}, actions);
    } else if (auto* hung = std::get_if<Hung>(&run_); hung && now >= hung->kill_at) {
        actions.emplace_back(Kill{true});
        hung->kill_at = now + (hung->kills++ == 0 ? first_kill : later_kill);
    }
}

void Script::count(const ScriptResult& result, Actions& actions) {
    if (last_ != result) actions.emplace_back(Returned{result});
    last_ = result;
    const auto now = result.is_success() ? ScriptHealth::good : ScriptHealth::failed;
    if (now == health_) {
        in_a_row_ = 0;
        return;
    }
    ++in_a_row_;
    const auto needed = now == ScriptHealth::good ? parameters_.rise : parameters_.fall;
    if (health_ != ScriptHealth::unknown && in_a_row_ < needed) return;
    in_a_row_ = 0;
    health_ = now;
    actions.emplace_back(Changed{now, result});
}

bool Script::is_forced() const {
    const auto* hung = std::get_if<Hung>(&run_);
    return hung != nullptr && hung->kills > 0;
}

unsigned Script::result() const {
    if (health_ != ScriptHealth::good) return health_ == ScriptHealth::failed ? in_a_row_ : 0;
    return parameters_.rise + parameters_.fall - 1 - in_a_row_;
}

Deadline Script::next_deadline() const {
    Deadline next = next_;
    if (const auto* running = std::get_if<Running>(&run_)) next = earlier(next, running->until);
    if (const auto* hung = std::get_if<Hung>(&run_)) next = earlier(next, hung->kill_at);
    return next;
}

}  // namespace vrrpd::proto
