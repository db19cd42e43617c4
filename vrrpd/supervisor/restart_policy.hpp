// When the engine ended: start it again, how, and after how long; or give up. And when it counts as hung.
// Pure, for the supervisor. The back-off is keepalived's.
#pragma once

#include <variant>

#include "vrrpd/base/time.hpp"

namespace vrrpd::supervisor {

// Exit codes of keepalived that the program uses.
enum class Exit : int {
    ok = 0,
    failed = 1,      // fatal error, bad command line
    bad_config = 2,  // the configuration cannot be run
    no_permission = 4,
    no_config = 6,  // no configuration file
};

// How the engine's process ended, as wait() tells.
struct Ending {
    bool by_signal = false;
    int code = 0;  // exit code, or number of the signal
    bool operator==(const Ending&) const = default;
};

struct Restart {
    Duration wait{0};
    bool sweep = false;  // remove what it left behind first, and start as Backup
    bool adopt = false;  // let the new engine adopt fresh roles
    bool operator==(const Restart&) const = default;
};
struct GiveUp {
    int status = 1;
    bool operator==(const GiveUp&) const = default;
};
using Verdict = std::variant<Restart, GiveUp>;

class RestartPolicy {
public:
    void never_restart() { restarts_ = false; }  // -R
    void started(Instant now);
    void ready() { was_ready_ = true; }
    [[nodiscard]] Verdict ended(Instant now, const Ending& how);

private:
    Instant started_{};
    bool was_ready_ = false;
    bool restarts_ = true;
    Deadline last_crash_;
    Duration back_off_{0};  // what the next crash in a row waits
};

// Whether the engine's heart beats. A supervisor that was itself late (suspended, starved) cannot tell,
// and grants one more period: a machine that was stopped as a whole must not lose its engine.
class Heartbeat {
public:
    explicit Heartbeat(Duration limit) : limit_(limit) {}

    void set_limit(Duration limit) { limit_ = limit; }
    void started(Instant now);  // the engine was started, or went on to another phase
    // True: no beat for the whole limit, although we looked in time.
    [[nodiscard]] bool hung(Instant now, Instant last_beat);
    [[nodiscard]] Instant next_check() const { return next_check_; }

private:
    Duration limit_;
    Instant started_{};
    Instant next_check_{};
};

// max(1 s, 3 x the largest advert_int).
[[nodiscard]] Duration heartbeat_limit(Duration longest_interval);

}  // namespace vrrpd::supervisor
