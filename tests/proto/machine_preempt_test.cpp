// When a Backup may take the role from a lower Active: Preempt_Mode, preempt_delay, readiness.
#include "tests/proto/router_fixture.hpp"

namespace vrrpd::proto::machine_preempt_test {
namespace {

using namespace fixture;

// Lower adverts once a second from 1 s on; the time of the claim, and all notes.
struct Outcome {
    Duration claimed{0};
    Actions actions;
};

Outcome against_lower(Router& router, Duration end = 120s) {
    Outcome outcome;
    for (Duration at = 1s; at < end; at += 1s) {
        for (auto& action : router.run(at)) outcome.actions.push_back(action);
        if (router.role() == Role::active) {
            outcome.claimed = router.deadline() - 1s;
            return outcome;
        }
        for (auto& action : router.receive(at, advert(100, h001))) outcome.actions.push_back(action);
    }
    return outcome;
}

Router started(const RouterParameters& with) {
    Router router(with);
    router.at(0s, Start{});
    return router;
}

TEST(Preempt, VR_069_by_default_the_timer_of_the_start_runs_out) {
    auto router = started(parameters(200));
    EXPECT_EQ(against_lower(router).claimed, 3'218'750us);
}

TEST(Preempt, VR_069_nopreempt_follows_the_lower_one) {
    auto with = parameters(200);
    with.preempt = false;
    auto router = started(with);
    EXPECT_EQ(against_lower(router).claimed, 0s);
    EXPECT_EQ(router.role(), Role::backup);
}

TEST(Preempt, VR_069_nopreempt_takes_over_from_silence) {
    auto with = parameters(200);
    with.preempt = false;
    auto router = started(with);
    router.receive(1s, advert(100, h001));
    EXPECT_EQ(router.deadline(), 1s + 3'218'750us);
    router.run(5s);
    EXPECT_EQ(router.role(), Role::active);
}

TEST(Preempt, VR_069_an_owner_always_preempts) {
    auto with = parameters(255);
    with.preempt = false;
    with.preempt_delay = 60s;
    with.probe_time = 200ms;  // else it is Active from the start
    auto router = started(with);
    router.at(0s, ReadinessChanged{false});
    router.receive(100ms, advert(100, h001));
    EXPECT_EQ(router.run(1s).at(1), Action(Claim{Cause::preempted_lower}));
}

// Fails whenever it claims; lower adverts come all the time. The times of the claims.
std::vector<Duration> claims_that_fail(Router& router, Duration end) {
    std::vector<Duration> claims;
    for (Duration at = 1s; at < end; at += 1s) {
        router.run(at);
        if (router.role() == Role::active) {
            claims.push_back(router.deadline() - 1s);
            router.at(at, ClaimFailed{});
        }
        router.receive(at, advert(100, h001));
    }
    return claims;
}

TEST(Preempt, after_a_failed_claim_is_tried_again_ever_more_seldom) {
    auto router = started(parameters(200));
    const auto claims = claims_that_fail(router, 1000s);
    ASSERT_GE(claims.size(), 7U);
    const auto pauses = [&](std::size_t n) {
        return std::chrono::round<std::chrono::seconds>(claims[n + 1] - claims[n]);
    };
    for (const auto& [n, at_least] : {std::pair{0U, 10s}, {1U, 20s}, {2U, 40s}, {3U, 80s}, {4U, 160s}, {5U, 300s}}) {
        EXPECT_GE(pauses(n), at_least) << n;
        EXPECT_LE(pauses(n), at_least + 5s) << n;
    }
}

TEST(Preempt, after_a_failed_claim_an_owner_holds_back_too_but_silence_promotes) {
    auto router = started(parameters(255));  // Active at once
    router.at(500ms, ClaimFailed{});
    const auto actions = router.receive(600ms, advert(100, h001));
    ASSERT_EQ(actions.size(), 1U);
    EXPECT_EQ(std::get<Note>(actions.at(0)).remark, Remark::not_trying_again_yet);
    router.run(8s);
    EXPECT_EQ(router.role(), Role::active);
}

TEST(Preempt, failed_claims_long_apart_are_not_in_a_row) {
    auto router = started(parameters(200));
    router.run(4s);
    router.at(4s, ClaimFailed{});
    router.run(60s);  // nobody is there: Active again
    ASSERT_EQ(router.role(), Role::active);
    router.at(60s, ClaimFailed{});
    router.receive(60'100ms, advert(100, h001));
    for (Duration at = 61s; at < 69s; at += 1s) router.receive(at, advert(100, h001));
    EXPECT_EQ(router.role(), Role::backup);
    for (Duration at = 69s; at < 76s; at += 1s) {
        router.run(at);
        if (router.role() == Role::backup) router.receive(at, advert(100, h001));
    }
    EXPECT_EQ(router.role(), Role::active) << "10 s, not 20";
}

TEST(Preempt, VR_070_preempt_delay_counts_from_the_first_lower_advert) {
    auto with = parameters(200);
    with.preempt_delay = 60s;
    auto router = started(with);
    const auto outcome = against_lower(router);
    // The last advert that counts comes at 60 s; a down interval later it is over.
    EXPECT_EQ(outcome.claimed, 60s + 3'218'750us);
    EXPECT_EQ(notes(outcome.actions, Remark::preempt_delayed), 1u);
}

TEST(Preempt, VR_070_a_better_advert_starts_the_delay_anew) {
    auto with = parameters(200);
    with.preempt_delay = 10s;
    auto router = started(with);
    router.receive(1s, advert(100, h001));
    router.receive(2s, advert(250, h003));
    router.receive(3s, advert(100, h001));
    router.receive(12900ms, advert(100, h001));
    EXPECT_EQ(router.deadline(), 12900ms + 3'218'750us);
    router.receive(13s, advert(100, h001));
    EXPECT_EQ(router.deadline(), 12900ms + 3'218'750us);
}

RouterParameters of_a_gateway(unsigned priority) {
    auto with = parameters(priority);
    with.preempt_delay = 60s;
    with.relieves = true;
    return with;
}

TEST(Preempt, VR_070_an_active_that_fell_is_relieved_sooner) {
    auto router = started(of_a_gateway(150));
    router.receive(1s, advert(200, h003));
    EXPECT_EQ(notes(router.receive(2s, advert(80, h003)), Remark::active_fell), 1u);
    router.receive(6900ms, advert(80, h003));
    EXPECT_EQ(router.deadline(), 6900ms + 3'414'062'500ns);
    router.receive(7s, advert(80, h003));
    EXPECT_EQ(router.deadline(), 6900ms + 3'414'062'500ns) << "discarded: 5 s are over";
    EXPECT_EQ(router.run(11s).at(1), Action(Claim{Cause::preempted_lower}));
}

TEST(Preempt, VR_070_who_comes_up_waits_for_the_whole_delay) {
    auto router = started(of_a_gateway(200));
    const auto outcome = against_lower(router);
    EXPECT_EQ(outcome.claimed, 60s + 3'218'750us);
    EXPECT_EQ(notes(outcome.actions, Remark::active_fell), 0u);
}

TEST(Preempt, VR_070_who_rises_waits_for_the_whole_delay) {
    auto router = started(of_a_gateway(200));
    router.at(0s, PriorityChanged{*Priority::configured(80)});
    router.receive(1s, advert(100, h001));
    router.at(1500ms, PriorityChanged{*Priority::configured(200)});
    EXPECT_EQ(notes(router.receive(2s, advert(100, h001)), Remark::preempt_delayed), 1u);
    EXPECT_EQ(router.machine.preempts_from(), Instant(62s));
}

// A lower router that took over from the better one did not fall; it may have come up before us.
TEST(Preempt, VR_070_another_router_than_the_one_obeyed_did_not_fall) {
    auto router = started(of_a_gateway(150));
    router.receive(1s, advert(200, h003));
    router.receive(2s, advert(100, h001));
    EXPECT_EQ(router.machine.preempts_from(), Instant(62s));
}

TEST(Preempt, VR_070_all_who_lose_the_provider_leave_the_role_where_it_is) {
    auto router = started(of_a_gateway(150));
    router.receive(1s, advert(200, h003));
    router.receive(2s, advert(80, h003));
    router.at(4s, PriorityChanged{*Priority::configured(30)});
    for (Duration at = 3s; at < 100s; at += 1s) {
        if (at > 4s) router.receive(at, advert(80, h003));
    }
    EXPECT_EQ(router.role(), Role::backup);
}

TEST(Preempt, VR_070_a_delay_that_is_shorter_stays) {
    auto with = of_a_gateway(150);
    with.preempt_delay = 2s;
    auto router = started(with);
    router.receive(1s, advert(200, h003));
    EXPECT_EQ(notes(router.receive(2s, advert(80, h003)), Remark::preempt_delayed), 1u);
    EXPECT_EQ(router.machine.preempts_from(), Instant(4s));
}

TEST(Preempt, VR_070_without_a_gateway_the_delay_is_keepalived_s) {
    auto with = of_a_gateway(150);
    with.relieves = false;
    auto router = started(with);
    router.receive(1s, advert(200, h003));
    router.receive(2s, advert(80, h003));
    EXPECT_EQ(router.machine.preempts_from(), Instant(62s));
}

// Of the process before us: it goes on as if we had been there.
TEST(Preempt, VR_070_a_delay_that_runs_already_goes_on) {
    auto with = parameters(200);
    with.preempt_delay = 60s;
    Router before = started(with);
    EXPECT_EQ(before.machine.preempts_from(), std::nullopt);
    before.receive(1s, advert(100, h001));
    ASSERT_EQ(before.machine.preempts_from(), Instant(61s));

    Router router(with);
    router.at(50s, Start{before.machine.preempts_from()});
    EXPECT_EQ(notes(router.receive(50'500ms, advert(100, h001)), Remark::preempt_delayed), 0u) << "said already";
    router.receive(60'900ms, advert(100, h001));
    EXPECT_EQ(router.deadline(), 60'900ms + 3'218'750us);
    router.receive(61s, advert(100, h001));
    EXPECT_EQ(router.deadline(), 60'900ms + 3'218'750us);  // discarded now
    EXPECT_EQ(router.run(65s).at(1), Action(Claim{Cause::preempted_lower}));
    EXPECT_EQ(router.machine.preempts_from(), std::nullopt);
}

TEST(Preempt, VR_070_silence_promotes_during_the_delay) {
    auto with = parameters(200);
    with.preempt_delay = 1000s;
    auto router = started(with);
    router.receive(1s, advert(100, h001));
    EXPECT_EQ(router.run(5s).at(1), Action(Claim{Cause::silence}));
}

TEST(Preempt, waits_until_ready) {
    auto router = started(parameters(200));
    router.at(0s, ReadinessChanged{false});
    EXPECT_EQ(notes(router.receive(1s, advert(100, h001)), Remark::waiting_until_ready), 1u);
    EXPECT_EQ(router.receive(4s, advert(100, h001)), Actions{});
    EXPECT_EQ(router.deadline(), 4s + 3'218'750us);
    router.at(5s, ReadinessChanged{true});
    router.receive(6s, advert(100, h001));
    EXPECT_EQ(router.deadline(), 4s + 3'218'750us);  // discarded now
    EXPECT_EQ(router.run(8s).at(1), Action(Claim{Cause::preempted_lower}));
}

TEST(Preempt, after_ready_timeout_it_goes_on_and_says_so) {
    auto router = started(parameters(200));
    router.at(0s, ReadinessChanged{false});
    const auto outcome = against_lower(router);
    EXPECT_EQ(outcome.claimed, 15s + 3'218'750us);
    EXPECT_EQ(notes(outcome.actions, Remark::waiting_until_ready), 1u);
    EXPECT_EQ(notes(outcome.actions, Remark::not_ready_but_preempting), 1u);
}

TEST(Preempt, readiness_is_waited_for_after_the_delay) {
    auto with = parameters(200);
    with.preempt_delay = 60s;
    auto router = started(with);
    router.at(0s, ReadinessChanged{false});
    EXPECT_EQ(against_lower(router).claimed, 60s + 15s + 1s + 3'218'750us - 1s);
}

TEST(Preempt, silence_promotes_who_is_not_ready) {
    auto router = started(parameters(200));
    router.at(0s, ReadinessChanged{false});
    router.receive(1s, advert(100, h001));
    EXPECT_EQ(count<Claim>(router.run(1s + 3'218'750us)), 1u);
}

TEST(Preempt, a_peer_that_became_better_is_followed_again) {
    auto router = started(parameters(200));
    router.receive(1s, advert(100, h001));
    router.at(1500ms, PriorityChanged{priority(80)});
    router.receive(2s, advert(100, h001));
    EXPECT_EQ(router.deadline(), 2s + 3'687'500us);
    EXPECT_EQ(router.run(10s).at(1), Action(Claim{Cause::silence}));
}

}  // namespace
}  // namespace vrrpd::proto::machine_preempt_test
