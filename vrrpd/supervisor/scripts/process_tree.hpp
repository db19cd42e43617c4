// A process and all that descend from it, for a command that must end: neither a process group nor a session of its own
// hides one. What was let go on purpose (forked away from a parent that has ended) is nobody's child any more, and is
// none of it. The supervisor's.
#pragma once

#include <sys/types.h>

#include <map>

namespace vrrpd::supervisor {

class ProcessTree {
public:
    explicit ProcessTree(pid_t root) : root_(root) {}

    // Who descends now from it, or from one that did when it was looked at before.
    void look();
    // To all but the process itself, which is its parent's to end; not to another that has got the number since.
    void signal(int number) const;

private:
    using StartTime = unsigned long long;  // in clock ticks after boot (proc(5)): with the pid, that process alone

    pid_t root_;
    std::map<pid_t, StartTime> members_{};
};

}  // namespace vrrpd::supervisor
