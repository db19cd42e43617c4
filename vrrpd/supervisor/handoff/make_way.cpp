#include "vrrpd/supervisor/handoff/make_way.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "vrrpd/supervisor/handoff/manager_bus.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr int looks = 400;
constexpr std::chrono::milliseconds between_looks{5};
constexpr std::chrono::seconds scope_limit{120};  // the daemon itself gives up long before

Result<std::string> job_of_own_unit() {
    auto bus = ManagerBus::open();
    if (!bus) return tl::unexpected(bus.error());
    const auto unit = bus->unit_of(getpid());
    if (!unit) return tl::unexpected(unit.error());
    return bus->job_of(*unit);
}

// false: it was asked for, and systemd has not done it.
Result<bool> move_to(const std::string& scope) {
    auto bus = ManagerBus::open();
    if (!bus) return tl::unexpected(bus.error());
    const auto asked = bus->move_into_scope(scope, "vrrpd, until its service has started again", getpid(), scope_limit);
    if (!asked) return tl::unexpected(asked.error());
    for (int i = 0; i < looks; ++i) {
        const auto unit = bus->unit_of(getpid());
        if (unit && unit->name == scope) return true;
        std::this_thread::sleep_for(between_looks);
    }
    return false;
}

}  // namespace

bool unit_is_restarted(Log& log) {
    const auto job = job_of_own_unit();
    if (!job) log.info("{}: taken for a stop", job.error().describe());
    return job && *job == "restart";
}

bool leave_unit(Log& log) {
    const auto moved = move_to(fmt::format("vrrpd-restarts-{}.scope", getpid()));
    if (!moved)
        log.error("{}", moved.error().describe());
    else if (!*moved)
        log.error("systemd did not move this process out of its unit");
    return moved && *moved;
}

}  // namespace vrrpd::supervisor
