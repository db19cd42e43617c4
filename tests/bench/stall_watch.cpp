// See stall_watch.hpp.
#include "tests/bench/stall_watch.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

namespace bench {

namespace {

constexpr std::chrono::microseconds nap{500};
constexpr std::chrono::microseconds noted{300};  // shorter ones are the timer's and the daemons' own

void stay_on(unsigned processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    sched_setaffinity(0, sizeof set, &set);  // refused (a container's limits): it watches where it may
}

}  // namespace

StallWatch::StallWatch() {
    const auto processors = static_cast<unsigned>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
    for (unsigned i = 0; i < processors; ++i) {
        workers_.emplace_back().start([this, i] {
            thread_local const bool placed = (stay_on(i), true);
            if (placed) step();
        });
    }
}

void StallWatch::step() {
    const auto begin = lab::wall_clock();
    std::this_thread::sleep_for(nap);
    const auto end = lab::wall_clock();
    const auto late = end - begin - nap;
    if (late < noted) return;
    const std::lock_guard lock(mutex_);
    stalls_.push_back({end, late});
}

bool StallWatch::calm(lab::Time from, lab::Time to, std::chrono::nanoseconds limit) const {
    const std::lock_guard lock(mutex_);
    return std::none_of(stalls_.begin(), stalls_.end(), [&](const Stall& stall) {
        return stall.length > limit && stall.end >= from && stall.end - stall.length <= to;
    });
}

}  // namespace bench
