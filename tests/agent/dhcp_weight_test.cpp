#include "vrrpd/agent/dhcp_weight.hpp"

#include <gtest/gtest.h>

namespace vrrpd::agent::dhcp_weight_test {
namespace {

class DhcpWeightTest : public testing::Test {
protected:
    void one_of_the_others_lives(bool lives = true) {
        weight_.theirs("H001", lives);
        weight_.theirs("H002", false);
    }

    const Instant start_{std::chrono::seconds(1000)};
    const Instant later_ = start_ + DhcpWeight::patience;
    DhcpWeight weight_;
};

TEST_F(DhcpWeightTest, what_is_not_known_is_not_told) {
    EXPECT_EQ(weight_.weighs(start_), std::nullopt);
    one_of_the_others_lives();
    EXPECT_EQ(weight_.weighs(start_), std::nullopt);
    EXPECT_EQ(weight_.next_deadline(start_), std::nullopt);
}

TEST_F(DhcpWeightTest, one_that_lives_never_weighs) {
    weight_.ours(true, start_);
    EXPECT_EQ(weight_.weighs(later_), false);
    for (const bool lives : {true, false}) {
        one_of_the_others_lives(lives);
        EXPECT_EQ(weight_.weighs(later_), false);
    }
    EXPECT_EQ(weight_.next_deadline(start_), std::nullopt);
}

TEST_F(DhcpWeightTest, a_dead_one_weighs_where_another_lives) {
    weight_.ours(false, start_);
    one_of_the_others_lives();
    EXPECT_EQ(weight_.weighs(later_), true);
}

TEST_F(DhcpWeightTest, those_that_died_together_weigh_at_no_time) {
    weight_.ours(false, start_);
    one_of_the_others_lives();
    const auto before_the_others_know = later_ - Duration(1);
    EXPECT_EQ(weight_.next_deadline(before_the_others_know), later_);
    EXPECT_EQ(weight_.weighs(before_the_others_know), std::nullopt);
    one_of_the_others_lives(false);
    EXPECT_EQ(weight_.weighs(later_), false);
    EXPECT_EQ(weight_.next_deadline(later_), std::nullopt);
}

TEST_F(DhcpWeightTest, the_first_that_comes_back_gets_the_role) {
    weight_.ours(false, start_);
    one_of_the_others_lives(false);
    EXPECT_EQ(weight_.weighs(later_), false);
    one_of_the_others_lives();
    EXPECT_EQ(weight_.weighs(later_), true);
}

TEST_F(DhcpWeightTest, who_never_heard_of_others_weighs_alone) {
    weight_.ours(false, start_);
    EXPECT_EQ(weight_.weighs(later_), true);
}

TEST_F(DhcpWeightTest, told_again_that_it_is_dead_nobody_waits_longer) {
    one_of_the_others_lives();
    weight_.ours(false, start_);
    weight_.ours(false, start_ + Duration(1));
    EXPECT_EQ(weight_.weighs(later_), true);
    weight_.ours(true, later_);
    EXPECT_EQ(weight_.weighs(later_), false);
}

}  // namespace
}  // namespace vrrpd::agent::dhcp_weight_test
