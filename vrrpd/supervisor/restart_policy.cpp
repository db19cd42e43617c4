#include "vrrpd/supervisor/restart_policy.hpp"

#include <algorithm>

namespace vrrpd::supervisor {

using std::chrono::seconds;

namespace {

constexpr Duration rapid = seconds(10);      // two crashes within: the roles are not adopted again
constexpr Duration long_life = seconds(60);  // a life of that length ends the back-off
constexpr Duration longest_wait = seconds(60);

// Codes with which an engine says that another try would end the same way.
bool is_permanent(const Ending& how) {
    return !how.by_signal &&
           (how.code == static_cast<int>(Exit::failed) || how.code == static_cast<int>(Exit::bad_config) ||
            how.code == static_cast<int>(Exit::no_permission));
}

}  // namespace

void RestartPolicy::started(Instant now) {
    started_ = now;
    was_ready_ = false;
}

Verdict RestartPolicy::ended(Instant now, const Ending& how) {
    if (!was_ready_ && is_permanent(how)) return GiveUp{how.code};
    if (!restarts_) return GiveUp{how.by_signal ? static_cast<int>(Exit::failed) : how.code};
    const bool again = last_crash_ && now - *last_crash_ < rapid + back_off_;
    if (now - started_ >= long_life) back_off_ = Duration(0);
    last_crash_ = now;
    if (!again) return Restart{.wait = Duration(0), .sweep = false, .adopt = true};
    back_off_ = std::clamp<Duration>(back_off_ * 2, seconds(1), longest_wait);
    return Restart{.wait = back_off_, .sweep = true, .adopt = false};
}

void Heartbeat::started(Instant now) {
    started_ = now;
    next_check_ = now + limit_;
}

bool Heartbeat::hung(Instant now, Instant last_beat) {
    const Instant alive_at = std::max(last_beat, started_);
    const bool silent = now - alive_at >= limit_;
    const bool we_were_late = now - next_check_ >= limit_ / 2;
    if (silent && !we_were_late) return true;
    if (silent) started_ = now;
    next_check_ = std::max(alive_at, started_) + limit_;
    return false;
}

Duration heartbeat_limit(Duration longest_interval) { return std::max<Duration>(seconds(1), 3 * longest_interval); }

}  // namespace vrrpd::supervisor
