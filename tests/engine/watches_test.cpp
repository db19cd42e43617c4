// The small watches: does the next hop answer, by which paths is a peer heard, are our packet rules as they were.
#include <gtest/gtest.h>

#include "tests/engine/values.hpp"
#include "vrrpd/engine/core/flap_watch.hpp"
#include "vrrpd/engine/core/next_hop.hpp"
#include "vrrpd/engine/core/path_watch.hpp"
#include "vrrpd/engine/core/rule_watch.hpp"

namespace vrrpd::engine::watches_test {
namespace {

using namespace test;
using Finding = PathWatch::Finding;

const Instant start{100s};

TEST(NextHop, is_asked_once_a_second) {
    NextHopWatch watch;
    EXPECT_TRUE(watch.step(start)) << "at once";
    EXPECT_FALSE(watch.step(start + 999ms));
    EXPECT_EQ(watch.next_deadline(), start + NextHopWatch::interval);
    EXPECT_TRUE(watch.step(start + 1s));
}

TEST(NextHop, that_never_answered_is_not_held_against_us) {
    NextHopWatch watch;
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(watch.step(start + i * 1s));
    EXPECT_FALSE(watch.silent());
}

TEST(NextHop, that_answered_is_silent_once_no_answer_of_it_is_proof_any_more_and_back_with_one_answer) {
    NextHopWatch watch;
    EXPECT_TRUE(watch.step(start));
    watch.answered();
    for (int i = 1; i <= NextHopWatch::proof_lasts.count(); ++i) {
        EXPECT_TRUE(watch.step(start + i * 1s));
        EXPECT_FALSE(watch.in_doubt()) << "the answer to question " << i << " may still come";
    }
    EXPECT_TRUE(watch.step(start + NextHopWatch::proof_lasts + 1s));
    watch.kernel_knows(std::nullopt);
    EXPECT_TRUE(watch.silent()) << "an idle host knows it as late as one whose traffic was proof of life";
    watch.answered();
    EXPECT_FALSE(watch.silent());
}

// Answered at `start`, and then no more.
NextHopWatch doubted() {
    NextHopWatch watch;
    watch.answered();
    for (unsigned i = 0; i <= NextHopWatch::misses_allowed; ++i) EXPECT_TRUE(watch.step(start + i * 1s));
    return watch;
}

netlink::Neighbour next_hop(std::chrono::milliseconds confirmed) {
    return {IfIndex{3}, ip("198.51.100.1"), MacAddress{{2, 0, 0, 0, 0, 1}}, confirmed};
}

TEST(NextHop, is_doubted_before_it_counts_as_silent) {
    auto watch = doubted();
    EXPECT_TRUE(watch.in_doubt());
    EXPECT_FALSE(watch.silent()) << "the kernel was not asked yet";
    watch.kernel_knows(std::nullopt);
    EXPECT_TRUE(watch.silent());
    watch.answered();
    EXPECT_FALSE(watch.in_doubt());
}

TEST(NextHop, that_rations_its_answers_is_alive_while_its_traffic_proves_it) {
    auto watch = doubted();
    watch.kernel_knows(next_hop(9s));
    EXPECT_FALSE(watch.silent());
    EXPECT_TRUE(watch.in_doubt()) << "asked again after the next question";
    watch.kernel_knows(next_hop(NextHopWatch::proof_lasts + 1ms));
    EXPECT_TRUE(watch.silent());
    watch.kernel_knows(next_hop(0s));
    EXPECT_FALSE(watch.silent()) << "and back by traffic alone";
    auto unresolved = next_hop(0s);
    unresolved.mac = {};
    watch.kernel_knows(unresolved);
    EXPECT_TRUE(watch.silent());
}

TEST(NextHop, that_answers_while_the_kernel_is_asked_is_not_silent) {
    auto watch = doubted();
    watch.answered();
    watch.kernel_knows(std::nullopt);
    EXPECT_FALSE(watch.silent());
}

TEST(NextHop, another_next_hop_starts_afresh) {
    NextHopWatch watch;
    watch.answered();
    for (int i = 0; i < 19; ++i) EXPECT_TRUE(watch.step(start + i * 1s));
    watch.kernel_knows(std::nullopt);
    EXPECT_TRUE(watch.silent());
    watch.forget();
    EXPECT_FALSE(watch.silent());
    EXPECT_TRUE(watch.step(start + 18s)) << "and is asked at once";
}

// `count` adverts by one path; the last finding that is one.
Finding hear(PathWatch& watch, const char* peer, Path path, int count, Instant now = start) {
    Finding result = Finding::none;
    for (int i = 0; i < count; ++i)
        if (const auto found = watch.heard(ip(peer), path, now); found != Finding::none) result = found;
    return result;
}

TEST(PathWatch, both_paths_are_as_it_should_be) {
    PathWatch watch;
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(watch.heard(ip("10.12.14.4"), Path::multicast, start), Finding::none);
        EXPECT_EQ(watch.heard(ip("10.12.14.4"), Path::unicast, start), Finding::none);
    }
}

TEST(PathWatch, ten_in_a_row_by_one_path_are_said_once) {
    for (const auto& [path, finding] :
         {std::pair(Path::unicast, Finding::only_unicast), std::pair(Path::multicast, Finding::only_multicast)}) {
        PathWatch watch;
        EXPECT_EQ(hear(watch, "10.12.14.4", path, 9), Finding::none);
        EXPECT_EQ(watch.heard(ip("10.12.14.4"), path, start), finding);
        EXPECT_EQ(hear(watch, "10.12.14.4", path, 1000), Finding::none);
    }
}

TEST(PathWatch, a_single_lost_copy_says_nothing) {
    PathWatch watch;
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(hear(watch, "10.12.14.4", Path::multicast, 5), Finding::none);
        EXPECT_EQ(hear(watch, "10.12.14.4", Path::unicast, 5), Finding::none);
    }
}

