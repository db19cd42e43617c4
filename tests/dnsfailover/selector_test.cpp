// Which forwarder answers: who is replaced by whom, when it is left alone, and when the first one is back.
#include "dnsfailover/core/selector.hpp"

#include <gtest/gtest.h>

namespace dnsfailover::selector_test {
namespace {

using namespace std::chrono_literals;

constexpr Instant start{std::chrono::hours(1)};
constexpr auto ok = Health::ok, degraded = Health::degraded, upstream_down = Health::upstream_down,
               tcp_only = Health::tcp_only, dead = Health::dead;

class Selection : public testing::Test {
protected:
    explicit Selection(Policy policy_ = {}) : policy(policy_), selector({"H003", "H001", "H002"}, policy, start) {}

    std::optional<SelectorAction> health(std::size_t forwarder, Health to) {
        return selector.step(now, HealthChanged{forwarder, to});
    }
    std::optional<SelectorAction> wan(bool up) { return selector.step(now, WanChanged{up}); }
    void all(Health to) {
        for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(health(i, to), std::nullopt);
    }
    // Time goes on until the next deadline within `limit`, and says what happened there.
    std::optional<SelectorAction> run(Duration limit) {
        const auto end = now + limit;
        for (auto due = selector.next_deadline(); due && *due <= end; due = selector.next_deadline()) {
            EXPECT_GT(*due, now) << "a deadline that is past would spin";
            now = *due;
            if (auto action = selector.step(now, TimeReached{})) return action;
        }
        now = end;
        return std::nullopt;
    }

