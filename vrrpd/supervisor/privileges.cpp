#include "vrrpd/supervisor/privileges.hpp"

#include <cap-ng.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>

namespace vrrpd::supervisor {

namespace {

bool holds(unsigned capability) { return capng_have_capability(CAPNG_EFFECTIVE, capability) == 1; }

void raise(__rlimit_resource limit, rlim_t value, const char* name, Log& log) {
    const rlimit wanted{value, value};
    if (setrlimit(limit, &wanted) != 0) log.debug("{} stays as it is: {}", name, std::strerror(errno));
}

}  // namespace

std::string missing_privilege(Purpose purpose) {
    capng_get_caps_process();
    std::string missing;
    if (purpose != Purpose::observe && !holds(CAP_NET_ADMIN)) missing = "CAP_NET_ADMIN";
    if (purpose != Purpose::fence && !holds(CAP_NET_RAW))
        missing += missing.empty() ? "CAP_NET_RAW" : " and CAP_NET_RAW";
    if (missing.empty()) return {};
    return "no permission: " + missing +
           " missing; start it as root, or with AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW in its unit";
}

Result<void> become_engine(Log& log) {
    raise(RLIMIT_MEMLOCK, RLIM_INFINITY, "RLIMIT_MEMLOCK", log);
    capng_get_caps_process();
    const bool may_bound = holds(CAP_SETPCAP);  // only then can the bounding set shrink too
    capng_clear(may_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS);
    const auto kept = static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED);
    capng_updatev(CAPNG_ADD, kept, CAP_NET_ADMIN, CAP_NET_RAW, -1);
    if (capng_apply(may_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) != 0)
        return fail(EPERM, "drop the engine's capabilities");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail(errno, "set no_new_privs");
    return {};
}

}  // namespace vrrpd::supervisor
