// When the engine is started again, and when it counts as hung.
#include "vrrpd/supervisor/restart_policy.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace vrrpd::supervisor::restart_policy_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Instant at(Duration since_boot) { return Instant(seconds(1000) + since_boot); }
constexpr Ending crash{true, SIGSEGV};

struct Life {
    RestartPolicy policy;

    // Started at `from`, ready at once, crashed at `to`.
    Verdict lived(Duration from, Duration to) {
        policy.started(at(from));
        policy.ready();
        return policy.ended(at(to), crash);
    }
};

TEST(RestartPolicy, first_crash_restarts_at_once_and_adopts) {
    Life life;
    EXPECT_EQ(life.lived(seconds(0), seconds(3)), Verdict(Restart{.wait = Duration(0), .sweep = false, .adopt = true}));
}

TEST(RestartPolicy, second_crash_within_ten_seconds_sweeps_and_does_not_adopt) {
    Life life;
    (void)life.lived(seconds(0), seconds(100));
    EXPECT_EQ(life.lived(seconds(100), seconds(109)),
              Verdict(Restart{.wait = seconds(1), .sweep = true, .adopt = false}));
}

TEST(RestartPolicy, second_crash_after_ten_seconds_counts_as_a_first) {
    Life life;
    (void)life.lived(seconds(0), seconds(100));
    EXPECT_EQ(life.lived(seconds(100), seconds(111)),
              Verdict(Restart{.wait = Duration(0), .sweep = false, .adopt = true}));
}

TEST(RestartPolicy, waits_double_up_to_a_minute) {
    Life life;
    Duration now = seconds(100);
    (void)life.lived(seconds(0), now);
    for (const int expected : {1, 2, 4, 8, 16, 32, 60, 60}) {
        const auto verdict = std::get<Restart>(life.lived(now, now + milliseconds(1)));
        EXPECT_EQ(verdict.wait, seconds(expected));
        EXPECT_TRUE(verdict.sweep);
        now += milliseconds(1) + verdict.wait;
    }
}

TEST(RestartPolicy, a_life_of_a_minute_ends_the_back_off) {
    Life life;
    (void)life.lived(seconds(0), seconds(1));
    (void)life.lived(seconds(1), seconds(2));
    (void)life.lived(seconds(3), seconds(4));
    (void)life.lived(seconds(6), seconds(67));
    EXPECT_EQ(std::get<Restart>(life.lived(seconds(67), seconds(68))).wait, seconds(1));
}

TEST(RestartPolicy, codes_1_2_4_before_ready_are_final) {
    for (const int code : {1, 2, 4}) {
        RestartPolicy policy;
        policy.started(at(seconds(0)));
        EXPECT_EQ(policy.ended(at(seconds(1)), {false, code}), Verdict(GiveUp{code}));
    }
}

TEST(RestartPolicy, other_ends_before_ready_and_any_after_are_crashes) {
    for (const Ending how : {Ending{false, 0}, Ending{false, 3}, crash, Ending{true, 2}}) {
        RestartPolicy policy;
        policy.started(at(seconds(0)));
        EXPECT_TRUE(std::holds_alternative<Restart>(policy.ended(at(seconds(1)), how)));
    }
    RestartPolicy policy;
    policy.started(at(seconds(0)));
    policy.ready();
    EXPECT_TRUE(std::holds_alternative<Restart>(policy.ended(at(seconds(1)), {false, 1})));
}

TEST(RestartPolicy, readiness_of_one_engine_does_not_count_for_the_next) {
    RestartPolicy policy;
    policy.started(at(seconds(0)));
    policy.ready();
    (void)policy.ended(at(seconds(1)), crash);
    policy.started(at(seconds(1)));
    EXPECT_EQ(policy.ended(at(seconds(2)), {false, 4}), Verdict(GiveUp{4}));
}

TEST(Heartbeat, a_beating_heart_is_never_hung) {
    Heartbeat heartbeat(seconds(1));
    heartbeat.started(at(seconds(0)));
    Duration now = seconds(0);
    for (int i = 0; i < 100; ++i) {
        now = heartbeat.next_check() - at(seconds(0));
        EXPECT_FALSE(heartbeat.hung(at(now), at(now - milliseconds(300))));
    }
}

TEST(Heartbeat, is_hung_one_limit_after_the_last_beat) {
    Heartbeat heartbeat(seconds(1));
    heartbeat.started(at(seconds(0)));
    const Instant last = at(milliseconds(700));
    EXPECT_EQ(heartbeat.next_check(), at(seconds(1)));
    EXPECT_FALSE(heartbeat.hung(at(seconds(1)), last));
    EXPECT_EQ(heartbeat.next_check(), at(milliseconds(1700)));
    EXPECT_TRUE(heartbeat.hung(at(milliseconds(1700)), last));
}

TEST(Heartbeat, no_beat_since_the_start_is_hung) {
    Heartbeat heartbeat(seconds(1));
    heartbeat.started(at(seconds(0)));
    EXPECT_TRUE(heartbeat.hung(at(seconds(1)), Instant{}));
}

TEST(Heartbeat, a_supervisor_that_was_late_itself_grants_one_more_period) {
    Heartbeat heartbeat(seconds(1));
    heartbeat.started(at(seconds(0)));
    const Instant resumed = at(seconds(3600));  // the whole machine was suspended
    EXPECT_FALSE(heartbeat.hung(resumed, at(milliseconds(900))));
    EXPECT_EQ(heartbeat.next_check(), resumed + seconds(1));
    EXPECT_TRUE(heartbeat.hung(resumed + seconds(1), at(milliseconds(900))));
}

TEST(Heartbeat, limit_is_three_intervals_and_at_least_a_second) {
    EXPECT_EQ(heartbeat_limit(milliseconds(10)), seconds(1));
    EXPECT_EQ(heartbeat_limit(milliseconds(500)), milliseconds(1500));
    EXPECT_EQ(heartbeat_limit(seconds(40)), seconds(120));
}

}  // namespace
}  // namespace vrrpd::supervisor::restart_policy_test
