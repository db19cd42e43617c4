// One forwarder, from the first probe on: the right state each time, and when.
#include <gtest/gtest.h>

#include "dnsfailover/core/selector.hpp"
#include "tests/dnsfailover/model.hpp"
#include "tests/dnsfailover/samples.hpp"

namespace dnsfailover::health_test {
namespace {

using namespace model;

constexpr Duration bound = worst_detection(defaults::liveness);
constexpr Duration tcp_only_bound = defaults::tcp_only_fall * defaults::liveness.interval + defaults::liveness.timeout;
constexpr Duration upstream_bound = worst_detection(defaults::resolution);

class ForwarderHealth : public testing::Test {
protected:
    // Until it is known for what it is; then a little more, so that its death finds it anywhere between two probes.
    void settle() {
        play.run(20s + 700ms);
        ASSERT_EQ(play.monitor.health(), Health::ok);
        play.changes.clear();
    }
    Play play;
    Forwarder& forwarder = play.forwarder;
};

TEST_F(ForwarderHealth, is_unknown_until_it_answered_and_resolved) {
    EXPECT_EQ(play.monitor.health(), Health::unknown);
    play.run(10ms);
    EXPECT_EQ(play.monitor.health(), Health::unknown) << "nothing was resolved yet";
    play.run(1s);
    EXPECT_EQ(play.healths(), std::vector{Health::ok});
}

TEST_F(ForwarderHealth, all_is_asked_at_first_and_then_what_it_answers_by_itself) {
    play.run(1s);
    EXPECT_EQ(play.asked(Kind::liveness, Transport::udp), 2);
    EXPECT_EQ(play.asked(Kind::liveness, Transport::tcp), 2);
    play.run(20s);
    EXPECT_EQ(play.asked(Kind::liveness, Transport::udp), 10);
    EXPECT_EQ(play.asked(Kind::liveness, Transport::tcp), 2) << "every fifth time";
    EXPECT_EQ(play.asked(Kind::resolution, Transport::udp), 11);
    EXPECT_EQ(play.asked(Kind::resolution, Transport::tcp), 0);
    EXPECT_EQ(play.asked(Kind::canary, Transport::udp), 0);
}

TEST_F(ForwarderHealth, silent_over_UDP_and_TCP_it_is_dead_within_the_bound) {
    settle();
    forwarder.udp = forwarder.tcp = false;
    const auto died = play.now;
    play.run(30s);
    ASSERT_EQ(play.healths(), std::vector{Health::dead}) << "and never without upstream before";
    EXPECT_EQ(play.changes[0].second, (HealthChange{Health::ok, Health::dead, Symptom::silent}));
    EXPECT_LE(play.changes[0].first - died, bound);
}

TEST(Dying, is_not_taken_for_a_lost_upstream_though_that_is_believed_sooner) {
    Checks checks;
    checks.resolution = {2s, 500ms, 2, 3};
    Play play(checks);
    play.run(20s);
    play.forwarder.udp = play.forwarder.tcp = false;
    play.run(30s);
    EXPECT_EQ(play.healths(), (std::vector{Health::ok, Health::dead}));
}

TEST(Dying, takes_silence_over_TCP_too_though_one_round_is_enough) {
    Checks checks;
    checks.liveness.fall = 1;
    Play play(checks);
    play.run(21s);
    play.forwarder.udp = false;
    play.run(30s);
    EXPECT_EQ(play.healths(), (std::vector{Health::ok, Health::degraded, Health::tcp_only}));
}

TEST_F(ForwarderHealth, refused_at_once_it_is_dead_a_timeout_earlier) {
    settle();
    forwarder = {.udp = false, .tcp = false, .refuses = true};
    const auto died = play.now;
    play.run(30s);
    ASSERT_EQ(play.healths(), std::vector{Health::dead});
    EXPECT_LE(play.changes[0].first - died, bound - defaults::liveness.timeout);
}

TEST_F(ForwarderHealth, dead_from_the_start_it_is_known_for_it_within_the_bound) {
    forwarder.udp = forwarder.tcp = false;
    play.run(bound);
    EXPECT_EQ(play.healths(), std::vector{Health::dead});
}

TEST_F(ForwarderHealth, comes_back_after_rise_answers_and_straight_to_OK) {
    settle();
    forwarder.udp = forwarder.tcp = false;
    play.run(60s);
    forwarder.udp = forwarder.tcp = true;
    const auto returned = play.now;
    play.run(60s);
    ASSERT_EQ(play.healths(), (std::vector{Health::dead, Health::ok}));
    const auto took = play.changes[1].first - returned;
    EXPECT_GT(took, (defaults::liveness.rise - 1) * defaults::liveness.interval);
    EXPECT_LE(took, (defaults::liveness.rise + 1) * defaults::liveness.interval);
}

TEST_F(ForwarderHealth, comes_back_without_upstream) {
    forwarder.udp = forwarder.tcp = false;
    play.run(60s);
    forwarder = {.upstream = false};
    play.run(60s);
    EXPECT_EQ(play.healths(), (std::vector{Health::dead, Health::upstream_down}));
}

TEST_F(ForwarderHealth, two_lost_rounds_are_no_death) {
    settle();
    forwarder.udp = forwarder.tcp = false;
    play.run(4s);
    forwarder.udp = forwarder.tcp = true;
    play.run(60s);
    EXPECT_TRUE(play.changes.empty());
}

// AdGuard Home drops what exceeds its rate limit, over UDP alone.
TEST_F(ForwarderHealth, rate_limited_over_UDP_it_is_degraded_but_alive_and_resolves) {
    settle();
    for (unsigned i = 0; i < 100; ++i) {
        forwarder.udp = i % defaults::tcp_only_fall == 3;  // all but one round of five are dropped
        play.run(defaults::liveness.interval);
    }
    ASSERT_EQ(play.healths(), std::vector{Health::degraded});
    EXPECT_EQ(play.monitor.symptom(), Symptom::udp_silent);
    forwarder.udp = true;
    play.run(60s);
    EXPECT_EQ(play.healths(), (std::vector{Health::degraded, Health::ok}));
}

TEST_F(ForwarderHealth, that_answers_nothing_over_UDP_any_more_is_known_for_it_within_the_bound) {
    settle();
    forwarder.udp = false;
    const auto began = play.now;
    play.run(60s);
    ASSERT_EQ(play.healths(), (std::vector{Health::degraded, Health::tcp_only}));
    EXPECT_GT(play.changes[1].first - began, (defaults::tcp_only_fall - 1) * defaults::liveness.interval);
    EXPECT_LE(play.changes[1].first - began, tcp_only_bound);
    forwarder.udp = true;
    play.run(60s);
    EXPECT_EQ(play.healths(), (std::vector{Health::degraded, Health::tcp_only, Health::degraded, Health::ok}));
}

TEST_F(ForwarderHealth, that_never_answers_over_UDP_is_never_called_OK) {
    forwarder.udp = false;
    play.run(tcp_only_bound);
    EXPECT_EQ(play.healths(), std::vector{Health::tcp_only});
}

// It answers nobody, whatever its upstream is like; and of that nothing is known before UDP is heard.
TEST_F(ForwarderHealth, over_TCP_only_and_without_upstream_answers_over_TCP_only) {
    settle();
    forwarder = {.udp = false, .upstream = false};
    play.run(60s);
    EXPECT_EQ(play.monitor.symptom(), Symptom::tcp_only);
    forwarder.udp = true;
    play.run(60s);
    EXPECT_EQ(play.monitor.symptom(), Symptom::nothing_resolves);
}

TEST_F(ForwarderHealth, is_not_called_TCP_only_for_the_sleep_of_this_host) {
    settle();
    forwarder.udp = false;
    play.run(4s);
    play.freeze(10min);
    forwarder.udp = true;
    play.run(60s);
    EXPECT_EQ(play.healths(), (std::vector{Health::degraded, Health::ok})) << "three rounds were lost";
}

TEST_F(ForwarderHealth, without_TCP_it_is_OK) {
    forwarder.tcp = false;
    play.run(60s);
    EXPECT_EQ(play.healths(), std::vector{Health::ok});
}

TEST_F(ForwarderHealth, black_holed_upstream_is_known_within_the_bound) {
    settle();
    forwarder.upstream = false;
    const auto lost = play.now;
    play.run(60s);
    ASSERT_EQ(play.healths(), std::vector{Health::upstream_down});
    EXPECT_EQ(play.monitor.symptom(), Symptom::nothing_resolves);
    EXPECT_LE(play.changes[0].first - lost, upstream_bound);
    forwarder.upstream = true;
    play.run(60s);
    EXPECT_EQ(play.healths(), (std::vector{Health::upstream_down, Health::ok}));
}

TEST_F(ForwarderHealth, SERVFAIL_and_REFUSED_are_no_resolution) {
    for (const auto rcode : {Rcode::servfail, Rcode::refused}) {
        settle();
        forwarder.upstream = false;
        forwarder.without_upstream = rcode;
        play.run(upstream_bound);
        EXPECT_EQ(play.healths(), std::vector{Health::upstream_down});
        forwarder = {};
        play.run(60s);
    }
}

TEST_F(ForwarderHealth, a_truncated_answer_is_asked_for_over_TCP) {
    forwarder.truncates = true;
    play.run(59s);
    EXPECT_EQ(play.healths(), std::vector{Health::ok});
    EXPECT_EQ(play.asked(Kind::resolution, Transport::tcp), play.asked(Kind::resolution, Transport::udp));
}

TEST_F(ForwarderHealth, slow_resolution_degrades_it_until_it_is_fast_again) {
    settle();
    forwarder.upstream_takes = defaults::slow + 100ms;
    play.run(30s);
    EXPECT_EQ(play.monitor.symptom(), Symptom::slow);
    forwarder.upstream_takes = defaults::slow - 100ms;
    play.run(30s);
    EXPECT_EQ(play.monitor.symptom(), Symptom::slow) << "taken back at half of the limit only";
    forwarder.upstream_takes = defaults::slow / 4;
    play.run(30s);
    EXPECT_EQ(play.healths(), (std::vector{Health::degraded, Health::ok}));
    EXPECT_EQ(play.monitor.latency(), defaults::slow / 4 + 1ms);
}

TEST_F(ForwarderHealth, that_resolves_one_time_in_three_is_degraded) {
    for (int i = 0; i < 12; ++i) {
        forwarder.upstream = i % 3 == 0;
        play.run(2s);
    }
    EXPECT_EQ(play.monitor.symptom(), Symptom::slow);
}

TEST_F(ForwarderHealth, whose_own_answers_need_upstream_is_dead_with_it) {
    settle();
    forwarder = {.own_answers = false, .upstream = false};
    play.run(30s);
    EXPECT_EQ(play.monitor.health(), Health::dead) << "nothing tells the two apart";
}

// ---- names that are there for sure

TEST_F(ForwarderHealth, that_denies_all_from_the_start_is_never_called_OK) {
    forwarder.denies = true;
    play.run(5s);
    EXPECT_EQ(play.healths(), std::vector{Health::upstream_down});
    EXPECT_EQ(play.monitor.symptom(), Symptom::denies_all);
    play.run(60s);
    EXPECT_EQ(play.changes.size(), 1U);
}

TEST_F(ForwarderHealth, that_begins_to_deny_all_is_known_for_it_within_the_bound) {
    settle();
    forwarder.denies = true;
    const auto began = play.now;
    play.run(60s);
    ASSERT_EQ(play.healths(), std::vector{Health::upstream_down});
    EXPECT_LE(play.changes[0].first - began, 16s);
    forwarder.denies = false;
    play.run(defaults::existence.rise * defaults::resolution.interval);
    EXPECT_EQ(play.healths(), (std::vector{Health::upstream_down, Health::ok}));
}

TEST_F(ForwarderHealth, is_asked_seldom_for_names_that_exist) {
    play.run(600s);
    const auto asked = play.asked(Kind::existence, Transport::udp) + play.asked(Kind::existence, Transport::tcp);
    EXPECT_LE(asked, 61);
    EXPECT_GE(asked, 59);
}

// Nor more often, where nobody answers.
TEST_F(ForwarderHealth, whose_cache_knows_the_names_has_lost_its_upstream_all_the_same) {
    settle();
    forwarder.upstream = false;
    forwarder.caches = true;
    const auto lost = play.now;
    play.run(600s);
    ASSERT_EQ(play.healths(), std::vector{Health::upstream_down});
    EXPECT_EQ(play.monitor.symptom(), Symptom::nothing_resolves);
    EXPECT_LE(play.changes[0].first - lost, upstream_bound);
    forwarder.caches = false;
    (void)play.asked(Kind::existence, Transport::udp);
    play.run(600s);
    EXPECT_LE(play.asked(Kind::existence, Transport::udp), 61);
    EXPECT_EQ(play.changes.size(), 1U);
}

// A home where a filter blocks two of them.
TEST_F(ForwarderHealth, that_denies_some_of_the_names_is_OK) {
    play.run(1s);
    for (int i = 0; i < 200; ++i) {
        forwarder.denies = i % 5 < 2;
        (void)play.asked(Kind::existence, Transport::udp);
        while (play.asked(Kind::existence, Transport::udp) == 0) play.run(100ms);
    }
    EXPECT_EQ(play.healths(), std::vector{Health::ok});
}

TEST_F(ForwarderHealth, that_is_back_and_denies_all_is_not_called_OK) {
    settle();
    forwarder.udp = forwarder.tcp = false;
    play.run(60s);
    forwarder = {.denies = true};
    play.run(60s);
    EXPECT_EQ(play.healths(), (std::vector{Health::dead, Health::upstream_down}));
}

// A provider's resolver begins to lie: whoever asks through it, and since whenever it is watched.
TEST(Denial, is_found_out_of_all_at_once) {
    Play one, other;
    other.run(0ms);
    one.run(23s);
    other.run(3s + 300ms);
    other.tell(HostSilent{});
    other.run(19s + 700ms);
    ASSERT_EQ(one.now, other.now);
    ASSERT_EQ(other.monitor.health(), Health::ok);
    one.forwarder.denies = other.forwarder.denies = true;
    other.forwarder.upstream_takes = 1500ms;
    for (auto* each : {&one, &other}) each->run(60s);
    const auto apart = other.changes.back().first - one.changes.back().first;
    EXPECT_EQ(one.monitor.symptom(), Symptom::denies_all);
    EXPECT_EQ(other.monitor.symptom(), Symptom::denies_all);
    EXPECT_LT(apart, Policy{}.settle) << "else the first to be found out is replaced by the other one";
}

TEST(Canary, a_filter_that_lets_it_through_degrades) {
    Checks checks;
    checks.plan.canaries = {{sample::name("ads.example.com"), std::nullopt}};
    Play play(checks);
    play.run(60s);
    EXPECT_EQ(play.healths(), std::vector{Health::ok});
    play.forwarder.filters = 0;
    play.run(60s);
    EXPECT_EQ(play.monitor.symptom(), Symptom::unfiltered);
    play.forwarder.filters = 1;
    play.run(60s);
    EXPECT_EQ(play.healths(), (std::vector{Health::ok, Health::degraded, Health::ok}));
}

TEST(Canary, all_of_several_must_be_filtered) {
    Checks checks;
    checks.plan.canaries = {{sample::name("ads.example.com"), std::nullopt}, {sample::name("b.example"), std::nullopt}};
    Play play(checks);
    play.run(60s);
    EXPECT_EQ(play.healths(), std::vector{Health::ok});
    play.forwarder.filters = 1;
    play.run(60s);
    EXPECT_EQ(play.monitor.symptom(), Symptom::unfiltered);
}

TEST(Canary, silence_is_not_judged_by_it) {
    Checks checks;
    checks.plan.canaries = {{sample::name("ads.example.com"), std::nullopt}};
    Play play(checks);
    play.run(60s);
    play.forwarder.upstream = false;
    play.run(120s);
    play.forwarder.upstream = true;
    play.run(60s);
    EXPECT_EQ(play.healths(), (std::vector{Health::ok, Health::upstream_down, Health::ok}));
}

TEST(Resolution, is_not_judged_where_no_name_is_given) {
    Checks checks;
    checks.plan.resolution.clear();
    Play play(checks);
    play.forwarder.upstream = false;
    play.run(60s);
    EXPECT_EQ(play.healths(), std::vector{Health::ok});
}

// A take-over after a power loss: nobody waits for `fall` rounds.
TEST_F(ForwarderHealth, whose_host_fell_silent_is_dead_at_once) {
    settle();
    forwarder.udp = forwarder.tcp = false;
    play.tell(HostSilent{});
    EXPECT_EQ(play.healths(), std::vector{Health::dead});
    play.run(60s);
    EXPECT_EQ(play.healths(), std::vector{Health::dead});
    EXPECT_EQ(play.monitor.symptom(), Symptom::host_silent);
}

TEST_F(ForwarderHealth, whose_host_was_wrongly_called_silent_is_back_after_rise_answers) {
    settle();
    play.tell(HostSilent{});
    play.run(defaults::liveness.rise * defaults::liveness.interval);
    EXPECT_EQ(play.healths(), (std::vector{Health::dead, Health::ok}));
    forwarder.udp = forwarder.tcp = false;
    play.run(bound);
    EXPECT_EQ(play.monitor.symptom(), Symptom::silent) << "that of its host is over";
}

TEST_F(ForwarderHealth, is_not_judged_by_what_this_host_could_not_send) {
    settle();
    for (int i = 0; i < 20; ++i) {
        const auto due = play.monitor.next_deadline();
        const auto actions = play.monitor.step(due.value(), TimeReached{});
        for (const auto& action : actions)
            EXPECT_TRUE(play.monitor.step(*due, Unsent{std::get<SendProbe>(action).probe}).empty());
    }
    EXPECT_EQ(play.monitor.health(), Health::ok);
}

TEST_F(ForwarderHealth, is_not_judged_by_the_sleep_of_this_host) {
    settle();
    forwarder.udp = forwarder.tcp = false;  // no packet arrives while the host sleeps
    for (int i = 0; i < 10; ++i) {
        play.run(400ms);
        play.freeze(10min);
    }
    EXPECT_TRUE(play.changes.empty());
}

TEST_F(ForwarderHealth, hears_no_answer_of_an_earlier_round) {
    settle();
    forwarder.takes = 600ms;  // more than the timeout of liveness
    play.run(60s);
    EXPECT_EQ(play.monitor.health(), Health::dead);
}

TEST(Texts, every_health_and_symptom_has_its_words) {
    EXPECT_EQ(to_string(Health::upstream_down), "UPSTREAM_DOWN");
    EXPECT_EQ(to_string(Health::dead), "DEAD");
    EXPECT_EQ(describe(Symptom::none), "answers and resolves");
    EXPECT_EQ(describe(Symptom::host_silent), "its host fell silent");
    EXPECT_EQ(to_string(Health::tcp_only), "TCP_ONLY");
    EXPECT_EQ(health_of(Symptom::udp_silent), Health::degraded);
    EXPECT_EQ(health_of(Symptom::tcp_only), Health::tcp_only);
}

}  // namespace
}  // namespace dnsfailover::health_test
