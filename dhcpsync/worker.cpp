#include "dhcpsync/worker.hpp"

#include <sys/eventfd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "vrrpd/base/assert.hpp"
#include "vrrpd/base/fd.hpp"

namespace dhcpsync {

struct Worker::Shared {
    void work() {
        std::unique_lock lock(mutex);
        for (;;) {
            wake.wait(lock, [this] { return ending || !jobs.empty(); });
            if (jobs.empty()) return;
            auto job = std::move(jobs.front());
            jobs.pop_front();
            lock.unlock();
            auto result = job();
            job = nullptr;  // what it owns ends here, not under the lock
            lock.lock();
            done.push_back(std::move(result));
            const std::uint64_t one = 1;
            [[maybe_unused]] const auto put = ::write(event.get(), &one, sizeof one);
        }
    }

    vrrpd::Fd event{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    std::mutex mutex;  // guards everything below
    std::condition_variable wake;
    std::deque<Job> jobs;
    std::vector<Done> done;
    bool ending = false;
};

Worker::Worker(vrrpd::Loop& loop, AtEnd at_end) : at_end_(at_end), shared_(std::make_shared<Shared>()) {
    ASSERT(shared_->event);
    watch_ = loop.on_readable(shared_->event.get(), [this] { deliver(); });
    thread_ = std::thread([shared = shared_] { shared->work(); });
}

Worker::~Worker() {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->ending = true;
        if (at_end_ == AtEnd::abandon) shared_->jobs.clear();
    }
    shared_->wake.notify_one();
    if (at_end_ == AtEnd::finish)
        thread_.join();
    else
        thread_.detach();
}

void Worker::submit(Job job) {
    const std::lock_guard lock(shared_->mutex);
    shared_->jobs.push_back(std::move(job));
    shared_->wake.notify_one();
}

void Worker::deliver() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(shared_->event.get(), &count, sizeof count);
    std::vector<Done> done;
    {
        const std::lock_guard lock(shared_->mutex);
        done.swap(shared_->done);
    }
    for (auto& one : done) {
        if (one) one();
    }
}

}  // namespace dhcpsync
