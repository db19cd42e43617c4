// The engine's place among the processes of its machine: nice value, processors, real time (vrrp_priority,
// vrrp_cpu_affinity, vrrp_rt_priority, vrrp_rlimit_rttime). Given by the supervisor, which may, to an engine that is
// ready, and again with every reload, as keepalived does. The supervisor's.
#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "vrrpd/base/log.hpp"
#include "vrrpd/base/time.hpp"

namespace vrrpd::supervisor {

struct EnginePlace {
    std::optional<int> nice;            // none: as the supervisor
    std::vector<unsigned> cpus;         // none: likewise
    int real_time_priority = 0;         // SCHED_RR, 1 to 99; 0: likewise
    std::optional<Duration> cpu_limit;  // of real time without a wait; none: likewise
};

// Changes what is not so. What the system refuses is said, with what to do.
void take_place(pid_t engine, const EnginePlace& wanted, Log& log);

}  // namespace vrrpd::supervisor
