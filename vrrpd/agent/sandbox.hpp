// What the agent's process may ask of the kernel, once it is set up: what talking, watching files and keeping its own
// directory take. For main.cpp.
#pragma once

#include "vrrpd/base/result.hpp"

namespace vrrpd::agent {

// For all threads, for good. What is not allowed fails with EPERM and is logged by the kernel; nothing is killed for
// it. Files are written only below a directory that is open already, as the supervisor hands it over.
[[nodiscard]] Result<void> enter_sandbox();

}  // namespace vrrpd::agent
