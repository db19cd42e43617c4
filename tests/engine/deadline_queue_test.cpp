// The heap of deadlines against a plain list that is searched.
#include "vrrpd/engine/core/deadline_queue.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

namespace vrrpd::engine::deadline_queue_test {
namespace {

Instant at(int nanoseconds) { return Instant(Duration(nanoseconds)); }

TEST(DeadlineQueue, an_empty_one_has_no_deadline) {
    DeadlineQueue queue;
    queue.reset(3);
    EXPECT_EQ(queue.earliest(), std::nullopt);
}

TEST(DeadlineQueue, the_earliest_is_in_front_and_moves) {
    DeadlineQueue queue;
    queue.reset(3);
    queue.set(0, at(30));
    queue.set(1, at(10));
    queue.set(2, at(20));
    EXPECT_EQ(queue.front(), 1U);
    queue.set(1, at(40));
    EXPECT_EQ(queue.front(), 2U);
    queue.set(2, std::nullopt);
    EXPECT_EQ(queue.front(), 0U);
    EXPECT_EQ(queue.earliest(), at(30));
}

TEST(DeadlineQueue, what_is_due_at_the_same_time_comes_in_order) {
    DeadlineQueue queue;
    queue.reset(5);
    for (const auto member : {3U, 1U, 4U, 0U, 2U}) queue.set(member, at(10));
    for (unsigned member = 0; member < 5; ++member) {
        EXPECT_EQ(queue.front(), member);
        queue.set(member, std::nullopt);
    }
}

TEST(DeadlineQueue, removing_what_is_not_there_is_nothing) {
    DeadlineQueue queue;
    queue.reset(2);
    queue.set(0, std::nullopt);
    queue.set(1, at(5));
    queue.set(0, std::nullopt);
    EXPECT_EQ(queue.earliest(), at(5));
}

TEST(DeadlineQueue, reset_forgets_everything) {
    DeadlineQueue queue;
    queue.reset(2);
    queue.set(0, at(1));
    queue.reset(5);
    EXPECT_EQ(queue.earliest(), std::nullopt);
    queue.set(4, at(2));
    EXPECT_EQ(queue.front(), 4U);
}

// After any sequence of sets, moves and removals the front is a member with the smallest deadline; and taking the
// front away again and again gives all of them in order.
TEST(DeadlineQueue, behaves_like_a_sorted_list) {
    EXPECT_TRUE(rc::check([] {
        const auto size = *rc::gen::inRange<std::uint32_t>(1, 40);
        DeadlineQueue queue;
        queue.reset(size);
        std::vector<Deadline> model(size);
        const auto smallest = [&] {
            Deadline result;
            for (const auto& deadline : model) result = earlier(result, deadline);
            return result;
        };
        const auto steps = *rc::gen::inRange(0, 200);
        for (int step = 0; step < steps; ++step) {
            const auto member = *rc::gen::inRange<std::uint32_t>(0, size);
            const Deadline deadline =
                *rc::gen::inRange(0, 4) == 0 ? std::nullopt : Deadline(at(*rc::gen::inRange(0, 30)));
            queue.set(member, deadline);
            model[member] = deadline;
            RC_ASSERT(queue.earliest() == smallest());
            if (queue.earliest()) RC_ASSERT(model[queue.front()] == queue.earliest());
        }
        while (queue.earliest()) {
            RC_ASSERT(queue.earliest() == smallest());
            model[queue.front()].reset();
            queue.set(queue.front(), std::nullopt);
        }
        RC_ASSERT(smallest() == std::nullopt);
    }));
}

}  // namespace
}  // namespace vrrpd::engine::deadline_queue_test
