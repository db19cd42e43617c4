// Cleaning up whatever happens: a small process that waits for the end of the laboratory's own one - by
// return, Ctrl-C, abort or SIGKILL - then kills what still runs in the laboratory's namespaces and
// removes them. Namespaces are named vrl-PID-..., so it can only ever touch its own.
#pragma once

#include <string>

namespace lab {

// Once, first thing in main(), while there is one thread. Also removes what an earlier run left behind
// whose janitor was killed too.
void start_janitor();

[[nodiscard]] std::string name_prefix();  // "vrl-1234-"
[[nodiscard]] std::string directory();    // for configurations and logs; removed at the end

// Ends the laboratory's daemons, namespaces and files of the process `pid`.
void sweep(int pid);

}  // namespace lab
