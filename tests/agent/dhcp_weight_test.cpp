#include "vrrpd/agent/dhcp_weight.hpp"

#include <gtest/gtest.h>

namespace vrrpd::agent {
namespace {

using Others = DhcpWeight::Others;

class DhcpWeightTest : public testing::Test {
protected:
    const Instant start_{std::chrono::seconds(1000)};
    const Instant later_ = start_ + DhcpWeight::patience;
    DhcpWeight weight_;
};

TEST_F(DhcpWeightTest, what_is_not_known_is_not_told) {
    for (const auto others : {Others::unasked, Others::none_lives, Others::one_lives})
        EXPECT_EQ(weight_.weighs(others, start_), std::nullopt);
    EXPECT_EQ(weight_.next_deadline(start_), std::nullopt);
}

TEST_F(DhcpWeightTest, one_that_lives_never_weighs) {
    weight_.ours(true, start_);
    for (const auto others : {Others::unasked, Others::none_lives, Others::one_lives})
        EXPECT_EQ(weight_.weighs(others, later_), false);
    EXPECT_EQ(weight_.next_deadline(start_), std::nullopt);
}

TEST_F(DhcpWeightTest, a_dead_one_weighs_where_another_lives) {
    weight_.ours(false, start_);
    EXPECT_EQ(weight_.weighs(Others::one_lives, later_), true);
}

TEST_F(DhcpWeightTest, those_that_died_together_weigh_at_no_time) {
    weight_.ours(false, start_);
    const auto before_the_others_know = later_ - Duration(1);
    EXPECT_EQ(weight_.next_deadline(before_the_others_know), later_);
    EXPECT_EQ(weight_.weighs(Others::one_lives, before_the_others_know), std::nullopt);
    EXPECT_EQ(weight_.weighs(Others::none_lives, later_), false);
    EXPECT_EQ(weight_.next_deadline(later_), std::nullopt);
}

TEST_F(DhcpWeightTest, the_first_that_comes_back_gets_the_role) {
    weight_.ours(false, start_);
    EXPECT_EQ(weight_.weighs(Others::none_lives, later_), false);
    EXPECT_EQ(weight_.weighs(Others::one_lives, later_), true);
}

TEST_F(DhcpWeightTest, who_cannot_ask_weighs_alone) {
    weight_.ours(false, start_);
    EXPECT_EQ(weight_.weighs(Others::unasked, later_), true);
}

TEST_F(DhcpWeightTest, told_again_that_it_is_dead_nobody_waits_longer) {
    weight_.ours(false, start_);
    weight_.ours(false, start_ + Duration(1));
    EXPECT_EQ(weight_.weighs(Others::one_lives, later_), true);
    weight_.ours(true, later_);
    EXPECT_EQ(weight_.weighs(Others::one_lives, later_), false);
}

}  // namespace
}  // namespace vrrpd::agent
