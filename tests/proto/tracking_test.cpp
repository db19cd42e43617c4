#include "vrrpd/proto/tracking.hpp"

#include <gtest/gtest.h>

#include <array>

namespace vrrpd::proto::tracking_test {
namespace {

Priority priority(unsigned value) { return Priority::configured(value).value(); }

TEST(Tracking, a_positive_weight_is_added_while_up) {
    EXPECT_EQ(contribution({"a", 20, false, true}), 20);
    EXPECT_EQ(contribution({"a", 20, false, false}), 0);
}

TEST(Tracking, a_negative_weight_is_taken_while_down) {
    EXPECT_EQ(contribution({"a", -20, false, true}), 0);
    EXPECT_EQ(contribution({"a", -20, false, false}), -20);
}

TEST(Tracking, reverse_flips_the_sign_of_a_weight) {
    EXPECT_EQ(contribution({"a", 20, true, true}), -20);
    EXPECT_EQ(contribution({"a", 20, true, false}), 0);
    EXPECT_EQ(contribution({"a", -20, true, true}), 0);
    EXPECT_EQ(contribution({"a", -20, true, false}), 20);
}

TEST(Tracking, weight_zero_is_a_fault_and_nothing_else) {
    EXPECT_TRUE(is_fault({"a", 0, false, false}));
    EXPECT_FALSE(is_fault({"a", 0, false, true}));
    EXPECT_TRUE(is_fault({"a", 0, true, true}));
    EXPECT_FALSE(is_fault({"a", -20, false, false}));
    EXPECT_EQ(contribution({"a", 0, false, false}), 0);
}

Tracked file(int weight, std::int64_t number, bool reverse = false) {
    return {"f", weight, reverse, true, true, number, {}};
}

TEST(Tracking, a_file_adds_its_number_times_its_weight) {
    EXPECT_EQ(contribution(file(1, 20)), 20);
    EXPECT_EQ(contribution(file(-2, 20)), -40);
    EXPECT_EQ(contribution(file(-2, 20, true)), 40) << "reverse flips the sign";
    EXPECT_EQ(contribution(file(2, 200)), 253);
    EXPECT_EQ(contribution(file(254, 9'000'000'000'000'000'000)), 253);
    EXPECT_EQ(contribution(file(-253, 1)), -253);
    EXPECT_EQ(contribution(file(1, -254)), 0) << "a fault weighs nothing";
}

TEST(Tracking, a_file_is_a_fault_from_minus_254_on_or_without_weight) {
    EXPECT_FALSE(is_fault(file(1, -253)));
    EXPECT_TRUE(is_fault(file(1, -254)));
    EXPECT_TRUE(is_fault(file(-254, 9'000'000'000'000'000'000)));
    EXPECT_FALSE(is_fault(file(0, 0)));
    EXPECT_TRUE(is_fault(file(0, 3)));
    EXPECT_TRUE(is_fault(file(0, 0, true)));
    EXPECT_FALSE(is_fault(file(0, 3, true)));
}

TEST(Tracking, what_is_not_known_yet_does_nothing) {
    for (const int weight : {0, 10, -10}) {
        const Tracked unknown{"s", weight, false, false, false, {}, {}};
        EXPECT_EQ(contribution(unknown), 0);
        EXPECT_FALSE(is_fault(unknown));
    }
}

TEST(Tracking, a_weight_of_254_from_older_files_counts_as_253) {
    EXPECT_EQ(contribution({"a", 254, false, true}), 253);
    EXPECT_EQ(contribution({"a", -254, false, false}), -253);
}

TEST(Tracking, VR_061_the_total_is_held_to_1_to_254) {
    const std::array down{Tracked{"a", -253, false, false}, Tracked{"b", -253, false, false}};
    EXPECT_EQ(effective_priority(priority(100), down), priority(1));
    const std::array up{Tracked{"a", 253, false, true}};
    EXPECT_EQ(effective_priority(priority(100), up), priority(254));
}

TEST(Tracking, the_sum_is_clamped_not_each_step) {
    const std::array both{Tracked{"a", 253, false, true}, Tracked{"b", -253, false, false}};
    EXPECT_EQ(effective_priority(priority(200), both), priority(200));
}

TEST(Tracking, VR_061_an_owner_is_never_changed) {
    const std::array down{Tracked{"a", -120, false, false}};
    EXPECT_EQ(effective_priority(priority(255), down), priority(255));
}

}  // namespace
}  // namespace vrrpd::proto::tracking_test
