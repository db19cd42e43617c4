// What every child of the supervisor does first, and how it ended. The supervisor's.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "vrrpd/supervisor/restart_policy.hpp"

namespace vrrpd::supervisor {

// The signals of a terminal or of a service manager reach the whole group; the order to stop comes through
// the channel, after the hand-over was asked for.
void leave_signals_to_the_supervisor();

// A child writes to its channel alone. A copy of the caller's stdout in it would keep open, for as long as
// the daemon runs, a pipe that somebody reads to its end.
void let_go_of_streams(bool keep_stderr);

// Every descriptor but the three streams and these, whatever their order. Also where there is no close_range() (before
// Linux 5.9), or a sandbox around us refuses it.
void close_all_but(std::vector<int> kept);

// The child's end, if it ended. Never waits.
[[nodiscard]] std::optional<Ending> ended(pid_t pid);
// Some child that has ended and was not asked for yet, and stays so; 0: none.
[[nodiscard]] pid_t ended_child();
// "was killed by signal 9 (Killed)"
[[nodiscard]] std::string describe(const Ending& how);

}  // namespace vrrpd::supervisor
