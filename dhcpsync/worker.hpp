// A thread for what may stall: a disk that syncs, a bus that does not answer. Jobs go in, and are done one after the
// other; what a job returns is carried out in the event loop. For the shells of dhcpsync.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "vrrpd/base/loop.hpp"

namespace dhcpsync {

class Worker {
public:
    using Done = std::function<void()>;  // in the loop; not at all once the Worker has ended
    using Job = std::function<Done()>;   // in the thread; owns all that it uses, or what it uses outlives it

    // When the Worker ends: wait for what was submitted, or leave the thread to itself.
    enum class AtEnd { finish, abandon };

    Worker(vrrpd::Loop& loop, AtEnd at_end);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker();

    void submit(Job job);  // never waits

private:
    struct Shared;
    void deliver();

    AtEnd at_end_;
    std::shared_ptr<Shared> shared_;  // also the thread's
    std::thread thread_;
    vrrpd::Loop::Watch watch_;
};

}  // namespace dhcpsync
