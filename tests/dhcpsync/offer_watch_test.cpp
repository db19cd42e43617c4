// When the LAN counts as not served.
#include "dhcpsync/core/offer_watch.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace dhcpsync::offer_watch_test {
namespace {

using namespace std::chrono_literals;

class OfferWatchTest : public testing::Test {
protected:
    // Asks and waits in vain, up to `rounds` times; what was said.
    std::vector<OfferWatch::Action> silence(unsigned rounds) {
        std::vector<OfferWatch::Action> said;
        for (unsigned i = 0; i < 2 * rounds; ++i) {
            now_ = watch_.next_deadline().value();
            const auto action = watch_.step(now_);
            if (action == OfferWatch::Action::ask) asked_.push_back(now_);
            if (action != OfferWatch::Action::ask && action != OfferWatch::Action::none) said.push_back(action);
        }
        return said;
    }

    // Asks, and is answered.
    void answer() {
        now_ = watch_.next_deadline().value();
        ASSERT_EQ(watch_.step(now_), OfferWatch::Action::ask);
        asked_.push_back(now_);
        (void)watch_.offered();
    }

    OfferWatch watch_;
    Instant now_{1h};
    std::vector<Instant> asked_;
};

TEST_F(OfferWatchTest, asks_once_a_minute_whether_it_is_answered_or_not) {
    watch_.start(now_);
    (void)silence(2);
    answer();
    (void)silence(1);
    ASSERT_EQ(asked_.size(), 4u);
    for (std::size_t i = 1; i < asked_.size(); ++i) EXPECT_EQ(asked_[i] - asked_[i - 1], OfferWatch::interval);
}

TEST_F(OfferWatchTest, asks_less_often_after_an_answer_where_it_is_told_so) {
    watch_.start(now_, OfferWatch::long_interval);
    (void)silence(2);
    answer();
    (void)silence(2);
    ASSERT_EQ(asked_.size(), 5u);
    EXPECT_EQ(asked_[2] - asked_[1], OfferWatch::interval);
    EXPECT_EQ(asked_[3] - asked_[2], OfferWatch::long_interval);
    EXPECT_EQ(asked_[4] - asked_[3], OfferWatch::doubt_interval) << "in doubt it looks closer";
}

TEST_F(OfferWatchTest, says_what_changed_and_only_that) {
    using Action = OfferWatch::Action;
    watch_.start(now_);
    EXPECT_EQ(silence(2), std::vector<Action>{});
    EXPECT_EQ(silence(1), std::vector<Action>{Action::say_silent});
    EXPECT_EQ(silence(5), std::vector<Action>{});
    now_ = watch_.next_deadline().value();
    ASSERT_EQ(watch_.step(now_), Action::ask);
    EXPECT_EQ(watch_.offered(), Action::say_answered);
    EXPECT_EQ(watch_.offered(), Action::none) << "a second server's answer to the same question";
}

TEST_F(OfferWatchTest, an_answer_that_was_not_asked_for_is_nothing) {
    EXPECT_EQ(watch_.offered(), OfferWatch::Action::none);
    watch_.start(now_);
    EXPECT_EQ(watch_.offered(), OfferWatch::Action::none);
    watch_.stop();
    EXPECT_EQ(watch_.next_deadline(), std::nullopt);
}

TEST_F(OfferWatchTest, three_questions_in_vain_after_an_answer_are_silence) {
    watch_.start(now_);
    (void)silence(5);
    EXPECT_EQ(watch_.offers(), Offers::unknown) << "it may be meant to answer others alone";
    answer();
    (void)silence(2);
    EXPECT_EQ(watch_.offers(), Offers::given);
    (void)silence(1);
    EXPECT_EQ(watch_.offers(), Offers::withheld);
    answer();
    EXPECT_EQ(watch_.offers(), Offers::given);
}

TEST_F(OfferWatchTest, of_another_gateway_nothing_is_known) {
    watch_.start(now_, OfferWatch::long_interval);
    answer();
    (void)silence(3);
    ASSERT_EQ(watch_.offers(), Offers::withheld);
    now_ = watch_.next_deadline().value();
    ASSERT_EQ(watch_.step(now_), OfferWatch::Action::ask);
    watch_.moved(now_);
    EXPECT_EQ(watch_.offered(), OfferWatch::Action::none) << "the one before was asked";
    EXPECT_EQ(watch_.next_deadline(), now_ + OfferWatch::doubt_interval);
    EXPECT_EQ(silence(3), std::vector<OfferWatch::Action>{}) << "that nobody answers was said";
    EXPECT_EQ(watch_.offers(), Offers::unknown);
}

TEST_F(OfferWatchTest, a_doubt_makes_it_look_at_once_and_not_again_and_again) {
    watch_.start(now_, OfferWatch::long_interval);
    watch_.doubt(now_);
    EXPECT_GT(watch_.next_deadline().value(), now_) << "who knows nothing has nothing to look at again";
    answer();
    now_ += 1s;
    watch_.doubt(now_);
    EXPECT_EQ(watch_.next_deadline(), now_);
    (void)silence(1);
    watch_.doubt(now_);
    EXPECT_EQ(watch_.next_deadline(), asked_.back() + OfferWatch::doubt_interval);
}

TEST_F(OfferWatchTest, what_was_not_asked_is_not_unanswered) {
    watch_.start(now_);
    answer();
    for (int i = 0; i < 10; ++i) {
        now_ = watch_.next_deadline().value();
        ASSERT_EQ(watch_.step(now_), OfferWatch::Action::ask);
        watch_.excused(now_);
    }
    EXPECT_EQ(watch_.offers(), Offers::given);
    EXPECT_EQ(watch_.next_deadline(), now_ + OfferWatch::interval);
}

}  // namespace
}  // namespace dhcpsync::offer_watch_test
