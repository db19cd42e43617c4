// The arithmetic of paces, the debouncer, the median.
#include "dnsfailover/core/pace.hpp"

#include <gtest/gtest.h>

#include "dnsfailover/core/latency.hpp"

namespace dnsfailover::pace_test {
namespace {

using namespace std::chrono_literals;

TEST(Pace, worst_detection_is_fall_intervals_and_a_timeout) {
    static_assert(worst_detection({100ms, 30ms, 3, 2}) == 330ms);
    EXPECT_EQ(worst_detection(defaults::liveness), 6500ms);
    EXPECT_EQ(worst_detection(defaults::resolution), 8s);
}

TEST(Pace, rounds_must_not_overlap) {
    EXPECT_TRUE(is_sound({100ms, 100ms, 1, 1}));
    EXPECT_FALSE(is_sound({100ms, 101ms, 1, 1}));
    EXPECT_FALSE(is_sound({100ms, 0ms, 1, 1}));
    EXPECT_FALSE(is_sound({100ms, 100ms, 0, 1}));
    EXPECT_FALSE(is_sound({100ms, 100ms, 1, 0}));
}

class Debounced : public testing::Test {
protected:
    void add(const char* rounds) {
        for (const char* each = rounds; *each; ++each) debounce.add(*each == '+');
    }
    Debounce debounce{Pace{100ms, 100ms, 3, 2}};
};

TEST_F(Debounced, nothing_is_believed_at_first) {
    EXPECT_FALSE(debounce.is_up());
    EXPECT_FALSE(debounce.is_down());
    EXPECT_TRUE(debounce.in_doubt());
}

TEST_F(Debounced, the_first_win_is_enough) {
    add("+");
    EXPECT_TRUE(debounce.is_up());
    EXPECT_FALSE(debounce.in_doubt());
}

TEST_F(Debounced, fall_losses_in_a_row_bring_it_down) {
    add("+--+--");
    EXPECT_TRUE(debounce.is_up());
    EXPECT_TRUE(debounce.in_doubt());
    add("-");
    EXPECT_TRUE(debounce.is_down());
}

TEST_F(Debounced, rise_wins_in_a_row_bring_it_up_again) {
    add("---+-+");
    EXPECT_TRUE(debounce.is_down());
    add("+");
    EXPECT_TRUE(debounce.is_up());
}

TEST_F(Debounced, who_is_told_starts_to_count_anew) {
    add("+");
    debounce.believe(false);
    add("+");
    EXPECT_TRUE(debounce.is_down());
    add("+");
    EXPECT_TRUE(debounce.is_up());
}

TEST(Median, of_the_last_nine_and_of_five_at_least) {
    Latency latency;
    for (const auto each : {1ms, 2ms, 3ms, 4ms}) latency.add(each);
    EXPECT_FALSE(latency.median());
    latency.add(900ms);
    EXPECT_EQ(latency.median(), Duration(3ms));
    for (int i = 0; i < 5; ++i) latency.add(700ms);
    EXPECT_EQ(latency.median(), Duration(700ms)) << "2, 3, 4, then 700 five times and 900";
    latency.forget();
    EXPECT_FALSE(latency.median());
}

}  // namespace
}  // namespace dnsfailover::pace_test
