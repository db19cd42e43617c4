#include "vrrpd/base/back_off.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace vrrpd::back_off_test {
namespace {

using namespace std::chrono_literals;
using Turn = BackOff::Turn;

constexpr Instant start{100s};

TEST(BackOff, the_first_time_is_at_once_and_said_to_be_it) {
    BackOff back_off;
    EXPECT_EQ(back_off.take(start), Turn::first);
    EXPECT_EQ(back_off.next(), start + 100ms);
    EXPECT_EQ(back_off.take(start + 99ms), Turn::too_soon);
    EXPECT_EQ(back_off.take(start + 100ms), Turn::again);
}

TEST(BackOff, the_pauses_double_up_to_the_limit) {
    BackOff back_off(1s);
    std::vector<Duration> pauses;
    for (Instant now = start; pauses.size() < 6; now = back_off.next()) {
        ASSERT_NE(back_off.take(now), Turn::too_soon);
        pauses.push_back(back_off.next() - now);
    }
    EXPECT_EQ(pauses, (std::vector<Duration>{100ms, 200ms, 400ms, 800ms, 1s, 1s}));
}

TEST(BackOff, what_comes_too_soon_puts_nothing_off) {
    BackOff back_off;
    (void)back_off.take(start);
    for (auto at = 1ms; at < 100ms; at += 1ms) EXPECT_EQ(back_off.take(start + at), Turn::too_soon);
    EXPECT_EQ(back_off.next(), start + 100ms);
}

TEST(BackOff, a_calm_makes_it_forget) {
    BackOff back_off;
    (void)back_off.take(start);
    EXPECT_EQ(back_off.take(start + 30s), Turn::again) << "not for long enough";
    EXPECT_EQ(back_off.take(start + 60s + 1ms), Turn::first);
}

TEST(BackOff, is_forgotten_when_something_else_is_wanted) {
    BackOff back_off;
    (void)back_off.take(start);
    back_off.forget();
    EXPECT_EQ(back_off.take(start), Turn::first);
}

}  // namespace
}  // namespace vrrpd::back_off_test
