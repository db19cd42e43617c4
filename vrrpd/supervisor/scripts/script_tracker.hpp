// Runs the tracked scripts at their intervals and says what their results make of them. One that hangs, prints
// megabytes, forks away or is not there changes nothing but its own state. Nothing here waits. The supervisor's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/base/log.hpp"
#include "vrrpd/ipc/dump.hpp"
#include "vrrpd/proto/script.hpp"
#include "vrrpd/supervisor/scripts/command_runner.hpp"
#include "vrrpd/supervisor/scripts/script_check.hpp"
#include "vrrpd/supervisor/state_board.hpp"

namespace vrrpd::supervisor {

// One vrrp_script that something tracks.
struct ScriptNeed {
    std::string name;
    std::optional<RunnableScript> script;  // none: it cannot be run here
    proto::ScriptParameters parameters;
};

class ScriptTracker {
public:
    ScriptTracker(Log& log, StateBoard& board);

    // The scripts of a configuration. What is known of one with the same command and user stays.
    void expect(const std::vector<ScriptNeed>& needs, Instant now);
    // What another supervisor knew of a script with the same command.
    void resume(const ipc::TrackerState& known);
    // For keepalived.data.
    [[nodiscard]] std::vector<ipc::ScriptState> states() const;
    void child_ended() { runner_.child_ended(); }  // somebody's child ended: perhaps one of ours
    [[nodiscard]] Deadline next_deadline() const;
    void step(Instant now);

private:
    struct Tracked {
        ScriptNeed need;
        proto::Script life;
        CommandRunner::Ticket run = 0;  // the last one
        std::string because{};          // its health is what it is
    };

    void feed(Tracked& tracked, const proto::Script::Event& event);
    void perform(Tracked& tracked, const proto::Script::Run& action);
    void perform(Tracked& tracked, const proto::Script::Kill& action);
    void perform(Tracked& tracked, const proto::Script::Skipped& action);
    void perform(Tracked& tracked, const proto::Script::Returned& action);
    void perform(Tracked& tracked, const proto::Script::Changed& action);
    void publish(const Tracked& tracked);

    Log& log_;
    StateBoard& board_;
    CommandRunner runner_;
    std::vector<std::unique_ptr<Tracked>> all_;  // running commands point at them
};

}  // namespace vrrpd::supervisor
