// Whose word makes a gateway's DHCP server a dead one.
#include "dhcpsync/core/witnesses.hpp"

#include <gtest/gtest.h>

namespace dhcpsync::witnesses_test {
namespace {

using namespace std::chrono_literals;

class WitnessesTest : public testing::Test {
protected:
    static constexpr Term before{6}, ours{7};
    static constexpr NodeId first{1}, second{2};

    bool says(NodeId who, Offers offers, Term term = ours, bool could_serve = true) {
        return witnesses_.says(who, {offers, term, could_serve}, now_);
    }
    [[nodiscard]] Offers verdict() const { return witnesses_.verdict(ours); }

    Witnesses witnesses_;
    Instant now_{1h};
};

TEST_F(WitnessesTest, nobody_said_anything) { EXPECT_EQ(verdict(), Offers::unknown); }

TEST_F(WitnessesTest, one_that_could_do_better_is_believed) {
    EXPECT_TRUE(says(first, Offers::withheld));
    EXPECT_FALSE(says(first, Offers::withheld)) << "no news";
    EXPECT_EQ(verdict(), Offers::withheld);
    says(second, Offers::unknown);
    EXPECT_EQ(verdict(), Offers::withheld) << "who never was answered says nothing";
    says(first, Offers::given);
    EXPECT_EQ(verdict(), Offers::given);
}

TEST_F(WitnessesTest, one_whose_own_server_is_dead_is_not) {
    says(first, Offers::withheld, ours, false);
    EXPECT_EQ(verdict(), Offers::unknown);
}

TEST_F(WitnessesTest, one_that_is_answered_refutes_all_others) {
    says(first, Offers::withheld);
    says(second, Offers::given, ours, false);
    EXPECT_EQ(verdict(), Offers::given);
    says(second, Offers::withheld, ours, false);
    EXPECT_EQ(verdict(), Offers::withheld);
}

TEST_F(WitnessesTest, what_was_said_of_another_gateway_is_nothing) {
    says(first, Offers::withheld, before);
    EXPECT_EQ(verdict(), Offers::unknown);
    says(second, Offers::given, before);
    EXPECT_TRUE(says(first, Offers::withheld)) << "of another gateway that is news";
    EXPECT_EQ(verdict(), Offers::withheld);
}

TEST_F(WitnessesTest, a_word_goes_with_its_link) {
    says(first, Offers::withheld);
    witnesses_.gone(first, now_);
    witnesses_.gone(second, now_);
    EXPECT_EQ(verdict(), Offers::unknown);
}

// The broken port is there for weeks; then the other stand-in is rebooted.
TEST_F(WitnessesTest, who_was_refuted_stays_refuted_when_the_other_one_goes) {
    says(second, Offers::given);
    says(first, Offers::withheld);
    now_ += Witnesses::looked_again;
    witnesses_.gone(second, now_);
    says(first, Offers::withheld);
    EXPECT_EQ(verdict(), Offers::unknown);
    says(first, Offers::given);
    says(first, Offers::withheld);
    EXPECT_EQ(verdict(), Offers::withheld) << "it was answered in between";
}

TEST_F(WitnessesTest, one_that_had_no_time_to_look_again_refuted_nothing) {
    says(second, Offers::given);
    says(first, Offers::withheld);
    now_ += Witnesses::looked_again - 1s;
    witnesses_.gone(second, now_);
    EXPECT_EQ(verdict(), Offers::withheld);
}

}  // namespace
}  // namespace dhcpsync::witnesses_test
