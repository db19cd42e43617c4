// Capabilities and resource limits: what a start needs, and what the engine keeps. Over libcap-ng.
#pragma once

#include <string>

#include "vrrpd/base/log.hpp"
#include "vrrpd/base/result.hpp"

namespace vrrpd::supervisor {

enum class Purpose {
    run,
    observe,  // raw sockets only
    fence,    // --fence, --unfence, --sweep: no sockets
};
// One line that names the missing capability and what to do; empty: nothing is missing.
[[nodiscard]] std::string missing_privilege(Purpose purpose);

// In the engine's process, before it runs: memory may be locked (RLIMIT_MEMLOCK), then only CAP_NET_ADMIN and
// CAP_NET_RAW stay.
[[nodiscard]] Result<void> become_engine(Log& log);

}  // namespace vrrpd::supervisor
