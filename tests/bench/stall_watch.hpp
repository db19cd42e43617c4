// Whether the machine itself stood still: a run in which it did says nothing about a daemon, and is done again.
#pragma once

#include <chrono>
#include <deque>
#include <mutex>
#include <vector>

#include "netns-tests/lab/traffic.hpp"
#include "netns-tests/lab/wait.hpp"

namespace bench {

// One thread on each processor that sleeps for half a millisecond, again and again, and notes when it woke late.
class StallWatch {
public:
    StallWatch();

    // No processor was busy with something else for longer than `limit` in that time.
    [[nodiscard]] bool calm(lab::Time from, lab::Time to, std::chrono::nanoseconds limit) const;

private:
    struct Stall {
        lab::Time end;
        std::chrono::nanoseconds length;
    };
    void step();

    mutable std::mutex mutex_;
    std::vector<Stall> stalls_;
    std::deque<lab::Worker> workers_;
};

}  // namespace bench
