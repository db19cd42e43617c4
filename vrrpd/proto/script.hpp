// The life of a tracked script: when it runs, when it has run too long, and what its results make
// of it. Pure: events in, actions out; the supervisor starts and kills processes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "vrrpd/base/time.hpp"

namespace vrrpd::proto {

struct ScriptParameters {
    Duration interval = std::chrono::seconds(1);  // start to start
    Duration timeout = std::chrono::seconds(1);   // of a run
    unsigned rise = 1, fall = 1;                  // so many results in a row turn it

    bool operator==(const ScriptParameters&) const = default;
};

// What a run came to.
struct ScriptResult {
    enum class Kind : std::uint8_t { exited, signalled, timed_out, not_run };
    Kind kind = Kind::exited;
    int code = 0;  // exit code, or number of the signal

    [[nodiscard]] bool is_success() const { return kind == Kind::exited && code == 0; }
    [[nodiscard]] std::string describe() const;  // "failed (exited with status 1)"
    bool operator==(const ScriptResult&) const = default;
};

enum class ScriptHealth : std::uint8_t { unknown, good, failed };

class Script {
public:
    // ---- events
    struct TimeReached {};
    struct Started {};  // the run that was asked for has begun: it may have waited for others
    struct Ended {
        ScriptResult result;  // what the process came to; too late if it timed out before
    };
    using Event = std::variant<TimeReached, Started, Ended>;

    // ---- actions
    struct Run {
        bool operator==(const Run&) const = default;
    };
    // To the whole process group of the run.
    struct Kill {
        bool forced = false;  // SIGKILL, else SIGTERM
        bool operator==(const Kill&) const = default;
    };
    // It is due again and the last run has not ended: this one is left out. Once for each run that lasts so long.
    struct Skipped {
        bool operator==(const Skipped&) const = default;
    };
    // The first result, or another than the last.
    struct Returned {
        ScriptResult result;
        bool operator==(const Returned&) const = default;
    };
    struct Changed {
        ScriptHealth health;
        ScriptResult because;
        bool operator==(const Changed&) const = default;
    };
    using Action = std::variant<Run, Kill, Skipped, Returned, Changed>;
    using Actions = std::vector<Action>;

    // Runs first at `start`.
    Script(const ScriptParameters& parameters, Instant start) : parameters_(parameters), next_(start) {}

    [[nodiscard]] Actions step(Instant now, const Event& event);
    [[nodiscard]] Deadline next_deadline() const;

    [[nodiscard]] ScriptHealth health() const { return health_; }
    // nullopt: none yet.
    [[nodiscard]] const std::optional<ScriptResult>& last() const { return last_; }
    [[nodiscard]] bool is_running() const { return !std::holds_alternative<Idle>(run_); }
    // It overran, and has been told to end; `forced`: by SIGKILL.
    [[nodiscard]] bool is_overdue() const { return std::holds_alternative<Hung>(run_); }
    [[nodiscard]] bool is_forced() const;
    // keepalived's count: 0 to rise - 1 is bad, rise to rise + fall - 1 good. Each result moves it by one, and the one
    // that turns it moves it to the end.
    [[nodiscard]] unsigned result() const;

    // A reload with other numbers; what is known of it stays.
    void reconfigure(const ScriptParameters& parameters) { parameters_ = parameters; }
    // Another process knew this of it, and ran it until now.
    void resume(ScriptHealth health) { health_ = health; }

private:
    struct Idle {};
    struct Asked {};  // the shell has no place for it yet
    struct Running {
        Instant until;
    };
    // It overran: SIGTERM, then SIGKILL again and again.
    struct Hung {
        Instant kill_at;
        unsigned kills = 0;
    };

    void due(Instant now, Actions& actions);
    void overrun(Instant now, Actions& actions);
    void count(const ScriptResult& result, Actions& actions);

    ScriptParameters parameters_;
    Instant next_;
    std::variant<Idle, Asked, Running, Hung> run_;
    bool skipped_ = false;
    ScriptHealth health_ = ScriptHealth::unknown;
    unsigned in_a_row_ = 0;  // results against its health
    std::optional<ScriptResult> last_;
};

}  // namespace vrrpd::proto
