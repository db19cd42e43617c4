// How much of a long test is run: all of it, and under the sanitizers, which make it take ten times as long, a quarter.
// What they look for shows itself in any part. For tests.
#pragma once

#include <cstdint>

namespace vrrpd::test {

constexpr std::uint64_t share_of(std::uint64_t whole) {
#ifdef VRRPD_SANITIZE
    return whole / 4;
#else
    return whole;
#endif
}

}  // namespace vrrpd::test
