// ASSERT: our own mistakes stop the process, in release builds too. The supervisor restarts the
// engine, so a wrong belief costs one restart and not a wrong address on the wire.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace vrrpd {

[[noreturn]] inline void assertion_failed(const char* what, const char* file, int line) {
    std::fprintf(stderr, "vrrpd: assertion failed: %s (%s:%d)\n", what, file, line);
    std::abort();
}

}  // namespace vrrpd

#define ASSERT(condition) \
    (static_cast<bool>(condition) ? void(0) : ::vrrpd::assertion_failed(#condition, __FILE__, __LINE__))
