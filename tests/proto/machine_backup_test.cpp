// Backup: following, discarding, promoting.
#include "tests/proto/router_fixture.hpp"

namespace vrrpd::proto::machine_backup_test {
namespace {

using namespace fixture;

Router backup_router(const RouterParameters& with) {
    Router router(with);
    router.at(0s, Start{});
    return router;
}

TEST(Backup, VR_096_the_advert_leaves_first) {
    auto router = backup_router(parameters(100));
    const Actions expected{SendAdvert{priority(100)}, Claim{Cause::nobody_heard},
                           moved(Role::backup, Role::active, Cause::nobody_heard)};
    EXPECT_EQ(router.at(3'609'375us, TimeReached{}), expected);
    EXPECT_EQ(router.deadline(), 4'609'375us);
}

TEST(Backup, a_time_that_comes_early_is_nothing) {
    auto router = backup_router(parameters(100));
    EXPECT_EQ(router.at(3'609'374us, TimeReached{}), Actions{});
    EXPECT_EQ(router.role(), Role::backup);
}

TEST(Backup, silence_names_the_peer_and_its_length) {
    auto router = backup_router(parameters(100));
    router.receive(1s, advert(200));
    const auto actions = router.run(10s);
    ASSERT_GE(actions.size(), 3u);
    EXPECT_EQ(actions[2], moved(Role::backup, Role::active, Cause::silence, h003, 3'609'375us));
}

TEST(Backup, VR_097_priority_zero_leaves_skew_time) {
    auto router = backup_router(parameters(100));
    router.receive(1s, advert(200));
    EXPECT_EQ(router.receive(2s, advert(0)), Actions{});
    EXPECT_EQ(router.deadline(), 2s + 609'375us);
    EXPECT_EQ(router.run(2'609'375us).at(1), Action(Claim{Cause::resigned}));
}

TEST(Backup, VR_097_a_stream_of_zeroes_does_not_hold_it_back) {
    auto router = backup_router(parameters(100));
    router.receive(1s, advert(200));
    for (auto at = 2000ms; at <= 2600ms; at += 20ms) router.receive(at, advert(0));
    EXPECT_EQ(router.deadline(), 2s + 609'375us);
}

TEST(Backup, VR_097_a_better_advert_cancels_it) {
    auto router = backup_router(parameters(100));
    router.receive(1s, advert(0));
    router.receive(1100ms, advert(150, h001));
    EXPECT_EQ(router.deadline(), 1100ms + 3'609'375us);
    EXPECT_EQ(router.run(10s).at(1), Action(Claim{Cause::silence}));
}

TEST(Backup, VR_098_equal_or_higher_restarts_the_timer) {
    auto router = backup_router(parameters(100));
    for (const unsigned other : {100u, 101u, 255u}) {
        router.receive(2s, advert(other));
        EXPECT_EQ(router.deadline(), 2s + 3'609'375us);
    }
    EXPECT_EQ(router.role(), Role::backup);
}

TEST(Backup, VR_098_equal_priority_compares_no_addresses) {
    auto router = backup_router(parameters(100));
    router.receive(2s, advert(100, h001));  // smaller than ours
    EXPECT_EQ(router.deadline(), 2s + 3'609'375us);
}

TEST(Backup, VR_099_VR_101_lower_is_discarded_and_remembered_and_the_timer_runs_on) {
    auto router = backup_router(parameters(200));
    const auto first = router.receive(1s, advert(100, h001));
    EXPECT_EQ(notes(first, Remark::lower_priority_discarded), 1u);
    EXPECT_EQ(router.machine.active_peer(), h001);
    EXPECT_EQ(router.receive(2s, advert(100, h001)), Actions{});
    EXPECT_EQ(router.deadline(), 3'218'750us);
    EXPECT_EQ(router.run(3'218'750us).at(1), Action(Claim{Cause::preempted_lower}));
}

TEST(Backup, VR_067_the_interval_is_learnt) {
    auto router = backup_router(parameters(100));
    const auto actions = router.receive(1s, advert(255, h003, Centiseconds(400)));
    EXPECT_EQ(notes(actions, Remark::interval_learnt), 1u);
    EXPECT_EQ(router.machine.learnt_interval(), Centiseconds(400));
    EXPECT_EQ(router.deadline(), 1s + 12s + 2'437'500us);
    EXPECT_EQ(router.machine.down_interval(), 14'437'500us);
}

TEST(Backup, VR_067_v2_keeps_its_own_interval) {
    auto with = parameters(100);
    with.version = Version::v2;
    auto router = backup_router(with);
    router.receive(1s, advert(200, h003, Centiseconds(100)));
    EXPECT_EQ(router.machine.learnt_interval(), Centiseconds(100));
}

TEST(Backup, VR_068_what_was_learnt_is_dropped_on_becoming_active) {
    auto router = backup_router(parameters(100));
    router.receive(1s, advert(200, h003, Centiseconds(50)));
    router.run(router.deadline());
    EXPECT_EQ(router.role(), Role::active);
    EXPECT_EQ(router.machine.learnt_interval(), Centiseconds(100));
    router.at(10s, Fault{});
    router.at(11s, Start{});
    EXPECT_EQ(router.machine.learnt_interval(), Centiseconds(100));
}

TEST(Backup, VR_147_another_interval_is_said_once) {
    auto router = backup_router(parameters(100));
    std::size_t said = 0;
    for (auto at = 1s; at < 60s; at += 1s) {
        said += notes(router.receive(at, advert(200, h003, Centiseconds(50))), Remark::interval_learnt);
    }
    EXPECT_EQ(said, 1u);
}

TEST(Backup, a_forged_interval_is_clamped) {
    auto router = backup_router(parameters(100, Centiseconds(10)));
    const auto actions = router.receive(100ms, advert(255, h003, Centiseconds(4095)));
    EXPECT_EQ(notes(actions, Remark::interval_clamped), 1u);
    EXPECT_EQ(router.machine.learnt_interval(), Centiseconds(1000));  // 10 s, the least cap
    auto slow = backup_router(parameters(100, Centiseconds(300)));
    slow.receive(100ms, advert(255, h003, Centiseconds(4095)));
    EXPECT_EQ(slow.machine.learnt_interval(), Centiseconds(3000));  // ten of its own
}

TEST(Backup, the_clamp_is_an_option) {
    auto with = parameters(100);
    with.learnt_interval_max = 2s;
    auto router = backup_router(with);
    router.receive(100ms, advert(255, h003, Centiseconds(400)));
    EXPECT_EQ(router.machine.learnt_interval(), Centiseconds(200));
}

TEST(Backup, VR_150_two_alternating_peers_do_not_fill_the_log) {
    auto router = backup_router(parameters(200));
    std::size_t said = 0;
    for (auto at = 0ms; at < 3000ms; at += 1ms) {
        said += router.receive(at, advert(100, at.count() % 2 == 0 ? h001 : h003)).size();
    }
    EXPECT_EQ(said, 1u);
}

TEST(Backup, another_peer_is_said_again_after_the_pause) {
    auto with = parameters(200);
    with.preempt = false;
    auto router = backup_router(with);
    EXPECT_EQ(router.receive(1s, advert(250, h003, Centiseconds(50))).size(), 1u);
    EXPECT_EQ(router.receive(2s, advert(250, h001, Centiseconds(50))).size(), 0u);
    EXPECT_EQ(router.receive(11s, advert(250, h003, Centiseconds(50))).size(), 1u);
}

TEST(Backup, a_process_that_slept_grants_one_more_interval) {
    auto router = backup_router(parameters(100));
    router.receive(0s, advert(200, h003));
    const auto late = 3'609'375us * 2 + 1us;
    const auto actions = router.at(late, TimeReached{});
    EXPECT_EQ(notes(actions, Remark::late), 1u);
    EXPECT_EQ(actions.size(), 1u);
    EXPECT_EQ(router.deadline(), late + 1s);
    // Once: the next time it promotes, however late.
    EXPECT_EQ(count<Claim>(router.at(late + 100s, TimeReached{})), 1u);
}

TEST(Backup, late_by_no_more_than_a_down_interval_promotes) {
    auto router = backup_router(parameters(100));
    EXPECT_EQ(count<Claim>(router.at(3'609'375us * 2, TimeReached{})), 1u);
}

TEST(Backup, an_advert_within_the_grant_ends_it) {
    auto router = backup_router(parameters(100));
    router.at(20s, TimeReached{});
    router.receive(20500ms, advert(200));
    EXPECT_EQ(router.deadline(), 20500ms + 3'609'375us);
    EXPECT_EQ(count<Claim>(router.at(40s, TimeReached{})), 0u);  // a new silence, a new grant
    EXPECT_EQ(router.role(), Role::backup);
}

TEST(Backup, VR_102_a_change_of_priority_shifts_by_skew_alone) {
    auto router = backup_router(parameters(100));
    router.receive(1s, advert(250));
    router.at(2s, PriorityChanged{priority(200)});
    EXPECT_EQ(router.deadline(), 1s + 3'218'750us);
    router.at(3s, PriorityChanged{priority(1)});
    EXPECT_EQ(router.deadline(), 1s + 3'996'093'750ns);
    EXPECT_EQ(router.machine.effective_priority(), priority(1));
}

TEST(Backup, a_late_claim_failure_is_nothing) {
    auto router = backup_router(parameters(100));
    EXPECT_EQ(router.at(1s, ClaimFailed{}), Actions{});
}

}  // namespace
}  // namespace vrrpd::proto::machine_backup_test
