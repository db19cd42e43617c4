// The event loop: what can be read, what can be written, and the one deadline.
#include "vrrpd/base/loop.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "vrrpd/base/fd.hpp"

namespace vrrpd::loop_test {
namespace {

using namespace std::chrono_literals;

class LoopTest : public testing::Test {
protected:
    void SetUp() override {
        std::array<int, 2> ends{};
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
        one_ = Fd(ends[0]);
        other_ = Fd(ends[1]);
    }
    // Runs until `enough` or until the time is over.
    void run(Duration time = 50ms) {
        loop_.on_deadline([this] { loop_.stop(); });
        loop_.set_deadline(boot_now() + time);
        loop_.run();
    }
    static void put(const Fd& fd, std::size_t count) {
        const std::string bytes(count, 'x');
        ASSERT_EQ(write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(count));
    }
    // Until the other end takes no more.
    static void fill(const Fd& fd) {
        const std::array<char, 4096> part{};
        while (write(fd.get(), part.data(), part.size()) > 0) {}
    }
    static void drain(const Fd& fd) {
        std::array<char, 4096> part{};
        while (read(fd.get(), part.data(), part.size()) > 0) {}
    }

    Fd one_, other_;
    Loop loop_;  // ends before the descriptors
};

TEST_F(LoopTest, what_never_ends_delays_no_deadline) {
    put(other_, 1);
    std::uint64_t calls = 0;
    const auto watch =
        loop_.on_readable(one_.get(), [&] { ASSERT_LT(++calls, 10'000'000U) << "nobody else has a turn"; });
    const auto before = boot_now();
    run(20ms);
    EXPECT_LT(boot_now() - before, 2s);
    EXPECT_GT(calls, 1U);
}

TEST_F(LoopTest, everything_that_is_ready_is_served_before_a_deadline_that_is_due) {
    std::array<Fd, 20> ends;
    std::vector<Loop::Watch> watches;
    std::size_t served = 0;
    for (auto& end : ends) {
        end = Fd(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
        watches.push_back(loop_.on_readable(end.get(), [&served, fd = end.get()] {
            eventfd_t value = 0;
            EXPECT_EQ(eventfd_read(fd, &value), 0);
            ++served;
        }));
    }
    put(other_, 1);
    const auto busy = loop_.on_readable(one_.get(), [] {});  // nobody ever reads it
    loop_.on_deadline([&] {
        EXPECT_EQ(served, ends.size());
        loop_.stop();
    });
    loop_.set_deadline(boot_now() - 1ms);
    loop_.run();
    watches.clear();
}

TEST_F(LoopTest, what_is_left_unread_is_announced_again) {
    put(other_, 3);
    int calls = 0;
    const auto watch = loop_.on_readable(one_.get(), [&] {
        char one = 0;
        ASSERT_EQ(read(one_.get(), &one, 1), 1);
        ++calls;
    });
    run();
    EXPECT_EQ(calls, 3);
}

TEST_F(LoopTest, room_to_write_is_announced_once) {
    int calls = 0;
    auto watch = loop_.on_readable(one_.get(), [] {});
    watch.when_writable([&] { ++calls; });
    run();
    EXPECT_EQ(calls, 1);
    watch.when_writable([&] { ++calls; });  // also when nothing has changed since
    run();
    EXPECT_EQ(calls, 2);
}

TEST_F(LoopTest, a_full_socket_is_writable_when_the_other_end_has_read) {
    fill(one_);
    int calls = 0;
    auto watch = loop_.on_readable(one_.get(), [] {});
    watch.when_writable([&] { ++calls; });
    run();
    EXPECT_EQ(calls, 0);
    drain(other_);
    run();
    EXPECT_EQ(calls, 1);
}

TEST_F(LoopTest, reading_goes_on_while_room_to_write_is_awaited) {
    fill(one_);
    int reads = 0;
    auto watch = loop_.on_readable(one_.get(), [&] {
        drain(one_);
        ++reads;
    });
    watch.when_writable([] { FAIL() << "nobody has read"; });
    put(other_, 1);
    run();
    EXPECT_EQ(reads, 1);
}

TEST_F(LoopTest, of_two_wishes_to_write_the_newer_counts) {
    std::string called;
    auto watch = loop_.on_readable(one_.get(), [] {});
    watch.when_writable([&] { called += "older"; });
    watch.when_writable([&] { called += "newer"; });
    run();
    EXPECT_EQ(called, "newer");
}

TEST_F(LoopTest, a_watch_that_ended_calls_nobody) {
    put(other_, 1);
    {
        auto watch = loop_.on_readable(one_.get(), [] { FAIL() << "readable"; });
        watch.when_writable([] { FAIL() << "writable"; });
    }
    run(10ms);
}

TEST_F(LoopTest, a_watch_may_end_in_its_own_call) {
    put(other_, 1);
    Loop::Watch watch;
    int calls = 0;
    watch = loop_.on_readable(one_.get(), [&] {
        ++calls;
        watch = {};
    });
    run(10ms);
    EXPECT_EQ(calls, 1);
    watch = loop_.on_readable(other_.get(), [] {});
    watch.when_writable([&] {
        ++calls;
        watch = {};
    });
    run(10ms);
    EXPECT_EQ(calls, 2);
}

TEST_F(LoopTest, a_deadline_comes_in_time_and_after_what_can_be_read) {
    put(other_, 1);
    std::string order;
    const auto watch = loop_.on_readable(one_.get(), [&] {
        drain(one_);
        order += "read ";
    });
    const auto due = boot_now() - 1ms;
    loop_.on_deadline([&] {
        order += "due";
        EXPECT_GE(loop_.now(), due);
        loop_.stop();
    });
    loop_.set_deadline(due);
    loop_.run();
    EXPECT_EQ(order, "read due");
}

}  // namespace
}  // namespace vrrpd::loop_test
