// A command of the administrator as a child process: a script of a configuration, an alert, the restart of a DHCP
// server. The supervisor's.
//
// Run as keepalived runs its scripts: in a process group of its own, with default signals, /dev/null for what it
// prints, and nothing open but its input. A name without slash is looked for in PATH; a script without #! is the
// shell's.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/result.hpp"
#include "vrrpd/base/time.hpp"
#include "vrrpd/supervisor/restart_policy.hpp"

namespace vrrpd::supervisor {

// Whom a command becomes; only root can be another than it is.
struct RunAs {
    uid_t user = 0;
    gid_t group = 0;
    std::vector<gid_t> supplementary;
    bool operator==(const RunAs&) const = default;
};

// What came of a command.
struct Outcome {
    std::string problem;        // empty: it ended with code 0 in time
    std::optional<Ending> how;  // none: it never ran
};

struct Command {
    std::string what;  // for the log, at the beginning of a line: "the alert command of gateway HOME"
    std::vector<std::string> words;
    std::string opens;  // instead of words: does no more than to open this file for reading
    // Instead of words: done by the child itself, whoever it became. The code is what it ends with.
    struct Acted {
        int code = 0;
        std::string problem;
    };
    std::function<Acted()> act;
    std::vector<std::string> environment;  // NAME=value; with PATH all it has
    // As keepalived has its scripts: in our environment and working directory, with umask 0177.
    bool as_script = false;
    std::string input;  // its standard input
    // As the user keepalived_script, else _vrrpd, else nobody; only root can. Else as we are.
    bool unprivileged = false;
    std::optional<RunAs> as;
    // Then it is told to end, and soon after killed, with all of its process group; zero: never.
    Duration limit{0};
    bool quiet = false;  // a code other than 0 is an answer, and nothing for the log
    // Those of one key are run one after the other, and of those that wait only the last; empty: each.
    std::string key;
    // In the child first, still as we are: what must be done before, and what may take time. Says what went wrong, and
    // then the command is not run; empty: nothing.
    std::function<std::string()> before;
    std::function<void()> started;
    std::function<void(const Outcome&)> done;  // called once
};

struct CommandProcess {
    pid_t pid = -1;  // of its process group as well
    Fd complaint;    // non-blocking: why it did not come to run; empty if it did
};

[[nodiscard]] Result<CommandProcess> start(const Command& command);

}  // namespace vrrpd::supervisor
