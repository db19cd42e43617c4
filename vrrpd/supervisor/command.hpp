// A command of the administrator as a child process: an alert, the restart of a DHCP server. The supervisor's.
//
// Run as keepalived runs its scripts: in a process group of its own, with default signals, /dev/null for what it
// prints, nothing open but its input, and PATH alone of our environment. A name without slash is looked for in PATH; a
// script without #! is the shell's.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/result.hpp"
#include "vrrpd/base/time.hpp"

namespace vrrpd::supervisor {

struct Command {
    std::string what;  // for the log, at the beginning of a line: "the alert command of gateway HOME"
    std::vector<std::string> words;
    std::vector<std::string> environment;  // NAME=value
    std::string input;                     // its standard input
    // As the user keepalived_script, else _vrrpd, else nobody; only root can. Else as we are.
    bool unprivileged = false;
    Duration limit{0};  // then it is killed, with all of its process group
    // In the child first, still as we are: what must be done before, and what may take time. Says what went wrong, and
    // then the command is not run; empty: nothing.
    std::function<std::string()> before;
    // Called once; empty: it ended with code 0 in time.
    std::function<void(const std::string& problem)> done;
};

struct CommandProcess {
    pid_t pid = -1;  // of its process group as well
    Fd complaint;    // non-blocking: why it did not come to run; empty if it did
};

[[nodiscard]] Result<CommandProcess> start(const Command& command);

}  // namespace vrrpd::supervisor
