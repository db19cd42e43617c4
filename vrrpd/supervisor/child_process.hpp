// What every child of the supervisor does first. For engine_process and agent_process.
#pragma once

namespace vrrpd::supervisor {

// The signals of a terminal or of a service manager reach the whole group; the order to stop comes through
// the channel, after the hand-over was asked for.
void leave_signals_to_the_supervisor();

// A child writes to its channel alone. A copy of the caller's stdout in it would keep open, for as long as
// the daemon runs, a pipe that somebody reads to its end.
void let_go_of_streams(bool keep_stderr);

}  // namespace vrrpd::supervisor