TEST(PathWatch, the_other_path_again_is_said_and_a_new_loss_too) {
    PathWatch watch;
    EXPECT_EQ(hear(watch, "10.12.14.4", Path::unicast, 10), Finding::only_unicast);
    EXPECT_EQ(watch.heard(ip("10.12.14.4"), Path::multicast, start), Finding::both_again);
    EXPECT_EQ(watch.heard(ip("10.12.14.4"), Path::unicast, start), Finding::none);
    EXPECT_EQ(hear(watch, "10.12.14.4", Path::unicast, 10), Finding::none) << "too soon to be said again";
    EXPECT_EQ(watch.heard(ip("10.12.14.4"), Path::unicast, start + 60s), Finding::only_unicast);
}

TEST(PathWatch, a_path_that_comes_and_goes_is_said_to_be_lost_once_a_minute) {
    PathWatch watch;
    int said = 0;
    for (int round = 0; round < 1800; ++round) {  // two a second, a quarter of an hour
        const auto now = start + round * 500ms;
        said += hear(watch, "10.12.14.4", Path::unicast, 10, now) != Finding::none;
        said += hear(watch, "10.12.14.4", Path::multicast, 1, now) != Finding::none;
    }
    EXPECT_EQ(said, 2 * 15) << "and once that it is back";
}

TEST(PathWatch, another_peer_is_judged_by_itself) {
    PathWatch watch;
    EXPECT_EQ(hear(watch, "10.12.14.4", Path::unicast, 9), Finding::none);
    EXPECT_EQ(hear(watch, "10.12.14.2", Path::unicast, 9), Finding::none);
    EXPECT_EQ(watch.heard(ip("10.12.14.2"), Path::unicast, start), Finding::only_unicast);
}

// ---- our packet rules

netlink::nft::RulesetMonitor::Seen ours_touched(std::string by = {}) {
    netlink::nft::RulesetMonitor::Seen seen;
    seen.ours_touched = true;
    seen.by = std::move(by);
    return seen;
}

