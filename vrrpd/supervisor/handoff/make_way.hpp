// vrrpd --make-way, the unit's ExecStop. Where the stop is the first half of a restart, the daemon that runs hands off
// to one that waits aside: outside of the unit, whose processes systemd is about to end. The second half of the
// restart, the next start, takes over from that one. program.cpp's.
#pragma once

#include "vrrpd/base/log.hpp"

namespace vrrpd::supervisor {

// Asked by a process of a unit that is being stopped: is it to be started again at once?
[[nodiscard]] bool unit_is_restarted(Log& log);
// This process leaves its unit for a scope of its own; its children will be in there. Waits for that, some seconds at
// most. false: it stays; the log says why.
[[nodiscard]] bool leave_unit(Log& log);

}  // namespace vrrpd::supervisor
