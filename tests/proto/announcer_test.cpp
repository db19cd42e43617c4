#include <gtest/gtest.h>

#include "vrrpd/proto/announce.hpp"

namespace vrrpd::proto::announcer_test {
namespace {

using namespace std::chrono_literals;
using Indexes = std::vector<std::size_t>;

constexpr Instant start{100s};

// What is sent until `end`, by the time since the start.
std::vector<std::pair<Duration, Indexes>> run(Announcer& announcer, Duration end) {
    std::vector<std::pair<Duration, Indexes>> sent;
    while (announcer.next_deadline() && *announcer.next_deadline() <= start + end) {
        const auto now = *announcer.next_deadline();
        sent.emplace_back(now - start, announcer.due(now));
    }
    return sent;
}

TEST(Announcer, VR_172_VR_173_two_blocks_round_by_round) {
    const AnnouncePolicy policy;
    Announcer announcer{policy};
    announcer.start(start, 2, 0);
    const Indexes block{0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
    const auto sent = run(announcer, 60s);
    ASSERT_EQ(sent.size(), 2u);
    EXPECT_EQ(sent[0], (std::pair<Duration, Indexes>(0s, block)));
    EXPECT_EQ(sent[1], (std::pair<Duration, Indexes>(5s, block)));
    EXPECT_EQ(announcer.next_deadline(), std::nullopt);
}

TEST(Announcer, delay_0_means_one_block) {
    AnnouncePolicy policy;
    policy.repeat = 1;
    policy.second_block = 0s;
    Announcer announcer{policy};
    announcer.start(start, 1, 2);
    EXPECT_EQ(announcer.due(start), (Indexes{0, 1, 2}));
    EXPECT_EQ(announcer.next_deadline(), std::nullopt);
}

TEST(Announcer, VR_174_the_first_refresh_comes_after_delay_and_refresh) {
    AnnouncePolicy policy;
    policy.repeat = 1;
    policy.refresh = 10s;
    policy.refresh_repeat = 2;
    Announcer announcer{policy};
    announcer.start(start, 1, 0);
    const auto sent = run(announcer, 40s);
    ASSERT_EQ(sent.size(), 5u);
    EXPECT_EQ(sent[2], (std::pair<Duration, Indexes>(15s, {0, 0})));
    EXPECT_EQ(sent[3].first, 25s);
    EXPECT_EQ(sent[4].first, 35s);
}

TEST(Announcer, a_late_refresh_is_not_made_up_for) {
    AnnouncePolicy policy;
    policy.repeat = 0;
    policy.second_block = 0s;
    policy.refresh = 10s;
    Announcer announcer{policy};
    announcer.start(start, 1, 0);
    EXPECT_EQ(announcer.due(start + 45s), (Indexes{0}));
    EXPECT_EQ(announcer.next_deadline(), start + 55s);
}

// As keepalived 2.2.7 was seen to do with `vrrp_garp_extra_if all 2`: every 2 s, the first time 2 s after the claim.
TEST(Announcer, garp_extra_if_comes_at_its_interval_and_ends_with_the_role) {
    AnnouncePolicy policy;
    policy.repeat = 1;
    policy.second_block = 0s;
    policy.extra = 2s;
    Announcer announcer{policy};
    announcer.start(start, 1, 0);
    EXPECT_EQ(announcer.due(start), Indexes{0});
    EXPECT_EQ(announcer.next_deadline(), start + 2s);
    EXPECT_FALSE(announcer.extra_is_due(start + 1999ms));
    EXPECT_TRUE(announcer.extra_is_due(start + 2s));
    EXPECT_FALSE(announcer.extra_is_due(start + 2s));
    EXPECT_TRUE(announcer.extra_is_due(start + 9s));  // late: once, and then not at once again
    EXPECT_EQ(announcer.next_deadline(), start + 11s);
    announcer.stop();
    EXPECT_EQ(announcer.next_deadline(), std::nullopt);
    EXPECT_FALSE(announcer.extra_is_due(start + 60s));
}

TEST(Announcer, a_reload_takes_the_refresh_out) {
    AnnouncePolicy policy;
    policy.refresh = 10s;
    Announcer announcer{policy};
    announcer.start(start, 1, 0);
    (void)run(announcer, 7s);
    const AnnouncePolicy without;
    announcer.set_policy(without, start + 7s);
    EXPECT_EQ(announcer.next_deadline(), std::nullopt);
    EXPECT_TRUE(announcer.due(start + 60s).empty());
}

TEST(Announcer, a_reload_brings_a_refresh_or_another_one) {
    const AnnouncePolicy without;
    Announcer announcer{without};
    announcer.start(start, 1, 0);
    (void)run(announcer, 7s);
    AnnouncePolicy policy;
    policy.refresh = 10s;
    announcer.set_policy(policy, start + 8s);
    using Sent = std::vector<std::pair<Duration, Indexes>>;
    EXPECT_EQ(run(announcer, 30s), (Sent{{18s, {0}}, {28s, {0}}}));
    AnnouncePolicy other = policy;
    other.refresh_repeat = 2;
    announcer.set_policy(other, start + 30s);
    EXPECT_EQ(run(announcer, 50s), (Sent{{40s, {0, 0}}, {50s, {0, 0}}}));
}

// Whoever reloads every few seconds must not put off the refresh for ever, nor lose a block.
TEST(Announcer, a_reload_that_changes_nothing_of_it_leaves_the_plan) {
    AnnouncePolicy policy;
    policy.repeat = 1;
    policy.refresh = 10s;
    policy.extra = 30s;
    Announcer announcer{policy};
    announcer.start(start, 1, 0);
    const AnnouncePolicy same = policy;
    announcer.set_policy(same, start + 3s);
    using Sent = std::vector<std::pair<Duration, Indexes>>;
    EXPECT_EQ(run(announcer, 25s), (Sent{{0s, {0}}, {5s, {0}}, {15s, {0}}, {25s, {0}}}));
    EXPECT_TRUE(announcer.extra_is_due(start + 30s));
}

TEST(Announcer, a_reload_takes_garp_extra_if_out_and_brings_it) {
    AnnouncePolicy policy;
    policy.extra = 2s;
    Announcer announcer{policy};
    announcer.start(start, 1, 0);
    (void)announcer.due(start + 5s);
    const AnnouncePolicy without;
    announcer.set_policy(without, start + 5s);
    EXPECT_EQ(announcer.next_deadline(), std::nullopt);
    EXPECT_FALSE(announcer.extra_is_due(start + 60s));
    announcer.set_policy(policy, start + 60s);
    EXPECT_FALSE(announcer.extra_is_due(start + 61s));
    EXPECT_TRUE(announcer.extra_is_due(start + 62s));
}

TEST(Announcer, a_reload_plans_nothing_for_who_is_not_active) {
    const AnnouncePolicy without;
    Announcer announcer{without};
    AnnouncePolicy policy;
    policy.refresh = 10s;
    policy.extra = 2s;
    announcer.set_policy(policy, start);
    EXPECT_EQ(announcer.next_deadline(), std::nullopt);
}

TEST(Announcer, VR_125_again_after_50_ms_and_1_s) {
    const AnnouncePolicy policy;
    Announcer announcer{policy};
    announcer.start(start, 1, 0);
    (void)run(announcer, 30s);
    announcer.again(start + 30s);
    const std::vector<std::pair<Duration, Indexes>> expected{
        {30s, {0, 0, 0, 0, 0}}, {30s + 50ms, {0}}, {31s, {0}}, {35s, {0, 0, 0, 0, 0}}};
    EXPECT_EQ(run(announcer, 60s), expected);
}

TEST(Announcer, VR_125_a_flood_brings_no_storm) {
    const AnnouncePolicy policy;
    Announcer announcer{policy};
    announcer.start(start, 1, 0);
    (void)run(announcer, 30s);
    std::size_t frames = 0;
    for (auto at = 30s + 0ms; at < 40s; at += 1ms) {
        announcer.again(start + at);
        frames += announcer.due(start + at).size();
    }
    // At most a round in each 50 ms besides its repeat, and four more once a second.
    EXPECT_LE(frames, 10 * (20 * 2 + 4u));
    EXPECT_GE(frames, 10 * 20u);
}

TEST(Announcer, lower_prio_repeat_0_means_none) {
    AnnouncePolicy policy;
    policy.lower_prio_repeat = 0;
    Announcer announcer{policy};
    announcer.start(start, 1, 0);
    (void)run(announcer, 30s);
    announcer.again(start + 30s);
    EXPECT_EQ(announcer.next_deadline(), std::nullopt);
}

TEST(Announcer, VR_103_stop_forgets_everything) {
    AnnouncePolicy policy;
    policy.refresh = 3s;
    Announcer announcer{policy};
    announcer.start(start, 3, 0);
    (void)announcer.due(start);
    announcer.again(start + 1ms);
    announcer.stop();
    EXPECT_EQ(announcer.next_deadline(), std::nullopt);
    EXPECT_TRUE(announcer.due(start + 60s).empty());
    announcer.again(start + 60s);  // Active no more: nothing to announce
    EXPECT_EQ(announcer.next_deadline(), std::nullopt);
}

TEST(Announcer, three_flaps_leave_one_refresh) {
    AnnouncePolicy policy;
    policy.repeat = 1;
    policy.second_block = 0s;
    policy.refresh = 3s;
    Announcer announcer{policy};
    for (int flap = 0; flap < 3; ++flap) {
        announcer.start(start, 1, 0);
        announcer.stop();
    }
    announcer.start(start, 1, 0);
    EXPECT_EQ(run(announcer, 9s).size(), 4u);  // at once, and after 3, 6 and 9 s
}

TEST(Announcer, is_small_while_idle) { EXPECT_LE(sizeof(Announcer), 112u); }

}  // namespace
}  // namespace vrrpd::proto::announcer_test
