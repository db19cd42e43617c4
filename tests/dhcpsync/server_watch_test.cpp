// When a DHCP server counts as dead, and when the LAN counts as not served.
#include "dhcpsync/core/server_watch.hpp"

#include <gtest/gtest.h>

#include "dhcpsync/udp_port.hpp"

namespace dhcpsync::server_watch_test {
namespace {

using namespace std::chrono_literals;

void see(ServerWatch& watch, ServerSign sign, bool good, unsigned times) {
    for (unsigned i = 0; i < times; ++i) watch.saw(sign, good);
}

TEST(ServerWatchTest, lives_until_three_looks_in_a_row_say_otherwise) {
    ServerWatch watch;
    see(watch, ServerSign::listening, false, 2);
    see(watch, ServerSign::listening, true, 1);
    see(watch, ServerSign::listening, false, 2);
    EXPECT_EQ(watch.health(), HealthChange{});
    see(watch, ServerSign::listening, false, 1);
    EXPECT_EQ(watch.health(), (HealthChange{false, "it does not listen on the DHCP server's port"}));
}

TEST(ServerWatchTest, lives_again_after_two) {
    ServerWatch watch;
    see(watch, ServerSign::answers, false, 3);
    see(watch, ServerSign::answers, true, 1);
    see(watch, ServerSign::answers, false, 1);
    see(watch, ServerSign::answers, true, 1);
    EXPECT_FALSE(watch.health().alive);
    see(watch, ServerSign::answers, true, 1);
    EXPECT_TRUE(watch.health().alive);
}

TEST(ServerWatchTest, each_sign_alone_is_enough) {
    for (const auto sign : {ServerSign::on_bus, ServerSign::answers, ServerSign::listening}) {
        ServerWatch watch;
        for (const auto other : {ServerSign::on_bus, ServerSign::answers, ServerSign::listening})
            see(watch, other, other != sign, 3);
        EXPECT_FALSE(watch.health().alive);
        EXPECT_FALSE(watch.health().why.empty());
    }
}

TEST(ServerWatchTest, what_cannot_be_seen_does_not_count) {
    ServerWatch watch;
    see(watch, ServerSign::on_bus, false, 3);
    watch.cannot_see(ServerSign::on_bus);
    EXPECT_TRUE(watch.health().alive);
    see(watch, ServerSign::on_bus, false, 2);
    watch.cannot_see(ServerSign::on_bus);
    see(watch, ServerSign::on_bus, false, 2);
    EXPECT_TRUE(watch.health().alive) << "looks from before the blind time are not counted on";
}

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

    OfferWatch watch_;
    Instant now_{1h};
    std::vector<Instant> asked_;
};

TEST_F(OfferWatchTest, asks_once_a_minute_whether_it_is_answered_or_not) {
    watch_.start(now_);
    (void)silence(2);
    now_ = watch_.next_deadline().value();
    ASSERT_EQ(watch_.step(now_), OfferWatch::Action::ask);
    asked_.push_back(now_);
    (void)watch_.offered();
    (void)silence(1);
    ASSERT_EQ(asked_.size(), 4u);
    for (std::size_t i = 1; i < asked_.size(); ++i) EXPECT_EQ(asked_[i] - asked_[i - 1], OfferWatch::interval);
}

TEST_F(OfferWatchTest, asks_less_often_after_an_answer_where_it_is_told_so) {
    watch_.start(now_, OfferWatch::long_interval);
    (void)silence(2);
    now_ = watch_.next_deadline().value();
    ASSERT_EQ(watch_.step(now_), OfferWatch::Action::ask);
    asked_.push_back(now_);
    (void)watch_.offered();
    (void)silence(2);
    ASSERT_EQ(asked_.size(), 5u);
    EXPECT_EQ(asked_[2] - asked_[1], OfferWatch::interval);
    EXPECT_EQ(asked_[3] - asked_[2], OfferWatch::long_interval);
    EXPECT_EQ(asked_[4] - asked_[3], OfferWatch::interval) << "in doubt it looks closer";
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

TEST(UdpPortTest, the_local_port_is_what_counts) {
    constexpr auto heading = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";
    const std::string bound = "  511: 00000000:0043 00000000:0000 07 00000000:00000000 00:00000000 00000000     0\n";
    const std::string client = "  512: 0100000A:0044 0200000A:0043 01 00000000:00000000 00:00000000 00000000     0\n";
    const std::string six = "  97: 00000000000000000000000000000000:0223 00000000000000000000000000000000:0000 07\n";
    EXPECT_TRUE(lists_port(heading + client + bound, 67));
    EXPECT_FALSE(lists_port(heading + client, 67)) << "a client that talks to a server";
    EXPECT_TRUE(lists_port(heading + six, 547));
    EXPECT_FALSE(lists_port(heading, 67));
    EXPECT_FALSE(lists_port("", 67));
    EXPECT_FALSE(lists_port("garbage: \n: :0043\n", 67));
}

}  // namespace
}  // namespace dhcpsync::server_watch_test
