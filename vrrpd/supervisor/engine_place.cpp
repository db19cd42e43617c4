#include "vrrpd/supervisor/engine_place.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>

namespace vrrpd::supervisor {

namespace {

// To the kernel nice values and processors are a thread's, and the engine's writer is one.
template <class Change>
bool for_each_thread(pid_t process, Change change) {
    std::error_code error;
    const auto folder = "/proc/" + std::to_string(process) + "/task";
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
        if (!change(static_cast<pid_t>(std::atol(at->path().filename().c_str())))) return false;
    return true;
}

bool be_nice(pid_t thread, int wanted) {
    const auto who = static_cast<id_t>(thread);
    return getpriority(PRIO_PROCESS, who) == wanted || setpriority(PRIO_PROCESS, who, wanted) == 0;
}

bool run_on(pid_t thread, const cpu_set_t& wanted) {
    cpu_set_t now;
    const bool known = sched_getaffinity(thread, sizeof now, &now) == 0;
    return (known && CPU_EQUAL(&now, &wanted)) || sched_setaffinity(thread, sizeof wanted, &wanted) == 0;
}

cpu_set_t set_of(const std::vector<unsigned>& cpus) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const auto cpu : cpus) CPU_SET(cpu, &set);
    if (cpus.empty()) sched_getaffinity(0, sizeof set, &set);
    return set;
}

struct Scheduling {
    int policy = SCHED_OTHER;
    int priority = 0;
    bool operator==(const Scheduling&) const = default;
};

Scheduling scheduling_of(pid_t process) {
    sched_param parameters{};
    sched_getparam(process, &parameters);
    return {sched_getscheduler(process), parameters.sched_priority};
}

// What our children begin with (sched(7), SCHED_RESET_ON_FORK).
Scheduling inherited() {
    const auto ours = scheduling_of(0);
    return (ours.policy & SCHED_RESET_ON_FORK) != 0 ? Scheduling() : ours;
}

// Of the thread that sends adverts alone: the writer waits for the kernel, and nothing waits for the writer.
bool schedule(pid_t process, int priority) {
    const auto wanted = priority > 0 ? Scheduling{SCHED_RR, priority} : inherited();
    if (scheduling_of(process) == wanted) return true;
    sched_param parameters{};
    parameters.sched_priority = wanted.priority;
    return sched_setscheduler(process, wanted.policy, &parameters) == 0;
}

// The hard limit is left alone: it could not be raised again.
bool limit(pid_t process, const std::optional<Duration>& real_time) {
    rlimit ours{}, now{};
    getrlimit(RLIMIT_RTTIME, &ours);
    if (prlimit(process, RLIMIT_RTTIME, nullptr, &now) != 0) return false;
    auto wanted = now;
    wanted.rlim_cur = real_time ? static_cast<rlim_t>(*real_time / std::chrono::microseconds(1)) : ours.rlim_cur;
    return wanted.rlim_cur == now.rlim_cur || prlimit(process, RLIMIT_RTTIME, &wanted, nullptr) == 0;
}

}  // namespace

void take_place(pid_t engine, const EnginePlace& wanted, Log& log) {
    const int nice = wanted.nice.value_or(getpriority(PRIO_PROCESS, 0));
    if (!for_each_thread(engine, [&](pid_t thread) { return be_nice(thread, nice); }))
        log.warning("the engine's nice value cannot be {} (vrrp_priority): {}; that takes CAP_SYS_NICE", nice,
                    std::strerror(errno));
    const auto cpus = set_of(wanted.cpus);
    if (!for_each_thread(engine, [&](pid_t thread) { return run_on(thread, cpus); }))
        log.warning(
            "the engine's processors stay as they are (vrrp_cpu_affinity): {}; nproc --all says how many there are, "
            "the "
            "first one is 0",
            std::strerror(errno));
    if (!limit(engine, wanted.cpu_limit))
        log.warning("the engine's real time is not limited (vrrp_rlimit_rttime): {}", std::strerror(errno));
    if (!schedule(engine, wanted.real_time_priority))
        log.warning("real-time scheduling was refused (vrrp_rt_priority {}): {}; that takes CAP_SYS_NICE",
                    wanted.real_time_priority, std::strerror(errno));
}

}  // namespace vrrpd::supervisor
