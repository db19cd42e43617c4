#include "vrrpd/base/loop.hpp"

#include <sys/timerfd.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "vrrpd/base/assert.hpp"
#include "vrrpd/base/fd.hpp"

namespace vrrpd {

namespace asio = boost::asio;

Instant boot_now() {
    timespec ts{};
    clock_gettime(CLOCK_BOOTTIME, &ts);
    return Instant(std::chrono::seconds(ts.tv_sec) + std::chrono::nanoseconds(ts.tv_nsec));
}

WallTime wall_now() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return WallTime(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

// One turn of the loop. Asio finds a descriptor that is still readable again and again before it returns; whoever
// floods us would then be all that is ever served.
struct Turn {
    Instant now = boot_now();
    std::uint64_t number = 0;
    bool second_round = false;  // a descriptor was served twice: all that was ready at its begin had its turn
};

// Shared with the pending wait, so that a handler which already stands in Asio's queue finds out that its
// watch ended.
struct Loop::Watch::State : std::enable_shared_from_this<State> {
    State(asio::io_context& context, Turn& turn_, int fd, std::function<void()> ready_)
        : descriptor(context, fd), turn(turn_), ready(std::move(ready_)) {}

    void arm() {
        descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                              [self = shared_from_this()](const boost::system::error_code& error) {
                                  if (error || self->ended) return;
                                  self->turn.now = boot_now();
                                  if (std::exchange(self->served, self->turn.number) == self->turn.number)
                                      self->turn.second_round = true;
                                  self->ready();
                                  if (!self->ended) self->arm();
                              });
    }
    void arm_write(std::function<void()> once) {
        const bool armed = static_cast<bool>(writable);
        writable = std::move(once);
        if (armed) return;
        descriptor.async_wait(asio::posix::stream_descriptor::wait_write,
                              [self = shared_from_this()](const boost::system::error_code& error) {
                                  if (error || self->ended) return;
                                  self->turn.now = boot_now();
                                  std::exchange(self->writable, nullptr)();
                              });
    }
    void end() {
        ended = true;
        descriptor.release();  // cancels the wait; the descriptor is not ours to close
    }

    asio::posix::stream_descriptor descriptor;
    Turn& turn;                // the loop's
    std::uint64_t served = 0;  // number of the last turn
    std::function<void()> ready;
    std::function<void()> writable;  // set while its wait is pending
    bool ended = false;
};

Loop::Watch::Watch(std::shared_ptr<State> state) : state_(std::move(state)) {}
Loop::Watch::Watch(Watch&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
Loop::Watch& Loop::Watch::operator=(Watch&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}
Loop::Watch::~Watch() {
    if (state_) state_->end();
}

void Loop::Watch::when_writable(std::function<void()> ready) {
    ASSERT(state_);
    state_->arm_write(std::move(ready));
}

struct Loop::Impl {
    asio::io_context context{1};
    Fd timer{timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC)};
    Watch timer_watch;
    std::function<void()> due, prepare;
    Deadline deadline;
    Turn turn;
    bool stopped = false;
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {
    ASSERT(impl_->timer);
    // Only wakes the loop: run() compares the deadline itself, after the sockets were served.
    impl_->timer_watch = on_readable(impl_->timer.get(), [this] {
        std::uint64_t expirations = 0;
        [[maybe_unused]] const auto got = ::read(impl_->timer.get(), &expirations, sizeof expirations);
    });
}

Loop::~Loop() = default;

Loop::Watch Loop::on_readable(int fd, std::function<void()> ready) {
    auto state = std::make_shared<Watch::State>(impl_->context, impl_->turn, fd, std::move(ready));
    state->arm();
    return Watch(std::move(state));
}

void Loop::on_deadline(std::function<void()> due) { impl_->due = std::move(due); }

void Loop::set_deadline(Deadline deadline) {
    if (deadline == impl_->deadline) return;
    impl_->deadline = deadline;
    itimerspec when{};
    if (deadline) {
        // A zero it_value would disarm; the first nanosecond of the boot has long passed.
        const auto since_boot = std::max<Duration>(deadline->time_since_epoch(), Duration(1));
        when.it_value.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(since_boot).count();
        when.it_value.tv_nsec = (since_boot % std::chrono::seconds(1)).count();
    }
    timerfd_settime(impl_->timer.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void Loop::before_wait(std::function<void()> prepare) { impl_->prepare = std::move(prepare); }

Instant Loop::now() const { return impl_->turn.now; }

void Loop::refresh() { impl_->turn.now = boot_now(); }

void Loop::run() {
    impl_->stopped = false;
    while (!impl_->stopped) {
        if (impl_->prepare) impl_->prepare();
        auto& turn = impl_->turn;
        ++turn.number;
        turn.second_round = false;
        impl_->context.restart();
        impl_->context.run_one();  // waits
        while (!impl_->stopped && !turn.second_round && impl_->context.poll_one() > 0) {}
        if (impl_->stopped || !impl_->deadline || !impl_->due) continue;
        turn.now = boot_now();
        if (turn.now < *impl_->deadline) continue;
        impl_->deadline.reset();
        impl_->due();
    }
}

void Loop::stop() {
    impl_->stopped = true;
    impl_->context.stop();
}

}  // namespace vrrpd