TEST(RuleWatch, looks_soon_after_ours_were_touched_and_every_half_minute_anyway) {
    RuleWatch watch;
    EXPECT_EQ(watch.next_deadline(), std::nullopt);
    watch.changed(ours_touched(), start);
    EXPECT_EQ(watch.next_deadline(), start + RuleWatch::delay);
    EXPECT_FALSE(watch.step(start));
    ASSERT_TRUE(watch.step(start + RuleWatch::delay));
    watch.inspected(start + 30ms);
    EXPECT_EQ(watch.next_deadline(), start + RuleWatch::delay + RuleWatch::interval);
}

TEST(RuleWatch, looks_once_at_a_time_and_once_more_after_what_changed_meanwhile) {
    RuleWatch watch;
    watch.look(start);
    ASSERT_TRUE(watch.step(start + RuleWatch::delay));
    watch.changed(ours_touched(), start + 30ms);
    EXPECT_EQ(watch.next_deadline(), std::nullopt) << "the answer is awaited";
    EXPECT_FALSE(watch.step(start + 1s));
    watch.inspected(start + 1s);
    EXPECT_TRUE(watch.step(start + 1s));
}

TEST(RuleWatch, others_may_change_theirs_as_often_as_they_like) {
    netlink::nft::RulesetMonitor::Seen foreign;
    foreign.foreign_touched = true;
    RuleWatch watch;
    watch.look(start);
    ASSERT_TRUE(watch.step(start + RuleWatch::delay));
    watch.inspected(start + 30ms);
    for (auto at = 40ms; at < 500ms; at += 1ms) watch.changed(foreign, start + at);
    EXPECT_EQ(watch.next_deadline(), start + 30ms + RuleWatch::foreign_pause);
}

TEST(RuleWatch, ours_are_put_right_at_once_and_in_a_loop_once_a_second) {
    RuleWatch watch;
    EXPECT_TRUE(watch.may_put_right(start));
    unsigned times = 0;
    for (auto at = 1ms; at < 20s; at += 1ms)
        if (watch.may_put_right(start + at)) ++times;
    EXPECT_GE(times, 20U);
    EXPECT_LE(times, 24U);
    EXPECT_FALSE(watch.may_put_right(start + 20s));
    EXPECT_TRUE(watch.next_deadline()) << "what may not be put right now is looked at again";
}

TEST(RuleWatch, says_each_time_who_it_was_until_it_happens_again_and_again) {
    RuleWatch watch;
    watch.changed(ours_touched("nft (pid 7)"), start);
    const auto first = watch.put_right(start);
    ASSERT_TRUE(first);
    EXPECT_NE(first->find("were changed or removed by nft (pid 7)"), std::string::npos) << *first;
    for (unsigned i = 1; i < RuleWatch::said_each_time; ++i) EXPECT_TRUE(watch.put_right(start + i * 1ms));
    unsigned lines = 0;
    for (auto at = 10ms; at < 10s; at += 10ms)
        if (watch.put_right(start + at)) ++lines;
    EXPECT_EQ(lines, 0U);
    const auto later = watch.put_right(start + 11s);
    ASSERT_TRUE(later);
    EXPECT_NE(later->find("again and again, by someone else now"), std::string::npos) << *later;
    EXPECT_NE(later->find("(1000 times since"), std::string::npos) << *later;
    EXPECT_TRUE(watch.put_right(start + 11s + BackOff::calm + 1ms)) << "it was calm since";
}

TEST(FlapWatch, VR_153_three_times_in_ten_minutes_are_said_once) {
    FlapWatch watch;
    EXPECT_FALSE(watch.came_back(start));
    EXPECT_FALSE(watch.came_back(start + 5min));
    EXPECT_TRUE(watch.came_back(start + 10min));
    EXPECT_FALSE(watch.came_back(start + 10min));
    EXPECT_FALSE(watch.came_back(start + 11min)) << "another ten minutes";
    EXPECT_FALSE(watch.came_back(start + 30min)) << "seldom";
    EXPECT_FALSE(watch.came_back(start + 31min));
    EXPECT_TRUE(watch.came_back(start + 32min));
}

}  // namespace
}  // namespace vrrpd::engine::watches_test
