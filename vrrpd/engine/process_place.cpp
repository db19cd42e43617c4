#include "vrrpd/engine/process_place.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace vrrpd::engine {

namespace {

std::string name_of(const config::ProcessSettings& settings) {
    if (!settings.engine_name.empty()) return settings.engine_name;
    return settings.process_names ? "keepalived_vrrp" : "vrrpd-engine";
}

}  // namespace

void ProcessPlace::take(const config::Config& config) {
    prctl(PR_SET_NAME, name_of(*config.process).c_str(), 0, 0, 0);
    lock_memory(config.lock_memory);
}

// Late adverts come from page faults, too. ONFAULT: what is used stays; the writer's whole stack, mostly unused, is not
// made resident.
void ProcessPlace::lock_memory(bool wanted) {
    if (wanted == locked_) return;
    if ((wanted ? mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) : munlockall()) == 0)
        locked_ = wanted;
    else
        log_.warning("memory could not be locked (vrrp_no_swap): {}; it takes LimitMEMLOCK=infinity in the unit",
                     std::strerror(errno));
}

}  // namespace vrrpd::engine
