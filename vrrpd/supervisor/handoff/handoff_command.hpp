// The commands that ask a running daemon to make room (handoff_wire.hpp): --handoff, and --make-way, the unit's
// ExecStop. program.cpp's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vrrpd/supervisor/log_sink.hpp"
#include "vrrpd/supervisor/options.hpp"

namespace vrrpd::supervisor {

// The daemon that runs starts its successor itself: in its cgroup and its sandbox, with the manager's socket in its
// environment, whoever asks. `words`: the command line. The exit code; none: no daemon runs.
[[nodiscard]] std::optional<int> hand_off(std::vector<std::string> words, Options options, LogSink& log);

// Where the stop is the first half of a restart: a handoff to a daemon that waits for the second half (make_way.hpp).
// What cannot be done is said, and a stop as usual follows: so it is with a file that could not start, with which
// nobody would come. The exit code.
[[nodiscard]] int make_way(std::vector<std::string> words, const Options& options, LogSink& log);

}  // namespace vrrpd::supervisor
