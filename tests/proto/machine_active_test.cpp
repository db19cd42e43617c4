// Active: advertising, answering, yielding, standing down.
#include "tests/proto/router_fixture.hpp"

namespace vrrpd::proto::machine_active_test {
namespace {

using namespace fixture;

// Active since 0 s, the next advert due at 1 s.
Router active(const RouterParameters& with) {
    Router router(with);
    router.at(0s, Adopt{});
    return router;
}

TEST(Active, VR_116_advertises_every_interval) {
    auto router = active(parameters(100));
    EXPECT_EQ(router.run(10s), Actions(10, SendAdvert{priority(100)}));
}

TEST(Active, VR_073_the_next_advert_counts_from_the_last_deadline) {
    auto router = active(parameters(100, Centiseconds(1)));
    EXPECT_EQ(router.at(13ms, TimeReached{}), Actions{SendAdvert{priority(100)}});
    EXPECT_EQ(router.deadline(), 20ms);
}

TEST(Active, VR_073_missed_adverts_are_not_sent_in_a_burst) {
    auto router = active(parameters(100));
    EXPECT_EQ(router.at(3500ms, TimeReached{}).size(), 1u);
    EXPECT_EQ(router.deadline(), 4s);
}

TEST(Active, VR_118_priority_zero_is_answered) {
    auto router = active(parameters(100));
    EXPECT_EQ(router.receive(500ms, advert(0)), Actions{SendAdvert{priority(100)}});
    EXPECT_EQ(router.deadline(), 1500ms);
}

TEST(Active, VR_119_a_higher_one_takes_the_role) {
    auto router = active(parameters(100));
    const Actions expected{Release{Cause::higher_priority},
                           moved(Role::active, Role::backup, Cause::higher_priority, h001)};
    EXPECT_EQ(router.receive(500ms, advert(101, h001)), expected);
    EXPECT_EQ(router.deadline(), 500ms + 3'609'375us);
}

TEST(Active, VR_119_the_interval_of_the_new_active_is_learnt) {
    auto router = active(parameters(100));
    router.receive(500ms, advert(200, h003, Centiseconds(400)));
    EXPECT_EQ(router.machine.learnt_interval(), Centiseconds(400));
    EXPECT_EQ(router.deadline(), 500ms + 14'437'500us);
}

TEST(Active, VR_119_one_more_advert_where_asked_for) {
    auto with = parameters(100);
    with.advert_before_yielding = true;
    auto router = active(with);
    const auto actions = router.receive(500ms, advert(200));
    EXPECT_EQ(actions.at(0), Action(SendAdvert{priority(100)}));
    EXPECT_EQ(actions.at(1), Action(Release{Cause::higher_priority}));
}

TEST(Active, VR_120_equal_priority_and_greater_address_takes_the_role) {
    auto router = active(parameters(100));
    const auto actions = router.receive(500ms, advert(100, h003));
    EXPECT_EQ(notes(actions, Remark::equal_priority_peer), 1u);
    EXPECT_EQ(actions.back(), moved(Role::active, Role::backup, Cause::equal_priority, h003));
}

TEST(Active, VR_120_addresses_compare_unsigned_in_network_order) {
    const auto yields = [](const char* theirs, const char* ours) {
        auto router = active(parameters(100));
        router.receive(500ms, {priority(100), 1s, *IpAddress::parse(theirs), *IpAddress::parse(ours)});
        return router.role() == Role::backup;
    };
    EXPECT_TRUE(yields("10.0.0.1", "9.255.255.255"));
    EXPECT_TRUE(yields("200.0.0.1", "100.0.0.1"));
    EXPECT_FALSE(yields("100.0.0.1", "200.0.0.1"));
    EXPECT_TRUE(yields("fe80::b", "fe80::a"));
    EXPECT_FALSE(yields("fe80::a", "fe80::b"));
}

TEST(Active, VR_121_a_lower_one_is_answered_and_the_addresses_announced_again) {
    auto router = active(parameters(100));
    const auto actions = router.receive(500ms, advert(99));
    ASSERT_EQ(actions.size(), 3u);
    EXPECT_EQ(actions[0], Action(SendAdvert{priority(100)}));
    EXPECT_EQ(actions[1], Action(AnnounceAgain{}));
    EXPECT_EQ(notes(actions, Remark::lower_priority_answered), 1u);
    EXPECT_EQ(router.receive(600ms, advert(99)).size(), 2u);  // the note once
    EXPECT_EQ(router.role(), Role::active);
}

TEST(Active, VR_121_equal_priority_and_smaller_address_is_lower) {
    auto router = active(parameters(100));
    EXPECT_EQ(count<SendAdvert>(router.receive(500ms, advert(100, h001))), 1u);
    EXPECT_EQ(router.role(), Role::active);
}

TEST(Active, VR_121_lower_prio_no_advert_leaves_out_the_advert_alone) {
    auto with = parameters(100);
    with.answer_lower_priority = false;
    auto router = active(with);
    const auto actions = router.receive(500ms, advert(99));
    ASSERT_EQ(actions.size(), 2u);
    EXPECT_EQ(actions[0], Action(AnnounceAgain{}));
    EXPECT_EQ(notes(actions, Remark::lower_priority_not_answered), 1u);
    EXPECT_EQ(router.receive(600ms, advert(99)), Actions{AnnounceAgain{}}) << "each time, the note once";
    EXPECT_EQ(router.deadline(), 1s);
    for (unsigned i = 2; i < answers_per_interval; ++i)
        EXPECT_EQ(router.receive(700ms, advert(99)), Actions{AnnounceAgain{}});
    EXPECT_EQ(router.receive(800ms, advert(99)), Actions{}) << "VR-122: a flood";
}

TEST(Active, VR_122_a_flood_is_answered_ten_times_an_interval) {
    auto router = active(parameters(100));
    Actions all;
    for (auto at = 0ms; at < 10s; at += 1ms) {
        for (auto& action : router.run(at)) all.push_back(action);
        for (auto& action : router.receive(at, advert(99))) all.push_back(action);
    }
    EXPECT_LE(count<SendAdvert>(all), 11 * 10u);
    EXPECT_LE(count<AnnounceAgain>(all), 10 * 10u);
    EXPECT_EQ(count<Note>(all), 1u);
}

TEST(Active, VR_123_the_timer_restarts_only_when_an_advert_left) {
    auto router = active(parameters(100));
    for (int i = 0; i < 10; ++i) router.receive(500ms, advert(99));
    EXPECT_EQ(router.deadline(), 1500ms);
    EXPECT_EQ(router.receive(900ms, advert(99)), Actions{});
    EXPECT_EQ(router.receive(900ms, advert(0)), Actions{});
    EXPECT_EQ(router.deadline(), 1500ms);
}

TEST(Active, VR_124_nopreempt_is_not_consulted) {
    auto with = parameters(100);
    with.preempt = false;
    auto router = active(with);
    router.receive(500ms, advert(99));
    EXPECT_EQ(router.role(), Role::active);
    router.receive(600ms, advert(101));
    EXPECT_EQ(router.role(), Role::backup);
}

TEST(Active, VR_126_VR_154_a_second_owner_is_treated_like_any_equal) {
    auto router = active(parameters(255));
    EXPECT_EQ(notes(router.receive(500ms, advert(255, h001)), Remark::second_owner), 1u);
    EXPECT_EQ(router.role(), Role::active);
    router.receive(600ms, advert(255, h003));
    EXPECT_EQ(router.role(), Role::backup);
}

// timer_expired_backup: a router of priority 200 takes over sooner than we would.
TEST(Active, one_that_slept_for_longer_than_the_best_of_the_others_waits_stands_down) {
    auto with = parameters(100);
    with.others_priority = priority(200);
    const auto others_wait = 3s + 1s * (256 - 200) / 256.0;
    const auto due = 1s + std::chrono::round<Duration>(others_wait);
    auto awake = active(with);
    awake.at(due, TimeReached{});
    EXPECT_EQ(awake.role(), Role::active);
    auto asleep = active(with);
    asleep.at(due + 1ns, TimeReached{});
    EXPECT_EQ(asleep.role(), Role::backup);
}

TEST(Active, VR_129_one_that_slept_stands_down) {
    auto router = active(parameters(100));
    const auto late = 1s + 3'609'375us + 1ns;
    const Actions expected{Release{Cause::stalled}, moved(Role::active, Role::backup, Cause::stalled)};
    EXPECT_EQ(router.at(late, TimeReached{}), expected);
    EXPECT_EQ(router.deadline(), late + 3'609'375us);
}

// A shell drains its sockets before it looks at the timer, so the advert of the one that took over comes first.
TEST(Active, VR_129_one_that_slept_stands_down_before_it_answers_anybody) {
    auto router = active(parameters(100));
    const auto late = 1s + 3'609'375us + 1ns;
    const auto actions = router.receive(late, advert(50, h001));
    ASSERT_GE(actions.size(), 2u);
    EXPECT_EQ(actions[0], Action(Release{Cause::stalled}));
    EXPECT_EQ(actions[1], Action(moved(Role::active, Role::backup, Cause::stalled)));
    EXPECT_EQ(router.role(), Role::backup);
}

TEST(Active, a_failed_claim_gives_the_role_up_aloud) {
    auto router = active(parameters(100));
    const Actions expected{SendAdvert{Priority::resign()}, Release{Cause::claim_failed},
                           moved(Role::active, Role::backup, Cause::claim_failed)};
    EXPECT_EQ(router.at(500ms, ClaimFailed{}), expected);
    EXPECT_EQ(router.deadline(), 500ms + 3'609'375us);
}

TEST(Active, one_that_lost_an_address_resigns_and_comes_back_after_a_skew) {
    auto router = active(parameters(100));
    const Actions expected{SendAdvert{Priority::resign()}, Release{Cause::object_lost},
                           moved(Role::active, Role::backup, Cause::object_lost)};
    EXPECT_EQ(router.at(500ms, ObjectLost{}), expected);
    EXPECT_EQ(router.deadline(), 500ms + 609'375us);
    router.run(2s);
    EXPECT_EQ(router.role(), Role::active);
    EXPECT_EQ(router.machine.claims_again_at(), Instant{}) << "no claim failed";
}

TEST(Active, one_that_lost_an_address_leaves_the_role_to_whoever_takes_it) {
    auto router = active(parameters(100));
    router.at(500ms, ObjectLost{});
    router.receive(800ms, advert(150));
    EXPECT_EQ(router.deadline(), 800ms + 3'609'375us);
}

TEST(Active, a_lowered_priority_is_advertised_not_acted_upon) {
    auto router = active(parameters(200));
    EXPECT_EQ(router.at(500ms, PriorityChanged{priority(80)}), Actions{});
    EXPECT_EQ(router.run(1s), Actions{SendAdvert{priority(80)}});
    router.receive(1100ms, advert(100));
    EXPECT_EQ(router.role(), Role::backup);
}

TEST(Active, a_probe_answer_is_nothing) {
    auto router = active(parameters(200));
    EXPECT_EQ(router.at(500ms, ProbeAnswered{}), Actions{});
    EXPECT_EQ(router.role(), Role::active);
}

}  // namespace
}  // namespace vrrpd::proto::machine_active_test
