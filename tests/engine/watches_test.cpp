// The small watches: does the next hop answer, and by which paths is a peer heard.
#include <gtest/gtest.h>

#include "tests/engine/values.hpp"
#include "vrrpd/engine/next_hop.hpp"
#include "vrrpd/engine/path_watch.hpp"

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

}  // namespace
}  // namespace vrrpd::engine::watches_test
