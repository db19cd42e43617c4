// Initialize, the probe before the first claim, and the end of a role by stop or fault.
#include "tests/proto/router_fixture.hpp"

namespace vrrpd::proto::machine_start_test {
namespace {

using namespace fixture;

TEST(Initialize, VR_081_a_start_sends_nothing_and_waits_a_down_interval) {
    Router router(parameters(100));
    EXPECT_EQ(router.machine.next_deadline(), std::nullopt);
    EXPECT_EQ(router.at(1s, Start{}), Actions{moved(Role::initialize, Role::backup, Cause::started)});
    EXPECT_EQ(router.deadline(), 1s + 3'609'375us);
    EXPECT_EQ(router.machine.learnt_interval(), Centiseconds(100));
}

TEST(Initialize, VR_080_an_owner_is_active_at_once) {
    Router router(parameters(255));
    const Actions expected{SendAdvert{Priority::owner()}, Claim{Cause::owner},
                           moved(Role::initialize, Role::active, Cause::owner)};
    EXPECT_EQ(router.at(0s, Start{}), expected);
    EXPECT_EQ(router.deadline(), 1s);
}

TEST(Initialize, VR_085_adverts_are_discarded) {
    Router router(parameters(100));
    EXPECT_EQ(router.receive(0s, advert(200)), Actions{});
    EXPECT_EQ(router.at(1s, TimeReached{}), Actions{});
    EXPECT_EQ(router.role(), Role::initialize);
}

TEST(Initialize, a_second_start_changes_nothing) {
    Router router(parameters(100));
    router.at(0s, Start{});
    EXPECT_EQ(router.at(2s, Start{}), Actions{});
    EXPECT_EQ(router.deadline(), 3'609'375us);
}

TEST(Initialize, an_adopted_role_goes_on_at_once) {
    Router router(parameters(150));
    const Actions expected{SendAdvert{priority(150)}, Claim{Cause::adopted},
                           moved(Role::initialize, Role::active, Cause::adopted)};
    EXPECT_EQ(router.at(0s, Adopt{}), expected);
}

TEST(Stop, VR_095_a_backup_says_nothing) {
    Router router(parameters(100));
    router.at(0s, Start{});
    EXPECT_EQ(router.at(1s, Stop{}), Actions{moved(Role::backup, Role::initialize, Cause::stopped)});
    EXPECT_EQ(router.machine.next_deadline(), std::nullopt);
    EXPECT_EQ(router.at(2s, Stop{}), Actions{});
}

TEST(Stop, VR_117_an_active_resigns_before_it_releases) {
    auto router = active_router(parameters(100));
    const Actions expected{SendAdvert{Priority::resign()}, Release{Cause::stopped},
                           moved(Role::active, Role::initialize, Cause::stopped)};
    EXPECT_EQ(router.at(5s, Stop{}), expected);
}

TEST(Fault, VR_117_an_active_resigns_before_it_releases) {
    auto router = active_router(parameters(100));
    const Actions expected{SendAdvert{Priority::resign()}, Release{Cause::fault},
                           moved(Role::active, Role::initialize, Cause::fault)};
    EXPECT_EQ(router.at(5s, Fault{}), expected);
    router.at(6s, Start{});
    EXPECT_EQ(router.deadline(), 6s + 3'609'375us);  // recovery takes a full down interval
}

TEST(Fault, a_backup_says_nothing) {
    Router router(parameters(100));
    router.at(0s, Start{});
    EXPECT_EQ(router.at(1s, Fault{}), Actions{moved(Role::backup, Role::initialize, Cause::fault)});
}

RouterParameters probing(unsigned value, Centiseconds interval = 1s) {
    auto result = parameters(value, interval);
    result.probe_time = 300ms;
    return result;
}

TEST(Probe, ends_with_the_down_timer_and_costs_nothing) {
    Router router(probing(100));
    router.at(0s, Start{});
    EXPECT_EQ(router.deadline(), 3'309'375us);
    EXPECT_EQ(router.run(3'609'374us), (Actions{Probe{}, Probe{}, Probe{}}));
    EXPECT_EQ(router.deadline(), 3'609'375us);
    EXPECT_EQ(count<Claim>(router.run(3'609'375us)), 1u);
}

TEST(Probe, is_awaited_even_where_the_down_interval_is_shorter) {
    Router router(probing(100, Centiseconds(1)));
    router.at(0s, Start{});
    EXPECT_EQ(router.run(299ms), (Actions{Probe{}, Probe{}, Probe{}}));
    EXPECT_EQ(router.deadline(), 300ms);
}

TEST(Probe, an_owner_asks_first) {
    Router router(probing(255));
    router.at(0s, Start{});
    EXPECT_EQ(router.role(), Role::backup);
    EXPECT_EQ(count<Probe>(router.run(299ms)), 3u);
    const Actions expected{SendAdvert{Priority::owner()}, Claim{Cause::owner},
                           moved(Role::backup, Role::active, Cause::owner)};
    EXPECT_EQ(router.run(300ms), expected);
}

TEST(Probe, answered_means_never_claimed) {
    Router router(probing(100));
    router.at(0s, Start{});
    std::size_t notes_made = 0;
    for (Duration at = 3400ms; at < 60s; at = router.deadline() + 100ms) {
        EXPECT_EQ(count<Claim>(router.run(at)), 0u);
        notes_made += notes(router.at(at, ProbeAnswered{}), Remark::held_by_other);
        EXPECT_EQ(router.deadline(), at + 3'309'375us);  // asked again at the end of each down interval
    }
    EXPECT_EQ(notes_made, 1u);
    EXPECT_EQ(router.role(), Role::backup);
}

TEST(Probe, an_answer_brings_no_new_question_at_once) {
    Router router(probing(100, Centiseconds(1)));  // the down interval is shorter than the probe
    router.at(0s, Start{});
    std::size_t asked = 0;
    for (Duration at = 0ms; at < 30s; at += 1ms) {
        const auto rounds = count<Probe>(router.run(at));
        asked += rounds;
        if (rounds > 0) router.at(at, ProbeAnswered{});
    }
    EXPECT_EQ(router.role(), Role::backup);
    EXPECT_LE(asked, 101u);  // one in 300 ms
    EXPECT_GE(asked, 99u);
}

TEST(Probe, VR_176_ends_when_an_advert_is_heard) {
    Router router(probing(100));
    router.at(0s, Start{});
    EXPECT_EQ(router.run(3350ms), Actions{Probe{}});
    router.receive(3360ms, advert(200));
    EXPECT_EQ(router.deadline(), 3360ms + 3'609'375us);
    // Silence after somebody was heard promotes without asking, and late answers no longer count.
    EXPECT_EQ(router.at(3370ms, ProbeAnswered{}), Actions{});
    const auto actions = router.run(10s);
    EXPECT_EQ(count<Probe>(actions), 0u);
    EXPECT_EQ(router.role(), Role::active);
}

TEST(Probe, rounds_that_are_late_are_awaited_all_the_same) {
    Router router(probing(100));
    router.at(0s, Start{});
    EXPECT_EQ(router.at(3500ms, TimeReached{}), Actions{Probe{}});
    EXPECT_EQ(router.at(3800ms, TimeReached{}), Actions{Probe{}});
    EXPECT_EQ(router.at(3900ms, TimeReached{}), Actions{Probe{}});
    EXPECT_EQ(router.deadline(), 4s);
}

TEST(Probe, follows_a_change_of_priority) {
    Router router(probing(100));
    router.at(0s, Start{});
    router.at(1s, PriorityChanged{priority(200)});
    EXPECT_EQ(router.deadline(), 3'218'750us - 300ms);
    EXPECT_EQ(count<Claim>(router.run(3'218'750us)), 1u);
}

TEST(VirtualRouter, is_small) { EXPECT_LE(sizeof(VirtualRouter), 200u); }

}  // namespace
}  // namespace vrrpd::proto::machine_start_test
