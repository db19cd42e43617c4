// Sync groups: who is told what, in which order; and what a router of one does with it.
#include "vrrpd/proto/sync_group.hpp"

#include <gtest/gtest.h>

#include "tests/proto/router_fixture.hpp"

namespace vrrpd::proto::sync_group_test {
namespace {

using namespace fixture;
using Member = SyncGroup::Member;
using News = SyncGroup::News;
using Order = SyncGroup::Order;
using Tell = SyncGroup::Tell;
using Moved = SyncGroup::Moved;
using Told = SyncGroup::Actions;

const Member faulty{Role::initialize, false, false, false};
const Member waiting{Role::initialize, true, false, false};
const Member backup{Role::backup, true, false, false};
const Member follower{Role::backup, true, false, true};
const Member wanting{Role::backup, true, true, false};
const Member active{Role::active, true, false, false};
const Member broken{Role::active, false, false, false};

Told step(SyncGroup& group, std::vector<Member> members, std::size_t about, News news) {
    return group.step(members, about, news);
}
SyncGroup in_backup() {
    SyncGroup group;
    (void)step(group, {waiting, waiting, waiting}, 0, News::looked_at);
    return group;
}
SyncGroup in_active() {
    auto group = in_backup();
    (void)step(group, {wanting, wanting, wanting}, 0, News::wants);
    return group;
}

// Measured with keepalived 2.2.7: GROUP BACKUP, then its instances.
TEST(SyncGroup, at_the_first_start_the_group_comes_first) {
    SyncGroup group;
    EXPECT_EQ(step(group, {waiting, waiting}, 1, News::looked_at),
              (Told{Moved{std::nullopt, Role::backup}, Tell{1, Order::start}, Tell{0, Order::start}}));
    EXPECT_EQ(group.role(), Role::backup);
}

// Measured likewise: its instances come first.
TEST(SyncGroup, a_group_that_waits_for_scripts_comes_last) {
    SyncGroup group(true);
    EXPECT_EQ(step(group, {waiting, waiting}, 0, News::looked_at),
              (Told{Tell{0, Order::start}, Tell{1, Order::start}, Moved{std::nullopt, Role::backup}}));
}

// Of members that run already, by a reload: nothing happened to them.
TEST(SyncGroup, one_that_is_made_of_members_that_run_says_nothing) {
    SyncGroup group(false, Role::active);
    EXPECT_EQ(step(group, {active, active}, 0, News::looked_at), Told{});
    EXPECT_EQ(step(group, {active, broken}, 1, News::looked_at),
              (Told{Tell{1, Order::fault}, Tell{0, Order::fault}, Moved{Role::active, Role::initialize}}));
}

TEST(SyncGroup, a_faulty_member_holds_all_of_them) {
    SyncGroup group;
    EXPECT_EQ(step(group, {waiting, faulty}, 0, News::looked_at), (Told{Moved{std::nullopt, Role::initialize}}));
    EXPECT_EQ(step(group, {waiting, faulty}, 1, News::looked_at), Told{});
    EXPECT_EQ(step(group, {waiting, waiting}, 1, News::looked_at),
              (Told{Tell{1, Order::start}, Tell{0, Order::start}, Moved{Role::initialize, Role::backup}}));
}

// keepalived: I2 FAULT, I1 FAULT, GROUP FAULT.
TEST(SyncGroup, a_fault_pulls_all_the_one_that_has_it_first) {
    auto group = in_active();
    EXPECT_EQ(step(group, {active, active, broken}, 2, News::looked_at),
              (Told{Tell{2, Order::fault}, Tell{0, Order::fault}, Tell{1, Order::fault},
                    Moved{Role::active, Role::initialize}}));
}

TEST(SyncGroup, the_last_one_that_wants_promotes_all) {
    auto group = in_backup();
    EXPECT_EQ(step(group, {wanting, backup, backup}, 0, News::wants), Told{});
    EXPECT_EQ(step(group, {wanting, backup, wanting}, 2, News::wants), Told{});
    EXPECT_EQ(step(group, {wanting, wanting, wanting}, 1, News::wants),
              (Told{Tell{1, Order::promote}, Tell{0, Order::promote}, Tell{2, Order::promote},
                    Moved{Role::backup, Role::active}}));
}

TEST(SyncGroup, one_that_obeys_another_router_holds_the_others_back) {
    auto group = in_backup();
    EXPECT_EQ(step(group, {wanting, follower, wanting}, 2, News::wants), Told{});
    EXPECT_EQ(step(group, {wanting, follower, wanting}, 1, News::heard), Told{});
    EXPECT_EQ(group.role(), Role::backup);
}

TEST(SyncGroup, one_that_lost_the_role_takes_it_from_all) {
    auto group = in_active();
    EXPECT_EQ(step(group, {active, follower, active}, 1, News::lost),
              (Told{Tell{0, Order::yield}, Tell{2, Order::yield}, Moved{Role::active, Role::backup}}));
}

// A reload put it into the group: it takes the role by its own timer, and costs nobody his.
TEST(SyncGroup, one_that_joins_waits_for_its_own_timer) {
    auto group = in_active();
    EXPECT_EQ(step(group, {active, active, waiting}, 2, News::looked_at), (Told{Tell{2, Order::start}}));
    EXPECT_EQ(step(group, {active, active, backup}, 0, News::looked_at), Told{});
    EXPECT_EQ(step(group, {active, active, wanting}, 2, News::wants), (Told{Tell{2, Order::promote}}));
    EXPECT_EQ(group.role(), Role::active);
}

TEST(SyncGroup, one_that_joins_and_finds_another_router_takes_the_role_from_all) {
    auto group = in_active();
    EXPECT_EQ(step(group, {active, active, follower}, 2, News::heard),
              (Told{Tell{0, Order::yield}, Tell{1, Order::yield}, Moved{Role::active, Role::backup}}));
}

TEST(SyncGroup, stops_once) {
    auto group = in_active();
    EXPECT_EQ(step(group, {active, active, active}, 0, News::stopped), (Told{Moved{Role::active, std::nullopt}}));
    EXPECT_EQ(step(group, {active, active, active}, 0, News::stopped), Told{});
}

TEST(SyncGroup, one_alone_is_a_group) {
    SyncGroup group;
    (void)step(group, {waiting}, 0, News::looked_at);
    EXPECT_EQ(step(group, {wanting}, 0, News::wants),
              (Told{Tell{0, Order::promote}, Moved{Role::backup, Role::active}}));
}

// ---- the router of a group ---------------------------------------------------------------------------

RouterParameters grouped(unsigned value) {
    auto result = parameters(value);
    result.grouped = true;
    return result;
}

TEST(GroupedRouter, asks_once_and_stays_backup) {
    Router router(grouped(100));
    router.at(0s, Start{});
    const auto down = router.deadline();
    EXPECT_EQ(router.run(down), (Actions{Wants{}}));
    EXPECT_EQ(router.role(), Role::backup);
    EXPECT_TRUE(router.machine.wants());
    EXPECT_EQ(router.run(down + 20s), Actions{});
    const Actions expected{SendAdvert{priority(100)}, Claim{Cause::nobody_heard},
                           moved(Role::backup, Role::active, Cause::nobody_heard)};
    EXPECT_EQ(router.at(down + 21s, GroupPromotes{}), expected);
}

TEST(GroupedRouter, is_not_promoted_against_its_will) {
    Router router(grouped(100));
    router.at(0s, Start{});
    EXPECT_EQ(router.at(1s, GroupPromotes{}), Actions{});
    router.receive(2s, advert(200));
    EXPECT_EQ(router.at(2s, GroupPromotes{}), Actions{});
}

TEST(GroupedRouter, an_advert_that_it_obeys_ends_the_wish) {
    Router router(grouped(100));
    router.at(0s, Start{});
    (void)router.run(router.deadline());
    router.receive(5s, advert(200));
    EXPECT_FALSE(router.machine.wants());
    EXPECT_TRUE(router.machine.follows());
    EXPECT_EQ(router.run(8s), Actions{});
    EXPECT_EQ(router.run(9s), (Actions{Wants{}}));
}

TEST(GroupedRouter, a_lower_one_does_not_end_the_wish_to_preempt) {
    Router router(grouped(200));
    router.at(0s, Start{});
    router.receive(1s, advert(100));
    (void)router.run(router.deadline());
    ASSERT_TRUE(router.machine.wants());
    router.receive(4s, advert(100));
    EXPECT_TRUE(router.machine.wants());
    EXPECT_FALSE(router.machine.follows());
}

TEST(GroupedRouter, somebody_who_holds_the_address_ends_the_wish) {
    auto asking = grouped(100);
    asking.probe_time = 200ms;
    Router router(asking);
    router.at(0s, Start{});
    while (!router.machine.wants()) (void)router.run(router.deadline());
    router.at(router.deadline(), ProbeAnswered{});
    EXPECT_FALSE(router.machine.wants());
}

TEST(GroupedRouter, an_owner_waits_for_the_others) {
    Router router(grouped(255));
    router.at(0s, Start{});
    EXPECT_EQ(router.role(), Role::backup);
    EXPECT_EQ(router.run(0s), (Actions{Wants{}}));
}

TEST(GroupedRouter, yields_with_a_farewell) {
    Router router(grouped(100));
    router.at(0s, Start{});
    (void)router.run(router.deadline());
    router.at(5s, GroupPromotes{});
    const Actions expected{SendAdvert{Priority::resign()}, Release{Cause::group},
                           moved(Role::active, Role::backup, Cause::group)};
    EXPECT_EQ(router.at(6s, GroupYields{}), expected);
}

TEST(GroupedRouter, taken_out_of_its_group_it_goes_its_own_way) {
    Router router(grouped(100));
    router.at(0s, Start{});
    (void)router.run(router.deadline());
    router.at(5s, Reconfigured{parameters(100)});
    EXPECT_EQ(count<Claim>(router.run(5s)), 1U);
}

}  // namespace
}  // namespace vrrpd::proto::sync_group_test
