// When a lease file is rewritten, and its server restarted.
#include "dhcpsync/core/rewrite.hpp"

#include <gtest/gtest.h>

#include "tests/dhcpsync/sample.hpp"

namespace dhcpsync::rewrite_test {
namespace {

using namespace sample;
using namespace std::chrono_literals;

bool lacks_one(const Lease& server, const Lease& wanted, WallTime now = noon) {
    return lacks(leases({server}), leases({wanted}), now);
}

TEST(LacksTest, a_lease_or_its_client) {
    EXPECT_TRUE(lacks({}, leases({lease(1, 1)}), noon));
    EXPECT_FALSE(lacks_one(lease(1, 1), lease(1, 1)));
    EXPECT_TRUE(lacks_one(lease(1, 2), lease(1, 1)));
}

TEST(LacksTest, not_one_too_many_and_not_one_that_ended) {
    EXPECT_FALSE(lacks(leases({lease(1, 1)}), {}, noon));
    EXPECT_FALSE(lacks({}, leases({lease(1, 1, Seconds(-1))}), noon));
}

TEST(LacksTest, an_end_only_when_it_comes_near) {
    EXPECT_FALSE(lacks_one(lease(1, 1, Seconds(1800)), lease(1, 1, Seconds(3600)))) << "a renewal after half the time";
    EXPECT_TRUE(lacks_one(lease(1, 1, Seconds(1799)), lease(1, 1, Seconds(3600))));
    EXPECT_FALSE(lacks_one(lease(1, 1, Seconds(7200)), lease(1, 1, Seconds(3600))));
    auto endless = lease(1, 1);
    endless.expires = never;
    EXPECT_TRUE(lacks_one(lease(1, 1), endless));
    EXPECT_FALSE(lacks_one(endless, lease(1, 1)));
}

class RewriterTest : public testing::Test {
protected:
    bool lacking() { return rewriter_.step(now_, true); }
    void written() { rewriter_.written(now_); }

    Rewriter rewriter_;
    Instant now_{1h};
};

TEST_F(RewriterTest, a_stand_in_s_at_once_and_then_once_a_minute) {
    EXPECT_FALSE(rewriter_.step(now_, false));
    EXPECT_TRUE(lacking());
    EXPECT_FALSE(lacking()) << "it is being written";
    written();
    now_ += 59s;
    EXPECT_FALSE(lacking());
    ASSERT_TRUE(rewriter_.next_deadline().has_value());
    now_ = *rewriter_.next_deadline();
    EXPECT_TRUE(lacking());
}

TEST_F(RewriterTest, a_new_gateway_s_at_once_whenever_the_last_one_was_and_then_never) {
    EXPECT_TRUE(lacking());
    written();
    now_ += 1s;
    rewriter_.became_active(false);
    EXPECT_TRUE(lacking());
    written();
    now_ += 1h;
    EXPECT_FALSE(lacking());
    EXPECT_EQ(rewriter_.next_deadline(), std::nullopt);
    rewriter_.became_backup();
    EXPECT_TRUE(lacking());
}

TEST_F(RewriterTest, a_new_gateway_that_lacks_nothing_is_not_restarted_later) {
    rewriter_.became_active(false);
    EXPECT_FALSE(rewriter_.step(now_, false));
    EXPECT_FALSE(lacking());
}

TEST_F(RewriterTest, what_was_being_written_at_the_take_over_is_looked_at_again) {
    EXPECT_TRUE(lacking());
    rewriter_.became_active(false);
    EXPECT_FALSE(lacking());
    written();
    EXPECT_TRUE(lacking());
}

TEST_F(RewriterTest, a_gateway_all_along_is_left_alone) {
    rewriter_.became_active(true);
    EXPECT_FALSE(lacking());
}

TEST_F(RewriterTest, a_deadline_that_came_and_found_nothing_to_do_is_gone) {
    EXPECT_TRUE(lacking());
    written();
    now_ = rewriter_.next_deadline().value();
    EXPECT_FALSE(rewriter_.step(now_, false));
    EXPECT_EQ(rewriter_.next_deadline(), std::nullopt);
}

}  // namespace
}  // namespace dhcpsync::rewrite_test
