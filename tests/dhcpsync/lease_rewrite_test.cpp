// Leases into a DHCP server that is on no bus: its file is written, and it is restarted. With a model of dnsmasq.
#include <gtest/gtest.h>

#include "dhcpsync/core/lease_text.hpp"
#include "dhcpsync/lease_service.hpp"
#include "tests/dhcpsync/homes.hpp"

namespace dhcpsync::lease_rewrite_test {
namespace {

using namespace std::chrono_literals;
using sample::ip;
using test::Home;
using test::HomePlan;
using test::lease;
using test::LeaseServiceTest;

vrrpd::MacAddress machine(unsigned last) { return {{0x02, 0, 0, 0, 0, static_cast<std::uint8_t>(last)}}; }

class WithoutBusTest : public LeaseServiceTest {
protected:
    void SetUp() override {
        HomePlan plan;
        plan.bus = false;
        plan.may_restart = true;
        plan.pools = {{ip(100), ip(199)}};
        add().become(true);
        add(plan).become(false);
        Home::connect(one(), other());
        ASSERT_TRUE(turns_.until([&] { return one().service->caught_up() && other().service->caught_up(); }));
    }
    // The supervisor's part.
    void write(Home& home, const std::string& problem = {}) {
        if (problem.empty())
            home.server.start_over(read_leases(home.written.back(), {ExpiryField::until, test::wall()}).book);
        home.service->leases_written(problem);
    }
};

// On a slow host it may be silent for long. Who took over would give the role back for it.
TEST_F(WithoutBusTest, a_server_that_we_restart_is_not_dead) {
    one().server.grant(lease(120, 1));
    ASSERT_TRUE(turns_.until([&] { return other().written.size() == 1; }));
    other().listens = false;
    turns_.pass(5s);
    EXPECT_TRUE(other().healths.empty());
    write(other(), "the unit failed");
    EXPECT_TRUE(turns_.until([&] { return !other().healths.empty(); }));
}

TEST_F(WithoutBusTest, the_file_is_written_at_once_and_then_seldom) {
    one().server.grant(lease(120, 1));
    ASSERT_TRUE(turns_.until([&] { return other().written.size() == 1; }));
    write(other());
    EXPECT_TRUE(other().server.has(ip(120)));
    one().server.grant(lease(121, 2));
    turns_.pass(1s);
    EXPECT_EQ(other().written.size(), 1u);
    EXPECT_EQ(other().service->status().missing, 1u);
    EXPECT_FALSE(other().service->caught_up());
}

TEST_F(WithoutBusTest, what_it_lacks_at_the_take_over_it_gets_at_once_and_then_it_is_left_alone) {
    one().server.grant(lease(120, 1));
    ASSERT_TRUE(turns_.until([&] { return other().written.size() == 1; }));
    write(other());
    one().server.grant(lease(121, 2));
    ASSERT_TRUE(turns_.until([&] { return other().service->status().leases == 2; }));
    other().service->host_alive(ip(150), machine(50));
    one().become(false);
    other().become(true);
    ASSERT_EQ(other().written.size(), 2u);
    write(other());
    EXPECT_TRUE(other().server.has(ip(121)));
    EXPECT_TRUE(other().server.has(ip(150))) << "who was there without a lease";
    turns_.pass(500ms);
    other().server.release(ip(121));
    turns_.pass(500ms);
    EXPECT_EQ(other().written.size(), 2u);
}

TEST_F(WithoutBusTest, its_own_leases_and_the_server_duid_stay) {
    LeaseBook own;
    own.leases[ip(130)] = lease(130, 30);
    own.server_duid = {0, 1, 2, 3};
    other().server.start_over(own);
    one().server.grant(lease(120, 1));
    ASSERT_TRUE(turns_.until([&] { return other().written.size() == 1; }));
    const auto book = read_leases(other().written.back(), {ExpiryField::until, test::wall()}).book;
    EXPECT_EQ(book.leases.size(), 2u);
    EXPECT_EQ(book.server_duid, own.server_duid);
}

TEST_F(WithoutBusTest, a_restart_that_fails_is_said_and_tried_again_later) {
    one().server.grant(lease(120, 1));
    ASSERT_TRUE(turns_.until([&] { return other().written.size() == 1; }));
    write(other(), "systemctl restart dnsmasq failed");
    EXPECT_EQ(other().log.count("systemctl restart dnsmasq failed"), 1);
    EXPECT_EQ(other().service->status().trouble, "systemctl restart dnsmasq failed");
    EXPECT_FALSE(other().service->status().fed);
}

TEST_F(WithoutBusTest, a_gateway_that_was_it_all_along_is_not_restarted) {
    other().stop();
    one().server.grant(lease(120, 1));
    other().start();
    other().become(true, true);
    Home::connect(one(), other());
    ASSERT_TRUE(turns_.until([&] { return other().service->status().leases == 1; }));
    turns_.pass(200ms);
    EXPECT_EQ(other().written.size(), 0u);
}

TEST_F(LeaseServiceTest, a_server_that_lost_its_bus_is_restarted_for_the_leases_and_not_at_once) {
    HomePlan plan;
    plan.may_restart = true;
    plan.bus_is_late = 2s;
    two(plan);
    other().bus->leave(true);
    one().server.grant(lease(120, 1));
    ASSERT_TRUE(turns_.until([&] { return other().service->status().leases == 1; }));
    turns_.pass(500ms);
    EXPECT_EQ(other().written.size(), 0u);
    ASSERT_TRUE(turns_.until([&] { return other().written.size() == 1; }));
    other().server.start_over(read_leases(other().written[0], {ExpiryField::until, test::wall()}).book);
    other().service->leases_written({});
    other().bus->come();
    one().server.grant(lease(121, 2));
    EXPECT_TRUE(comes_to(other(), ip(121))) << "over the bus again";
    EXPECT_EQ(other().written.size(), 1u);
}

TEST_F(LeaseServiceTest, a_server_that_is_on_no_bus_by_its_configuration_gets_its_file_at_once) {
    HomePlan plan;
    plan.may_restart = true;
    plan.may_use_bus = false;
    two(plan);
    other().bus->leave(true);
    one().server.grant(lease(120, 1));
    ASSERT_TRUE(turns_.until([&] { return other().written.size() == 1; }));
    EXPECT_TRUE(read_leases(other().written[0], {ExpiryField::until, test::wall()}).book.leases.contains(ip(120)));
    EXPECT_TRUE(other().service->status().fed);
    EXPECT_EQ(other().service->status().trouble, "") << "nobody expects a bus";
}

// No call of the bus changes a DUID.
TEST_F(LeaseServiceTest, a_stand_in_with_another_server_duid_is_restarted_once_with_the_shared_one) {
    HomePlan plan;
    plan.may_restart = true;
    two(plan);
    one().server.start_over({{{ip(120), lease(120, 1)}}, {0, 1, 2, 3}});
    ASSERT_TRUE(comes_to(other(), ip(120)));
    EXPECT_EQ(other().written.size(), 0u) << "a server without DHCPv6 has none";
    const LeaseBook own{other().server.leases(), {9, 9}};
    other().server.start_over(own);
    ASSERT_TRUE(turns_.until([&] { return other().written.size() == 1; }));
    const auto book = read_leases(other().written[0], {ExpiryField::until, test::wall()}).book;
    EXPECT_EQ(book.server_duid, (Bytes{0, 1, 2, 3}));
    EXPECT_EQ(book.leases.size(), 1u);
    other().service->leases_written({});
    other().server.start_over(own);  // which did not help
    turns_.pass(300ms);
    EXPECT_EQ(other().written.size(), 1u);
    EXPECT_EQ(one().written.size(), 0u);
}

TEST_F(LeaseServiceTest, another_server_duid_that_nobody_may_change_is_said_once) {
    two();
    one().server.start_over({{{ip(120), lease(120, 1)}}, {0, 1, 2, 3}});
    ASSERT_TRUE(comes_to(other(), ip(120)));
    other().server.start_over({other().server.leases(), {9, 9}});
    turns_.pass(200ms);
    one().server.grant(lease(121, 2));
    ASSERT_TRUE(comes_to(other(), ip(121)));
    EXPECT_EQ(other().log.count("another server DUID"), 1);
    EXPECT_EQ(other().log.count("dhcp-duid="), 1);
    EXPECT_EQ(one().log.count("server DUID"), 0);
}

TEST_F(LeaseServiceTest, a_bus_that_refuses_feeds_nobody) {
    two();
    EXPECT_TRUE(other().service->status().fed);
    other().bus->trouble_text = "D-Bus does not let us";
    EXPECT_FALSE(other().service->status().fed);
    EXPECT_EQ(other().service->status().trouble, "D-Bus does not let us");
}

}  // namespace
}  // namespace dhcpsync::lease_rewrite_test
