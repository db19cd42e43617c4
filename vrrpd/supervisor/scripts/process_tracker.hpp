// Counts the processes of tracked names: told by the kernel's process connector, or, where that is not
// to be had (another network namespace, no permission), by a look at /proc each second. The supervisor's.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/config/script_model.hpp"
#include "vrrpd/proto/quorum.hpp"
#include "vrrpd/supervisor/state_board.hpp"

namespace vrrpd::supervisor {

// A process as /proc shows it.
struct ProcessSeen {
    std::string comm;                // at most 15 characters
    std::vector<std::string> words;  // empty: a kernel thread
};
// nullopt: it has ended.
[[nodiscard]] std::optional<ProcessSeen> look_at(pid_t pid);
[[nodiscard]] std::vector<pid_t> all_processes();
[[nodiscard]] bool matches(const config::TrackedProcess& wanted, const ProcessSeen& seen);

class ProcessTracker {
public:
    ProcessTracker(Loop& loop, Log& log, StateBoard& board) : loop_(loop), log_(log), board_(board) {}
    ProcessTracker(const ProcessTracker&) = delete;
    ProcessTracker& operator=(const ProcessTracker&) = delete;
    ~ProcessTracker() { watch_ = {}; }

    void expect(const std::vector<config::TrackedProcess>& processes);
    [[nodiscard]] Deadline next_deadline() const;
    void step(Instant now);

private:
    struct Tracked {
        config::TrackedProcess process;
        proto::Quorum quorum;
    };

    void connect();
    void read_events();
    void look_at_all();
    [[nodiscard]] std::vector<bool> matched(pid_t pid) const;
    void judge();

    Loop& loop_;
    Log& log_;
    StateBoard& board_;
    Fd connector_;
    Loop::Watch watch_;  // ends before connector_
    std::vector<Tracked> all_;
    std::map<pid_t, std::vector<bool>> known_;  // those that match any: by number in all_
    Deadline look_at_;                          // without connector
};

}  // namespace vrrpd::supervisor
