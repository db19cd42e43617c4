// How many leases a server takes, and that it never gets one more: dnsmasq dies of it.
#include "dhcpsync/core/lease_text.hpp"
#include "tests/dhcpsync/homes.hpp"

namespace dhcpsync::lease_room_test {
namespace {

using namespace std::chrono_literals;
using test::Home;
using test::HomePlan;
using test::lease;

class LeaseRoomTest : public test::LeaseServiceTest {};

TEST_F(LeaseRoomTest, a_full_table_is_never_overrun) {
    HomePlan small;
    small.most_leases = 10;
    add().become(true);
    add(small).become(false);
    Home::connect(one(), other());
    for (unsigned i = 0; i < 25; ++i) one().server.grant(lease(100 + i, i + 1));
    ASSERT_TRUE(turns_.until([&] { return other().server.leases().size() == 10; }));
    turns_.pass(1500ms);
    EXPECT_FALSE(other().server.crashed);
    EXPECT_EQ(other().service->status().refused, 15u);
    EXPECT_EQ(other().service->status().leases, 25u);
    EXPECT_TRUE(other().service->caught_up()) << "no more can be done";
}

TEST_F(LeaseRoomTest, a_server_without_a_table_is_given_no_lease_and_is_in_the_way) {
    HomePlan none;
    none.most_leases = 0;
    add().become(true);
    add(none).become(false);
    Home::connect(one(), other());
    one().server.grant(lease(120, 1));
    ASSERT_TRUE(turns_.until([&] { return other().service->status().leases == 1; }));
    turns_.pass(500ms);
    EXPECT_EQ(other().server.calls, 0u);
    EXPECT_FALSE(other().service->status().fed);
}

TEST_F(LeaseRoomTest, a_server_of_unknown_size_is_given_no_more_than_it_had_and_that_is_said_once) {
    HomePlan unknown;
    unknown.trouble = "/secret cannot be read";
    unknown.most_leases = 2;  // the model's
    add().become(true);
    add(unknown).become(false);
    Home::connect(one(), other());
    for (unsigned i = 0; i < 5; ++i) one().server.grant(lease(120 + i, i + 1));
    ASSERT_TRUE(turns_.until([&] { return other().service->status().leases == 5; }));
    turns_.pass(500ms);
    other().restart_server();
    turns_.pass(1500ms);
    EXPECT_EQ(other().server.calls, 0u);
    EXPECT_EQ(other().service->status().trouble, unknown.trouble);
    EXPECT_EQ(other().log.count(unknown.trouble), 1);
}

TEST_F(LeaseRoomTest, without_a_bus_no_more_is_written_than_it_starts_with) {
    HomePlan small;
    small.bus = false;
    small.may_restart = true;
    small.most_leases = 3;
    add().become(true);
    for (unsigned i = 0; i < 5; ++i) one().server.grant(lease(120 + i, i + 1));
    ASSERT_TRUE(turns_.until([&] { return one().service->status().leases == 5; }));
    add(small).become(false);
    Home::connect(one(), other());
    ASSERT_TRUE(turns_.until([&] { return !other().written.empty(); }));
    EXPECT_EQ(read_leases(other().written.back(), {ExpiryField::until, test::wall()}).book.leases.size(), 3u);
}

}  // namespace
}  // namespace dhcpsync::lease_room_test
