// Reloads: the role stays, timers follow.
#include "tests/proto/router_fixture.hpp"

namespace vrrpd::proto::machine_change_test {
namespace {

using namespace fixture;

TEST(Reconfigured, an_active_stays_active_and_advertises_sooner) {
    Router router(parameters(100));
    router.at(0s, Adopt{});
    EXPECT_EQ(router.at(100ms, Reconfigured{parameters(100, Centiseconds(10))}), Actions{});
    EXPECT_EQ(router.deadline(), 200ms);
    EXPECT_EQ(router.role(), Role::active);
}

TEST(Reconfigured, a_longer_interval_does_not_delay_the_next_advert) {
    Router router(parameters(100));
    router.at(0s, Adopt{});
    router.at(100ms, Reconfigured{parameters(100, Centiseconds(1000))});
    EXPECT_EQ(router.deadline(), 1s);
    router.run(1s);
    EXPECT_EQ(router.deadline(), 11s);
}

TEST(Reconfigured, VR_102_a_priority_shifts_the_down_timer_by_skew) {
    Router router(parameters(100));
    router.at(0s, Start{});
    router.receive(1s, advert(250));
    router.at(2s, Reconfigured{parameters(200)});
    EXPECT_EQ(router.deadline(), 1s + 3'218'750us);
    EXPECT_EQ(router.machine.effective_priority(), priority(200));
}

TEST(Reconfigured, an_unchanged_priority_leaves_what_tracking_made_of_it) {
    Router router(parameters(100));
    router.at(0s, Start{});
    router.at(0s, PriorityChanged{priority(60)});
    auto with = parameters(100);
    with.preempt = false;
    router.at(1s, Reconfigured{with});
    EXPECT_EQ(router.machine.effective_priority(), priority(60));
}

TEST(Reconfigured, a_shorter_interval_promotes_nobody_early) {
    Router router(parameters(100, Centiseconds(1000)));
    router.at(0s, Start{});
    router.receive(1s, advert(200, h003, Centiseconds(1000)));
    router.at(9s, Reconfigured{parameters(100, Centiseconds(10))});
    EXPECT_EQ(router.machine.learnt_interval(), Centiseconds(1000));  // until the peer says otherwise
    EXPECT_EQ(router.deadline(), 1s + 36'093'750us);
}

TEST(Reconfigured, before_anybody_was_heard_the_new_interval_counts_from_now) {
    Router router(parameters(100, Centiseconds(1000)));
    router.at(0s, Start{});
    router.at(1s, Reconfigured{parameters(100)});
    EXPECT_EQ(router.deadline(), 1s + 3'609'375us);
}

TEST(Reconfigured, down_timer_adverts_lengthens_the_running_timer) {
    Router router(parameters(100));
    router.at(0s, Start{});
    auto with = parameters(100);
    with.down_timer_adverts = 5;
    router.at(1s, Reconfigured{with});
    EXPECT_EQ(router.deadline(), 5'609'375us);
}

TEST(Reconfigured, nopreempt_counts_from_the_next_advert) {
    Router router(parameters(200));
    router.at(0s, Start{});
    router.receive(1s, advert(100, h001));
    auto with = parameters(200);
    with.preempt = false;
    router.at(1500ms, Reconfigured{with});
    router.receive(2s, advert(100, h001));
    EXPECT_EQ(router.deadline(), 2s + 3'218'750us);
}

TEST(Reconfigured, a_shorter_preempt_delay_counts_from_now) {
    auto with = parameters(200);
    with.preempt_delay = 1000s;
    Router router(with);
    router.at(0s, Start{});
    router.receive(1s, advert(100, h001));
    with.preempt_delay = 2s;
    router.at(1s, Reconfigured{with});
    router.receive(2s, advert(100, h001));
    router.receive(3s, advert(100, h001));
    EXPECT_EQ(router.deadline(), 2s + 3'218'750us);
}

TEST(Reconfigured, a_probe_that_is_no_longer_wanted_ends) {
    auto with = parameters(100);
    with.probe_time = 300ms;
    Router router(with);
    router.at(0s, Start{});
    router.at(1s, Reconfigured{parameters(100)});
    EXPECT_EQ(router.deadline(), 3'609'375us);
    EXPECT_EQ(count<Probe>(router.run(10s)), 0u);
}

TEST(Reconfigured, before_the_start_it_is_simply_taken) {
    Router router(parameters(100));
    router.at(0s, Reconfigured{parameters(200)});
    router.at(0s, Start{});
    EXPECT_EQ(router.deadline(), 3'218'750us);
    EXPECT_EQ(router.machine.effective_priority(), priority(200));
}

}  // namespace
}  // namespace vrrpd::proto::machine_change_test
