// A better router comes back: with preemption, without, and after a delay.
#include "netns-tests/fixture.hpp"

namespace lab::preempt_test {
namespace {

class Preempt : public HomeTest {
protected:
    // H001 alone is the gateway.
    void SetUp() override {
        start(home.h001, {.priority = 150});
        ASSERT_TRUE(becomes_active(home.h001, 15s));
    }
};

TEST_F(Preempt, better_router_takes_the_role_and_the_other_lets_go) {
    start(home.h003, {.priority = 200});
    EXPECT_TRUE(becomes_active(home.h003));
}

TEST_F(Preempt, nopreempt_leaves_the_role_where_it_is) {
    auto& router = start(home.h003, {.priority = 200, .more = "nopreempt"});
    ASSERT_TRUE(router.await_log("Entering BACKUP STATE"));
    EXPECT_TRUE(stays_false([&] { return holds(home.h003); }, 1500ms));
    EXPECT_EQ(home.lan.count(all({from(home.h003), adverts()})), 0u);
    // Silence promotes it all the same.
    home.h001.lose_power();
    EXPECT_TRUE(becomes_active(home.h003));
}

TEST_F(Preempt, preempt_delay_is_waited_for) {
    const auto started = wall_clock();
    start(home.h003, {.priority = 200, .more = "preempt_delay 2"});
    EXPECT_TRUE(becomes_active(home.h003));
    const auto first = home.lan.await(all({from(home.h003), adverts()}));
    ASSERT_TRUE(first);
    EXPECT_GE(first->at - started, 2s) << milliseconds(first->at - started);
    EXPECT_LE(first->at - started, 3500ms) << milliseconds(first->at - started);
}

TEST_F(Preempt, preempt_delay_does_not_delay_a_take_over) {
    auto& router = start(home.h003, {.priority = 200, .more = "preempt_delay 60"});
    ASSERT_TRUE(router.await_log("Entering BACKUP STATE"));
    std::this_thread::sleep_for(500ms);
    home.h001.lose_power();
    EXPECT_TRUE(becomes_active(home.h003, 2s));
}

}  // namespace
}  // namespace lab::preempt_test
