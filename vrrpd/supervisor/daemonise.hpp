// Into the background, with a report: the process that was started ends with 0 only when the daemon is
// ready, and with the daemon's own exit code when it is not (a service manager's `forking`).
#pragma once

#include <utility>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/result.hpp"

namespace vrrpd::supervisor {

class StartReport {
public:
    StartReport() = default;  // in the foreground: nobody waits
    explicit StartReport(Fd to_parent) : to_parent_(std::move(to_parent)) {}
    // Ends the process that was started with 0, and lets go of its terminal. Once; more does nothing.
    void ready();

private:
    Fd to_parent_;
};

// Returns in the daemon alone, in a session of its own, its stdio still that of the caller. The process
// that was started waits in here and exits.
[[nodiscard]] Result<StartReport> daemonise();

}  // namespace vrrpd::supervisor
