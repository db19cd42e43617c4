// What systemd is told (sd_notify(3)), and asks for. sd_notify() itself waits for as long as nobody reads; a pid 1 that
// has frozen must not take the gateway with it. The supervisor's.
#pragma once

#include <string_view>

#include "vrrpd/base/time.hpp"

namespace vrrpd::supervisor {

// Lines of NAME=value, to $NOTIFY_SOCKET. Without one, or where it takes nothing for a moment: to nobody.
void tell_manager(std::string_view lines);
// From now on it is told nothing and owed no sign of life: this process is not the service's main one.
void leave_manager();
// How often it wants a sign of life: twice in the time after which it would kill us. Zero: never.
[[nodiscard]] Duration watchdog_pace();

}  // namespace vrrpd::supervisor
