#include "vrrpd/agent/split_brain.hpp"

#include <gtest/gtest.h>

namespace vrrpd::agent::split_brain_test {
namespace {

using namespace std::chrono_literals;
using What = SplitBrain::Notice::What;

class SplitBrainTest : public testing::Test {
protected:
    [[nodiscard]] static SplitBrain::Candidate candidate(std::string name, int priority, std::uint8_t last) {
        return {std::move(name), priority, IpAddress::v4(10, 12, 14, last)};
    }
    void we_are(int priority, std::uint8_t last = 2) { split_.we_are("HOME", candidate("H001", priority, last)); }
    void peer_is(int priority, std::uint8_t last = 4) {
        split_.peer_is("HOME", "H003", candidate("H003", priority, last));
    }
    [[nodiscard]] std::vector<SplitBrain::Notice> at(Duration time) { return split_.step(Instant(time)); }

    SplitBrain split_;
};

TEST_F(SplitBrainTest, two_for_a_moment_are_a_take_over) {
    we_are(150);
    peer_is(200);
    EXPECT_TRUE(at(10s).empty());
    EXPECT_EQ(split_.next_deadline(), Instant(11s));
    split_.peer_is("HOME", "H003", std::nullopt);
    EXPECT_TRUE(at(12s).empty());
    EXPECT_FALSE(split_.next_deadline());
}

TEST_F(SplitBrainTest, two_that_last_are_said_once_and_their_end_once) {
    we_are(150);
    peer_is(200);
    EXPECT_TRUE(at(10s).empty());
    const auto began = at(11s);
    ASSERT_EQ(began.size(), 1U);
    EXPECT_EQ(began[0].what, What::began);
    EXPECT_EQ(began[0].peer, "H003");
    EXPECT_EQ(began[0].since, Instant(10s));
    EXPECT_FALSE(began[0].we_stay);
    peer_is(200);
    EXPECT_TRUE(at(20s).empty());
    EXPECT_EQ(split_.ongoing("HOME").size(), 1U);
    split_.peer_is("HOME", "H003", std::nullopt);
    const auto ended = at(30s);
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended[0].what, What::ended);
    EXPECT_TRUE(ended[0].we_stay);
    EXPECT_TRUE(at(31s).empty());
    EXPECT_TRUE(split_.ongoing("HOME").empty());
}

// It lost power a moment ago: that it is the gateway was its last word, and the link does not know yet.
TEST_F(SplitBrainTest, word_from_before_we_took_over_does_not_count) {
    peer_is(200);
    (void)at(5s);
    we_are(150);
    EXPECT_TRUE(at(10s).empty());
    EXPECT_TRUE(at(12s).empty());
    we_are(140);  // still Active
    EXPECT_TRUE(at(14s).empty());
    EXPECT_FALSE(split_.next_deadline());
    peer_is(200);  // it lives
    EXPECT_TRUE(at(20s).empty());
    EXPECT_EQ(at(21s).size(), 1U);
}

TEST_F(SplitBrainTest, exactly_one_of_both_ends_stays) {
    for (const int other : {100, 150, 200}) {
        SplitBrain theirs;
        split_ = {};
        we_are(150, 2);
        peer_is(other, 4);
        theirs.we_are("HOME", candidate("H003", other, 4));
        theirs.peer_is("HOME", "H001", candidate("H001", 150, 2));
        (void)split_.step(Instant(1s));
        (void)theirs.step(Instant(1s));
        EXPECT_NE(split_.step(Instant(2s))[0].we_stay, theirs.step(Instant(2s))[0].we_stay);
    }
}

TEST_F(SplitBrainTest, ours_may_be_what_ends_it) {
    we_are(150);
    peer_is(200);
    (void)at(1s);
    EXPECT_EQ(at(2s).size(), 1U);
    split_.we_are("HOME", std::nullopt);
    const auto ended = at(3s);
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended[0].what, What::ended);
    EXPECT_FALSE(ended[0].we_stay);
}

TEST_F(SplitBrainTest, a_lost_link_leaves_it_open_and_a_new_one_begins_anew) {
    we_are(150);
    peer_is(200);
    (void)at(1s);
    (void)at(2s);
    split_.peer_lost("H003");
    const auto lost = at(3s);
    ASSERT_EQ(lost.size(), 1U);
    EXPECT_EQ(lost[0].what, What::link_lost);
    EXPECT_TRUE(at(4s).empty());
    peer_is(200);
    EXPECT_TRUE(at(5s).empty());
    EXPECT_EQ(at(6s).size(), 1U);
}

TEST_F(SplitBrainTest, gateways_are_apart) {
    we_are(150);
    split_.peer_is("OFFICE", "H003", candidate("H003", 200, 4));
    (void)at(1s);
    EXPECT_TRUE(at(9s).empty());
}

}  // namespace
}  // namespace vrrpd::agent::split_brain_test
