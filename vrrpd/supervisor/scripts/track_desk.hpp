// All that is tracked beside the kernel's devices: scripts, files, processes. Watches it, and tells the engine what it
// is like. The supervisor's.
#pragma once

#include <vector>

#include "vrrpd/supervisor/scripts/file_tracker.hpp"
#include "vrrpd/supervisor/scripts/process_tracker.hpp"
#include "vrrpd/supervisor/scripts/script_tracker.hpp"

namespace vrrpd::supervisor {

// What of a configuration is tracked by anybody.
struct TrackNeeds {
    std::vector<ScriptNeed> scripts;
    std::vector<config::TrackedFile> files;
    std::vector<config::TrackedProcess> processes;
};

class TrackDesk {
public:
    TrackDesk(Loop& loop, Log& log)
        : loop_(loop), scripts_(log, board_), files_(loop, log, board_), processes_(loop, log, board_) {}

    void expect(const TrackNeeds& needs);
    // For a successor of the daemon, and from the daemon before, after expect(). Files and processes are looked at
    // anew.
    [[nodiscard]] std::vector<ipc::TrackerState> memory() const { return board_.all(); }
    void remember(const std::vector<ipc::TrackerState>& memory) {
        for (const auto& state : memory) scripts_.resume(state);
    }
    // Another engine, or the same with another configuration.
    void tell_again() { board_.tell_all_again(); }
    void tell(const StateBoard::Send& send);

    [[nodiscard]] std::vector<ipc::ScriptState> script_states() const { return scripts_.states(); }

    void child_ended() { scripts_.child_ended(); }
    [[nodiscard]] Deadline next_deadline() const;
    void step(Instant now);

private:
    Loop& loop_;
    StateBoard board_;
    ScriptTracker scripts_;
    FileTracker files_;
    ProcessTracker processes_;
    Deadline tell_at_;  // the engine's queue was full
};

}  // namespace vrrpd::supervisor
