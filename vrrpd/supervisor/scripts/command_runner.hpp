// Runs commands beside everything else: a few at once, the others wait, none for ever. Nothing here waits. The
// supervisor's.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "vrrpd/base/log.hpp"
#include "vrrpd/base/time.hpp"
#include "vrrpd/supervisor/restart_policy.hpp"
#include "vrrpd/supervisor/scripts/command.hpp"
#include "vrrpd/supervisor/scripts/process_tree.hpp"

namespace vrrpd::supervisor {

class CommandRunner {
public:
    struct Limits {
        std::size_t at_once = 1;
        std::size_t waiting = 0;  // more: the oldest of them is dropped
        // One that runs for longer does not count any more: a few that hang must not keep all others back. Zero: it
        // always counts.
        Duration counts_for{0};
        // So long a command waits for one of its key; then it runs beside it, as it would with keepalived. Zero: for
        // ever.
        Duration patience{0};
    };
    CommandRunner(Log& log, const Limits& limits) : log_(log), limits_(limits) {}
    CommandRunner(const CommandRunner&) = delete;
    CommandRunner& operator=(const CommandRunner&) = delete;
    ~CommandRunner();  // kills what still runs

    // What a command leaves in the background when it ends is its own affair.
    using Ticket = std::uint64_t;
    Ticket run(Command command);
    // To a command that runs, with its process group and its children; what is left of them when it has ended is
    // killed.
    void signal(Ticket ticket, int number);
    // It is no longer wanted: not run if it still waits, else killed; `done` is not called.
    void drop(Ticket ticket);
    // The end is near: all has so much time left at most, and nothing waits for another of its key.
    void hurry(Duration left);
    [[nodiscard]] bool idle() const { return running_.empty() && waiting_.empty(); }

    void child_ended();  // somebody's child ended: perhaps one of ours
    [[nodiscard]] Deadline next_deadline() const;
    void step(Instant now);

private:
    struct Waiting {
        Ticket ticket;
        Command command;
        Deadline patient_until;  // none: for ever
    };
    struct Running {
        Ticket ticket;
        Command command;
        CommandProcess process;
        ProcessTree tree;       // as it was when it was signalled last
        Deadline counts_until;  // none: always
        Deadline kill_at;
        bool overran = false;    // was told to end, by the limit
        bool signalled = false;  // or by somebody else
    };

    [[nodiscard]] bool has_place(Instant now) const;
    [[nodiscard]] bool must_wait(const Waiting& one, Instant now) const;
    void start_next();
    void start_now(Waiting one, Instant now);
    void supersede(const std::string& key);
    void drop_oldest();
    void finish(const Command& command, const Outcome& outcome);
    static void signal(Running& one, int number);
    [[nodiscard]] static Outcome outcome_of(const Running& ended, const Ending& how);

    Log& log_;
    Limits limits_;
    std::vector<Running> running_;
    std::deque<Waiting> waiting_;
    Ticket last_ticket_ = 0;
    std::size_t dropped_ = 0;  // since last nobody waited
    Deadline end_at_;          // in a hurry
};

}  // namespace vrrpd::supervisor
