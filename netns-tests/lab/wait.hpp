// Waiting for something to become true (how long it took is never read from here: captures tell times), and
// the clock that captures use.
#pragma once

#include <chrono>
#include <thread>

namespace lab {

// CLOCK_REALTIME, as the kernel stamps frames.
using Time = std::chrono::sys_time<std::chrono::nanoseconds>;
[[nodiscard]] inline Time wall_clock() { return std::chrono::system_clock::now(); }

// Looks every two milliseconds. false: still not true after `limit`.
template <class Condition>
bool wait_until(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

// For what must *not* happen: gives it this long to happen. true: it stayed untrue.
template <class Condition>
bool stays_false(Condition condition, std::chrono::milliseconds time) {
    return !wait_until(condition, time);
}

}  // namespace lab
