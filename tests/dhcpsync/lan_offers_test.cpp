// A gateway's server that lives and answers nobody: what stand-ins find, and what becomes of it when they say so.
#include <gtest/gtest.h>

#include "tests/dhcpsync/homes.hpp"

namespace dhcpsync::lan_offers_test {
namespace {

using namespace std::chrono_literals;
using sample::ip;
using test::Home;
using test::HomePlan;
using test::lease;
using test::LeaseServiceTest;

class OffersTest : public LeaseServiceTest {
protected:
    void SetUp() override {
        HomePlan plan;
        plan.probe = 20ms;
        plan.pools = {{ip(100), ip(199)}};
        two(plan);
    }
    // The stand-in's questions, answered or not, until that is what it says.
    [[nodiscard]] bool finds(Offers offers) {
        return turns_.until([&] {
            if (offers == Offers::given) other().service->dhcp_offered(ip(1));
            return testimony().offers == offers;
        });
    }
    [[nodiscard]] Testimony testimony() { return other().service->status().testimony; }
    void tell(bool could_serve = true) {
        auto said = testimony();
        said.could_serve = could_serve;
        one().service->testified(other().id(), said);
    }
    [[nodiscard]] bool counts_as_alive() { return one().service->status().health.alive; }
};

TEST_F(OffersTest, a_gateway_whose_offers_do_not_come_any_more_counts_as_dead_until_they_come) {
    ASSERT_TRUE(finds(Offers::given));
    EXPECT_EQ(testimony().term, one().service->status().term);
    tell();
    EXPECT_TRUE(one().healths.empty());
    ASSERT_TRUE(finds(Offers::withheld));
    tell(false);
    EXPECT_TRUE(counts_as_alive()) << "its own server is dead";
    tell();
    ASSERT_EQ(one().healths.size(), 1u);
    EXPECT_FALSE(one().healths.at(0).alive);
    tell();
    EXPECT_EQ(one().healths.size(), 1u) << "only changes are told";
    Home::disconnect(one(), other());
    EXPECT_FALSE(counts_as_alive()) << "nobody says that it is answered";
    Home::connect(one(), other());
    ASSERT_TRUE(finds(Offers::given));
    tell();
    EXPECT_TRUE(counts_as_alive());
}

TEST_F(OffersTest, a_server_that_is_started_anew_is_given_another_chance) {
    ASSERT_TRUE(finds(Offers::given));
    ASSERT_TRUE(finds(Offers::withheld));
    tell();
    ASSERT_FALSE(counts_as_alive());
    one().become(false);
    other().become(true);
    turns_.pass(50ms);
    EXPECT_FALSE(counts_as_alive()) << "who lost the role by that does not take it back";
    one().restart_server();
    EXPECT_TRUE(turns_.until([&] { return counts_as_alive(); }));
}

TEST_F(OffersTest, what_was_found_of_one_gateway_is_nothing_to_the_next) {
    ASSERT_TRUE(finds(Offers::given));
    ASSERT_TRUE(finds(Offers::withheld));
    const auto former = testimony();
    one().become(false);
    one().become(true);
    one().service->testified(other().id(), {former.offers, former.term, true});
    EXPECT_TRUE(counts_as_alive()) << "an old message";
    EXPECT_TRUE(turns_.until([&] { return testimony().term == one().service->status().term; }));
    EXPECT_EQ(testimony().offers, Offers::unknown);
}

TEST_F(OffersTest, nobody_asks_for_what_there_is_not) {
    ASSERT_TRUE(finds(Offers::given));
    for (unsigned address = 100; address < 200; ++address) one().server.grant(lease(address, address));
    ASSERT_TRUE(turns_.until([&] { return other().service->status().leases == 100; }));
    turns_.pass(50ms);
    const auto asked = other().probes;
    turns_.pass(500ms);
    EXPECT_EQ(other().probes, asked);
    EXPECT_EQ(testimony().offers, Offers::given);
}

}  // namespace
}  // namespace dhcpsync::lan_offers_test
