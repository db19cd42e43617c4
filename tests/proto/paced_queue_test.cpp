// One at a time, with a gap after each.
#include "vrrpd/proto/paced_queue.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace vrrpd::proto::paced_queue_test {
namespace {

using namespace std::chrono_literals;

constexpr Instant start{1h};

TEST(PacedQueue, VR_173_a_gap_separates_frames) {
    PacedQueue<char> queue;
    EXPECT_EQ(queue.next_deadline(), std::nullopt);
    ASSERT_TRUE(queue.push('a', 1ms));
    ASSERT_TRUE(queue.push('n', 3ms));
    ASSERT_TRUE(queue.push('b', 1ms));
    EXPECT_EQ(queue.take(start), 'a');
    EXPECT_EQ(queue.take(start), std::nullopt);
    EXPECT_EQ(queue.next_deadline(), start + 1ms);
    EXPECT_EQ(queue.take(start + 1ms), 'n');
    EXPECT_EQ(queue.take(start + 3ms), std::nullopt);
    EXPECT_EQ(queue.take(start + 4ms), 'b');
    EXPECT_EQ(queue.next_deadline(), std::nullopt);
    ASSERT_TRUE(queue.push('c', 0ms));  // the gap after the last one holds although nothing waited
    EXPECT_EQ(queue.take(start + 4ms), std::nullopt);
    EXPECT_EQ(queue.take(start + 5ms), 'c');
}

TEST(PacedQueue, who_is_forgotten_is_not_sent) {
    PacedQueue<int> queue;
    for (const int item : {1, 2, 1, 3}) ASSERT_TRUE(queue.push(item, 0ms));
    queue.forget([](int item) { return item == 1; });
    EXPECT_EQ(queue.take(start), 2);
    EXPECT_EQ(queue.take(start), 3);
    EXPECT_EQ(queue.take(start), std::nullopt);
}

TEST(PacedQueue, is_bounded) {
    PacedQueue<int> queue;
    for (std::size_t i = 0; i < PacedQueue<int>::most; ++i) ASSERT_TRUE(queue.push(0, 1s));
    EXPECT_FALSE(queue.push(0, 1s));
}

}  // namespace
}  // namespace vrrpd::proto::paced_queue_test
