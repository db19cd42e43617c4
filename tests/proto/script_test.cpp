// The life of a tracked script.
#include "vrrpd/proto/script.hpp"

#include <gtest/gtest.h>

namespace vrrpd::proto::script_test {
namespace {

using namespace std::chrono_literals;
using Kind = ScriptResult::Kind;

constexpr ScriptResult good{Kind::exited, 0}, bad{Kind::exited, 1}, late{Kind::timed_out, 0};

Instant at(Duration time) { return Instant(time); }

template <class What>
std::size_t count(const Script::Actions& actions) {
    std::size_t found = 0;
    for (const auto& action : actions) found += std::holds_alternative<What>(action);
    return found;
}

class ScriptTest : public testing::Test {
protected:
    // A whole run in no time, at its next interval.
    Script::Actions run(const ScriptResult& result) {
        now_ = std::max(now_, *script_.next_deadline());
        EXPECT_EQ(count<Script::Run>(script_.step(now_, Script::TimeReached{})), 1U);
        EXPECT_TRUE(script_.step(now_, Script::Started{}).empty());
        return script_.step(now_, Script::Ended{result});
    }
    ScriptHealth after(std::initializer_list<ScriptResult> results) {
        for (const auto& result : results) (void)run(result);
        return script_.health();
    }

    Instant now_ = at(1s);
    Script script_{{1s, 1s, 3, 2}, at(1s)};
};

TEST_F(ScriptTest, one_success_is_enough_at_first_whatever_rise) { EXPECT_EQ(after({good}), ScriptHealth::good); }
TEST_F(ScriptTest, one_failure_is_enough_at_first_whatever_fall) { EXPECT_EQ(after({bad}), ScriptHealth::failed); }

TEST_F(ScriptTest, only_results_in_a_row_turn_it) {
    EXPECT_EQ(after({good, bad, good, bad, good}), ScriptHealth::good) << "any success restores the whole budget";
    EXPECT_EQ(after({bad, bad}), ScriptHealth::failed);
    EXPECT_EQ(after({good, good, bad, good, good}), ScriptHealth::failed) << "any failure restarts the count";
    EXPECT_EQ(after({good}), ScriptHealth::good);
}

TEST_F(ScriptTest, says_what_is_new_and_nothing_else) {
    EXPECT_EQ(run(good), (Script::Actions{Script::Returned{good}, Script::Changed{ScriptHealth::good, good}}));
    EXPECT_EQ(run(good), Script::Actions{});
    EXPECT_EQ(run(bad), (Script::Actions{Script::Returned{bad}}));
    EXPECT_EQ(run(bad), (Script::Actions{Script::Changed{ScriptHealth::failed, bad}}));
    EXPECT_EQ(run({Kind::exited, 2}), (Script::Actions{Script::Returned{{Kind::exited, 2}}}));
    EXPECT_EQ(run({Kind::signalled, 11}), (Script::Actions{Script::Returned{{Kind::signalled, 11}}}));
}

TEST_F(ScriptTest, runs_from_start_to_start) {
    (void)run(good);
    EXPECT_EQ(script_.next_deadline(), at(2s));
    EXPECT_TRUE(script_.step(at(1900ms), Script::TimeReached{}).empty());
    EXPECT_EQ(count<Script::Run>(script_.step(at(2s), Script::TimeReached{})), 1U);
    EXPECT_EQ(script_.next_deadline(), at(3s));
}

TEST_F(ScriptTest, what_was_missed_is_not_made_up_for) {
    (void)run(good);
    EXPECT_EQ(count<Script::Run>(script_.step(at(60s), Script::TimeReached{})), 1U);
    (void)script_.step(at(60s), Script::Started{});
    EXPECT_EQ(script_.step(at(60s), Script::Ended{good}), Script::Actions{});
    EXPECT_GT(*script_.next_deadline(), at(60s));
}

TEST_F(ScriptTest, a_run_that_lasts_leaves_the_next_out_and_says_so_once) {
    Script slow({1s, 10s, 1, 1}, at(0s));
    EXPECT_EQ(slow.step(at(0s), Script::TimeReached{}), Script::Actions{Script::Run{}});
    (void)slow.step(at(0s), Script::Started{});
    EXPECT_EQ(slow.step(at(1s), Script::TimeReached{}), Script::Actions{Script::Skipped{}});
    EXPECT_EQ(slow.step(at(2s), Script::TimeReached{}), Script::Actions{});
    EXPECT_EQ(count<Script::Changed>(slow.step(at(2500ms), Script::Ended{good})), 1U);
    EXPECT_EQ(slow.step(at(3s), Script::TimeReached{}), Script::Actions{Script::Run{}});
}

TEST_F(ScriptTest, one_that_hangs_has_failed_at_once_and_is_killed_until_it_is_gone) {
    Script script({10s, 1s, 1, 1}, at(0s));
    (void)script.step(at(0s), Script::TimeReached{});
    (void)script.step(at(0s), Script::Started{});
    EXPECT_EQ(script.next_deadline(), at(1s));
    EXPECT_EQ(
        script.step(at(1s), Script::TimeReached{}),
        (Script::Actions{Script::Kill{false}, Script::Returned{late}, Script::Changed{ScriptHealth::failed, late}}));
    EXPECT_EQ(script.step(at(2900ms), Script::TimeReached{}), Script::Actions{});
    EXPECT_EQ(script.step(at(3s), Script::TimeReached{}), Script::Actions{Script::Kill{true}});
    EXPECT_EQ(script.step(at(5s), Script::TimeReached{}), Script::Actions{Script::Kill{true}});
    EXPECT_EQ(script.step(at(10s), Script::TimeReached{}), Script::Actions{Script::Skipped{}}) << "never two at once";
    EXPECT_EQ(script.step(at(15s), Script::TimeReached{}), Script::Actions{Script::Kill{true}});
    EXPECT_EQ(script.step(at(16s), Script::Ended{{Kind::signalled, 9}}), Script::Actions{}) << "it was counted before";
    EXPECT_EQ(script.last(), late);
    EXPECT_EQ(script.step(at(20s), Script::TimeReached{}), Script::Actions{Script::Run{}});
}

TEST_F(ScriptTest, the_wait_for_a_place_is_not_its_own_time) {
    Script script({10s, 1s, 1, 1}, at(0s));
    (void)script.step(at(0s), Script::TimeReached{});
    EXPECT_EQ(script.step(at(5s), Script::TimeReached{}), Script::Actions{});
    (void)script.step(at(6s), Script::Started{});
    EXPECT_EQ(script.next_deadline(), at(7s));
}

TEST_F(ScriptTest, one_that_cannot_be_started_has_failed) {
    Script script({1s, 1s, 1, 1}, at(0s));
    (void)script.step(at(0s), Script::TimeReached{});
    const ScriptResult none{Kind::not_run, 0};
    EXPECT_EQ(script.step(at(0s), Script::Ended{none}),
              (Script::Actions{Script::Returned{none}, Script::Changed{ScriptHealth::failed, none}}));
    EXPECT_EQ(script.next_deadline(), at(1s));
}

TEST_F(ScriptTest, reads_as_operators_say_it) {
    EXPECT_EQ(good.describe(), "succeeded");
    EXPECT_EQ(bad.describe(), "failed (exited with status 1)");
    EXPECT_EQ((ScriptResult{Kind::signalled, 9}).describe(), "failed (due to signal 9)");
    EXPECT_EQ(late.describe(), "timed_out");
    EXPECT_EQ((ScriptResult{Kind::not_run, 0}).describe(), "could not be run");
}

}  // namespace
}  // namespace vrrpd::proto::script_test
