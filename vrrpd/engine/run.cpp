#include "vrrpd/engine/run.hpp"

#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "vrrpd/engine/engine.hpp"
#include "vrrpd/engine/received_config.hpp"

namespace vrrpd::engine {

namespace {

constexpr int exit_failed = 1, exit_no_permission = 4;

// What is used stays (ONFAULT): the writer's whole stack, mostly unused, is not made resident. Only where the limit
// could be raised, for else an allocation may fail some day (mlockall(2), MCL_FUTURE) that would have succeeded;
// vrrp_no_swap accepts that.
void lock_memory(bool demanded, Log& log) {
    rlimit limit{};
    const bool unlimited = ::getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
    if (!demanded && !unlimited) return log.debug("memory is not locked: RLIMIT_MEMLOCK is {} octets", limit.rlim_cur);
    if (::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0) return;
    log.write(demanded ? LogLevel::warning : LogLevel::debug,
              fmt::format("memory could not be locked{}: {}", demanded ? " (vrrp_no_swap)" : "", std::strerror(errno)));
}

// Late adverts come from page faults and from waiting for a processor.
void prepare_process(const config::Config& config, Log& log) {
    lock_memory(config.lock_memory, log);
    if (!config.realtime) return;
    sched_param parameters{};
    parameters.sched_priority = config.realtime_priority;
    if (::sched_setscheduler(0, SCHED_RR, &parameters) != 0)
        log.warning("real-time scheduling was refused (vrrp_rt_priority {}): {}", config.realtime_priority,
                    std::strerror(errno));
}

}  // namespace

int run(EngineOptions options) {
    ipc::ChannelLog log(options.channel);
    if (options.detail) log.set_threshold(LogLevel::debug);
    // One heap for both threads: a second one costs pages for nothing at this size.
    ::mallopt(M_ARENA_MAX, 1);
    auto config = received_config(options.configuration.get(), options.id);
    if (!config) {
        log.error("the engine could not read its configuration");
        return exit_failed;
    }
    auto engine = Engine::open(options, log);
    if (!engine) {
        log.error("{}", engine.error().describe());
        return engine.error().code == EPERM ? exit_no_permission : exit_failed;
    }
    prepare_process(*config, log);
    (*engine)->run(std::move(*config));
    return 0;
}

}  // namespace vrrpd::engine