    const Policy policy;
    Selector selector;
    Instant now = start;
};

using Result = std::optional<SelectorAction>;
Result to(std::size_t forwarder, Reason reason) { return Redirect{forwarder, reason}; }

TEST_F(Selection, the_first_of_the_list_answers_before_anything_is_known) {
    EXPECT_EQ(selector.chosen(), 0U);
    EXPECT_EQ(selector.next_deadline(), std::nullopt);
    EXPECT_EQ(health(1, ok), std::nullopt);
    EXPECT_EQ(run(10min), std::nullopt) << "the first one is not judged yet";
}

TEST_F(Selection, a_dead_one_is_replaced_at_once_by_the_next_of_the_list) {
    all(ok);
    EXPECT_EQ(health(0, dead), to(1, Reason::dead));
    EXPECT_EQ(health(1, dead), to(2, Reason::dead));
}

TEST_F(Selection, OK_goes_before_DEGRADED) {
    health(1, degraded);
    health(2, ok);
    EXPECT_EQ(health(0, dead), to(2, Reason::dead));
}

TEST_F(Selection, a_degraded_one_is_better_than_none) {
    health(1, upstream_down);
    health(2, degraded);
    EXPECT_EQ(health(0, dead), to(2, Reason::dead));
}

TEST_F(Selection, a_degraded_one_goes_on_answering) {
    all(ok);
    EXPECT_EQ(health(0, degraded), std::nullopt);
    EXPECT_EQ(run(10min), std::nullopt);
}

TEST_F(Selection, one_that_answers_over_TCP_only_is_replaced_at_once_by_one_that_is_OK) {
    all(ok);
    EXPECT_EQ(health(0, degraded), std::nullopt);
    EXPECT_EQ(health(0, tcp_only), to(1, Reason::tcp_only));
    EXPECT_EQ(selector.describe(now),
              "clients ask H001 (OK), from now on: H003 answers over TCP only; filtering and rules for single clients "
              "may differ from those of H003");
    EXPECT_EQ(health(0, degraded), std::nullopt);
    EXPECT_EQ(run(10min), std::nullopt) << "one answer now and then";
    EXPECT_EQ(health(0, tcp_only), std::nullopt);
    EXPECT_EQ(health(0, degraded), std::nullopt);
    EXPECT_EQ(health(0, ok), std::nullopt);
    EXPECT_EQ(run(policy.hold_down - 1ms), std::nullopt);
    EXPECT_EQ(run(1ms), to(0, Reason::recovered));
}

// A slow one, or one that only lives, answers more clients; if it is not about to be like the first one.
TEST_F(Selection, one_that_answers_over_TCP_only_is_replaced_by_a_worse_one_when_that_has_proved_itself) {
    for (const auto other : {degraded, upstream_down}) {
        selector = Selector({"H003", "H001", "H002"}, policy, now);
        EXPECT_EQ(health(0, tcp_only), std::nullopt);
        EXPECT_EQ(run(1s), std::nullopt);
        EXPECT_EQ(health(1, other), std::nullopt);
        EXPECT_TRUE(selector.is_deciding());
        EXPECT_EQ(run(policy.settle - 1ms), std::nullopt);
        EXPECT_EQ(run(1ms), to(1, Reason::tcp_only));
    }
}

TEST_F(Selection, what_takes_UDP_from_all_of_them_moves_nothing) {
    all(ok);
    for (const std::size_t each : {0U, 1U, 2U}) EXPECT_EQ(health(each, degraded), std::nullopt);
    for (const std::size_t each : {0U, 2U, 1U}) {
        EXPECT_EQ(health(each, tcp_only), std::nullopt);
        EXPECT_EQ(run(policy.settle / 3), std::nullopt);
    }
    EXPECT_TRUE(selector.none_answers());
    EXPECT_EQ(run(1h), std::nullopt);
}

TEST_F(Selection, answers_over_TCP_only_are_better_than_none) {
    health(1, tcp_only);
    EXPECT_EQ(health(0, dead), to(1, Reason::dead));
    EXPECT_EQ(health(2, upstream_down), std::nullopt);
    EXPECT_EQ(run(policy.settle), to(2, Reason::tcp_only));
}

TEST_F(Selection, with_nobody_healthy_everything_stays_until_somebody_is) {
    EXPECT_EQ(health(0, dead), std::nullopt);
    EXPECT_EQ(health(1, dead), std::nullopt);
    EXPECT_TRUE(selector.none_is_healthy());
    EXPECT_EQ(run(10min), std::nullopt);
    EXPECT_EQ(health(2, ok), to(2, Reason::dead));
}

// The provider is out, and the first host loses its power: the names of the home are known to the others, too.
TEST_F(Selection, a_dead_one_is_replaced_at_once_by_one_that_only_lives) {
    all(upstream_down);
    EXPECT_EQ(health(0, dead), to(1, Reason::dead));
    EXPECT_EQ(health(1, dead), to(2, Reason::dead));
    EXPECT_EQ(wan(false), std::nullopt);
    EXPECT_EQ(health(1, upstream_down), std::nullopt);
    EXPECT_EQ(health(2, dead), to(1, Reason::dead)) << "told that the WAN is down it is no other";
}

TEST_F(Selection, a_healthy_one_goes_before_one_that_only_lives) {
    health(1, upstream_down);
    health(2, degraded);
    EXPECT_EQ(health(0, dead), to(2, Reason::dead));
}

TEST_F(Selection, one_that_is_not_judged_replaces_nobody) {
    EXPECT_EQ(health(0, dead), std::nullopt);
    EXPECT_EQ(run(10min), std::nullopt);
}

// Both live, neither resolves: going back would be a second move for nothing, and a third one when the WAN is back.
TEST_F(Selection, without_upstream_nobody_is_returned_to) {
    all(upstream_down);
    health(0, dead);
    ASSERT_EQ(selector.chosen(), 1U);
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(health(0, upstream_down), std::nullopt);
        EXPECT_EQ(run(2 * policy.hold_down), std::nullopt);
        EXPECT_EQ(health(0, dead), std::nullopt);
        EXPECT_EQ(run(1s), std::nullopt);
    }
    EXPECT_EQ(health(0, upstream_down), std::nullopt);
    EXPECT_EQ(health(1, ok), std::nullopt);
    EXPECT_EQ(health(0, ok), std::nullopt);
    EXPECT_EQ(run(policy.hold_down - 1ms), std::nullopt);
    EXPECT_EQ(run(1ms), to(0, Reason::recovered));
}

TEST_F(Selection, the_first_is_back_after_the_hold_down) {
    all(ok);
    health(0, dead);
    now += 1h;
    EXPECT_EQ(health(0, ok), std::nullopt);
    EXPECT_EQ(run(policy.hold_down - 1ms), std::nullopt);
    EXPECT_EQ(run(1ms), to(0, Reason::recovered));
    EXPECT_EQ(selector.since(), now);
}

TEST_F(Selection, who_falls_again_starts_its_hold_down_anew) {
    all(ok);
    health(0, dead);
    for (int i = 0; i < 10; ++i) {
        health(0, ok);
        EXPECT_EQ(run(policy.hold_down - 1s), std::nullopt);
        health(0, dead);
        EXPECT_EQ(run(1min), std::nullopt);
    }
    EXPECT_EQ(selector.chosen(), 1U);
}

TEST_F(Selection, the_first_is_not_returned_to_while_it_is_worse) {
    all(ok);
    health(0, dead);
    EXPECT_EQ(health(0, degraded), std::nullopt);
    EXPECT_EQ(run(10min), std::nullopt);
    EXPECT_EQ(health(0, ok), to(0, Reason::recovered)) << "it was alive for long enough";
}

TEST_F(Selection, who_recovers_in_the_middle_of_the_list_is_a_step_on_the_way_back) {
    all(ok);
    health(0, dead);
    health(1, dead);
    ASSERT_EQ(selector.chosen(), 2U);
    health(1, ok);
    EXPECT_EQ(run(policy.hold_down), to(1, Reason::recovered));
    health(0, ok);
    EXPECT_EQ(run(policy.hold_down), to(0, Reason::recovered));
}

TEST_F(Selection, a_dead_WAN_moves_nothing_in_whatever_order_they_notice) {
    all(ok);
    for (const std::size_t each : {0U, 2U, 1U}) {
        EXPECT_EQ(health(each, upstream_down), std::nullopt);
        EXPECT_EQ(run(policy.settle / 4), std::nullopt);
    }
    EXPECT_TRUE(selector.nothing_resolves());
    EXPECT_EQ(run(1h), std::nullopt);
    for (const std::size_t each : {1U, 2U, 0U}) {
        EXPECT_EQ(health(each, ok), std::nullopt);
        EXPECT_EQ(run(policy.settle / 4), std::nullopt) << "and in whatever order they are back";
    }
    EXPECT_EQ(run(1h), std::nullopt);
    EXPECT_EQ(selector.reason(), Reason::configured);
}

TEST_F(Selection, who_alone_resolves_nothing_is_replaced) {
    all(ok);
    EXPECT_EQ(health(0, upstream_down), std::nullopt);
    EXPECT_FALSE(selector.nothing_resolves());
    EXPECT_EQ(run(policy.settle - 1ms), std::nullopt);
    EXPECT_EQ(run(1ms), to(1, Reason::upstream_down));
}

TEST_F(Selection, told_that_the_WAN_is_down_nobody_is_replaced_for_resolving_nothing) {
    all(ok);
    EXPECT_EQ(wan(false), std::nullopt);
    EXPECT_TRUE(selector.nothing_resolves());
    EXPECT_EQ(health(0, upstream_down), std::nullopt);
    EXPECT_EQ(run(1h), std::nullopt);
    EXPECT_EQ(wan(true), std::nullopt);
    EXPECT_EQ(run(policy.settle - 1ms), std::nullopt);
    EXPECT_EQ(run(1ms), to(1, Reason::upstream_down)) << "the WAN is back, and it still resolves nothing";
}

TEST_F(Selection, a_dead_one_is_replaced_though_the_WAN_is_down) {
    all(ok);
    EXPECT_EQ(wan(false), std::nullopt);
    EXPECT_EQ(health(0, dead), to(1, Reason::dead)) << "liveness asks nothing of the WAN";
}

TEST_F(Selection, all_dead_is_not_called_a_dead_WAN) {
    all(dead);
    EXPECT_FALSE(selector.nothing_resolves());
    EXPECT_TRUE(selector.none_is_healthy());
    EXPECT_TRUE(selector.none_answers());
}

TEST_F(Selection, after_a_restart_who_answers_goes_on) {
    selector = Selector({"H003", "H001", "H002"}, policy, start, 1);
    EXPECT_EQ(health(1, ok), std::nullopt);
    EXPECT_EQ(health(0, dead), std::nullopt);
    EXPECT_EQ(selector.chosen(), 1U);
    EXPECT_EQ(selector.describe(now),
              "clients ask H001 (OK), from now on: as before; filtering and rules for single "
              "clients may differ from those of H003");
    EXPECT_EQ(health(0, ok), std::nullopt);
    EXPECT_EQ(run(policy.hold_down), to(0, Reason::recovered));
}

TEST_F(Selection, is_deciding_while_a_better_one_has_yet_to_prove_itself) {
    EXPECT_FALSE(selector.is_deciding());
    health(1, ok);
    health(0, upstream_down);
    EXPECT_TRUE(selector.is_deciding());
    wan(false);
    EXPECT_FALSE(selector.is_deciding()) << "nobody moves while the WAN is down";
    wan(true);
    EXPECT_TRUE(selector.is_deciding());
    EXPECT_NE(run(policy.settle), std::nullopt);
    EXPECT_FALSE(selector.is_deciding());
    health(0, ok);
    EXPECT_FALSE(selector.is_deciding()) << "whoever answers is well";
}

TEST_F(Selection, says_who_answers_since_when_and_why) {
    all(ok);
    now += 5s;
    EXPECT_EQ(selector.describe(now), "clients ask H003 (OK), for 5 s now: as configured");
    health(0, dead);
    now += 65s;
    EXPECT_EQ(
        selector.describe(now),
        "clients ask H001 (OK), for 65 s now: H003 is dead; filtering and rules for single clients may differ from "
        "those of H003");
    EXPECT_TRUE(selector.rules_may_differ());
    health(0, ok);
    run(1min);
    EXPECT_FALSE(selector.rules_may_differ());
    EXPECT_EQ(selector.describe(now), "clients ask H003 (OK), from now on: recovered");
}

TEST_F(Selection, of_a_list_of_one_it_does_not_say_what_others_do) {
    selector = Selector({"H003"}, policy, start);
    for (const auto each : {upstream_down, dead}) {
        EXPECT_EQ(health(0, each), std::nullopt);
        const auto text = selector.describe(now);
        EXPECT_TRUE(text.ends_with("as configured; there is no other one")) << text;
    }
}

TEST_F(Selection, says_why_it_does_nothing) {
    all(upstream_down);
    EXPECT_EQ(
        selector.describe(now),
        "clients ask H003 (UPSTREAM_DOWN), from now on: as configured; none of them resolves anything, which is no "
        "reason to move (is the internet down?)");
    wan(false);
    EXPECT_EQ(
        selector.describe(now),
        "clients ask H003 (UPSTREAM_DOWN), from now on: as configured; the WAN is down, which is no reason to move");
    wan(true);
    for (const std::size_t each : {2U, 1U, 0U}) EXPECT_EQ(health(each, dead), std::nullopt);
    EXPECT_EQ(selector.describe(now), "clients ask H003 (DEAD), from now on: as configured; no other one is healthy");
}

class Demotion : public Selection {
protected:
    Demotion() : Selection({.demote = -60}) {}
};

TEST_F(Demotion, bears_the_weight_while_the_own_one_is_dead_and_another_one_is_not) {
    all(ok);
    EXPECT_EQ(selector.weight(), 0);
    EXPECT_EQ(health(0, dead), Result(Weigh{-60, Reason::dead}));
    EXPECT_EQ(health(1, dead), std::nullopt) << "the weight stays";
    EXPECT_EQ(selector.weight(), -60);
    EXPECT_FALSE(selector.rules_may_differ());
    health(0, ok);
    EXPECT_EQ(run(policy.hold_down), Result(Weigh{0, Reason::recovered}));
}

TEST_F(Demotion, bears_it_while_the_own_one_is_dead_and_another_one_at_least_lives) {
    all(upstream_down);
    EXPECT_EQ(health(0, dead), Result(Weigh{-60, Reason::dead}));
    EXPECT_EQ(health(1, dead), std::nullopt);
    EXPECT_EQ(health(2, dead), std::nullopt) << "now all are dead, and whoever bears it bears it";
    EXPECT_EQ(health(0, upstream_down), Result(Weigh{0, Reason::dead})) << "the own one is the only one that lives";
}

TEST_F(Demotion, nobody_bears_it_when_all_are_dead_or_the_WAN_is) {
    all(dead);
    EXPECT_EQ(selector.weight(), 0);
    all(upstream_down);
    EXPECT_EQ(run(1h), std::nullopt);
    EXPECT_EQ(selector.weight(), 0);
}

}  // namespace
}  // namespace dnsfailover::selector_test
