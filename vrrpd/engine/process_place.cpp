#include "vrrpd/engine/process_place.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace vrrpd::engine {

namespace {

std::string name_of(const config::ProcessSettings& settings) {
    if (!settings.engine_name.empty()) return settings.engine_name;
    return settings.process_names ? "keepalived_vrrp" : "vrrpd-engine";
}

bool may_lock_all() {
    rlimit limit{};
    return getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
}

}  // namespace

void ProcessPlace::take(const config::Config& config) {
    prctl(PR_SET_NAME, name_of(*config.process).c_str(), 0, 0, 0);
    lock_memory(config.lock_memory);
}

// Late adverts come from page faults, too. ONFAULT: what is used stays; the writer's whole stack, mostly unused, is not
// made resident. Only where the limit could be raised, for else an allocation may fail some day (mlockall(2),
// MCL_FUTURE) that would have succeeded; vrrp_no_swap accepts that.
void ProcessPlace::lock_memory(bool demanded) {
    const bool wanted = demanded || may_lock_all();
    if (wanted == locked_) return;
    if ((wanted ? mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) : munlockall()) == 0)
        locked_ = wanted;
    else if (demanded)
        log_.warning("memory could not be locked (vrrp_no_swap): {}; it takes LimitMEMLOCK=infinity in the unit",
                     std::strerror(errno));
    else
        log_.debug("memory could not be locked: {}", std::strerror(errno));
}

}  // namespace vrrpd::engine
