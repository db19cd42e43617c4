// How many processes are enough, and when that counts.
#include "vrrpd/proto/quorum.hpp"

#include <gtest/gtest.h>

namespace vrrpd::proto::quorum_test {
namespace {

using namespace std::chrono_literals;

Instant at(Duration time) { return Instant(time); }

TEST(Quorum, is_unknown_until_the_first_count_which_is_believed_at_once) {
    Quorum quorum({1, {}, 5s, 5s});
    EXPECT_FALSE(quorum.healthy());
    quorum.count(at(0s), 0);
    EXPECT_EQ(quorum.healthy(), false);
    EXPECT_FALSE(quorum.next_deadline());
}

TEST(Quorum, has_two_ends) {
    Quorum quorum({2, 3, 0s, 0s});
    for (const auto& [running, enough] : {std::pair(1U, false), {2U, true}, {3U, true}, {4U, false}, {0U, false}}) {
        quorum.count(at(1s), running);
        EXPECT_EQ(quorum.healthy(), enough) << running;
    }
}

TEST(Quorum, waits_before_it_changes_and_forgets_what_came_back_in_time) {
    Quorum quorum({1, {}, 2s, 3s});
    quorum.count(at(0s), 1);
    quorum.count(at(10s), 0);
    EXPECT_EQ(quorum.next_deadline(), at(13s));
    quorum.count(at(11s), 0);
    EXPECT_EQ(quorum.next_deadline(), at(13s)) << "counted again is not lost again";
    quorum.count(at(12s), 1);
    EXPECT_FALSE(quorum.next_deadline());
    quorum.count(at(20s), 0);
    quorum.step(at(22s));
    EXPECT_EQ(quorum.healthy(), true);
    quorum.step(at(23s));
    EXPECT_EQ(quorum.healthy(), false);
    quorum.count(at(30s), 1);
    EXPECT_EQ(quorum.next_deadline(), at(32s));
    quorum.step(at(32s));
    EXPECT_EQ(quorum.healthy(), true);
}

}  // namespace
}  // namespace vrrpd::proto::quorum_test
