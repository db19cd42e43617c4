// Leases from one router's DHCP server into the others', with a model of dnsmasq.
#include "dhcpsync/lease_service.hpp"

#include <gtest/gtest.h>

#include "dhcpsync/core/lease_text.hpp"
#include "dhcpsync/core/wire.hpp"
#include "tests/dhcpsync/homes.hpp"

namespace dhcpsync::lease_service_test {
namespace {

using namespace std::chrono_literals;
using sample::ip;
using test::Home;
using test::HomePlan;
using test::lease;
using test::LeaseServiceTest;

vrrpd::MacAddress machine(unsigned last) { return {{0x02, 0, 0, 0, 0, static_cast<std::uint8_t>(last)}}; }

TEST_F(LeaseServiceTest, a_lease_of_the_gateway_comes_to_the_stand_in_s_server) {
    two();
    const auto given = lease(120, 1);
    one().server.grant(given);
    ASSERT_TRUE(comes_to(other(), ip(120)));
    const auto& taken = other().server.leases().at(ip(120));
    EXPECT_EQ(taken.client, given.client);
    EXPECT_EQ(taken.host_name, given.host_name);
    EXPECT_TRUE(about_equal(taken.expires, given.expires));
}

// What is written through a mapping inotify does not tell of; nor does it of some file systems.
TEST_F(LeaseServiceTest, the_bus_alone_is_enough_to_look_into_the_file) {
    two();
    one().server.grant(lease(120, 1));
    ASSERT_TRUE(comes_to(other(), ip(120)));
    const auto before = ip(120).to_string(), after = ip(121).to_string();
    test::overwrite_unheard(one().server.path(), before, after);
    turns_.pass(200ms);
    ASSERT_FALSE(other().server.has(ip(121))) << "it was noticed all the same";
    one().bus->events.lease_changed();
    EXPECT_TRUE(comes_to(other(), ip(121), 1s)) << "which is before the file is looked at anyway";
}

TEST_F(LeaseServiceTest, a_renewal_and_a_release_too) {
    two();
    one().server.grant(lease(119, 9));  // an empty file would not be believed: it may be about to be written
    one().server.grant(lease(120, 1, Seconds(600)));
    ASSERT_TRUE(comes_to(other(), ip(120)));
    const auto longer = lease(120, 1, Seconds(7200));
    one().server.grant(longer);
    EXPECT_TRUE(turns_.until([&] {
        return other().server.has(ip(120)) && about_equal(other().server.leases().at(ip(120)).expires, longer.expires);
    }));
    one().server.release(ip(120));
    EXPECT_TRUE(turns_.until([&] { return !other().server.has(ip(120)); }));
}

TEST_F(LeaseServiceTest, what_a_stand_in_was_given_is_not_told_back) {
    two();
    one().server.grant(lease(120, 1));
    ASSERT_TRUE(comes_to(other(), ip(120)));
    turns_.pass(1500ms);
    EXPECT_EQ(one().server.calls, 0u);
    EXPECT_EQ(other().server.calls, 1u);
}

TEST_F(LeaseServiceTest, the_server_that_takes_over_goes_on_with_the_leases) {
    two();
    one().server.grant(lease(120, 1));
    ASSERT_TRUE(comes_to(other(), ip(120)));
    one().become(false);
    other().become(true);
    other().server.grant(lease(121, 2));
    ASSERT_TRUE(comes_to(one(), ip(121)));
    EXPECT_TRUE(one().server.has(ip(120)));
    turns_.pass(1500ms);
    EXPECT_TRUE(one().splits.empty() && other().splits.empty());
}

// The role ends, and the lease was granted in the very moment before.
TEST_F(LeaseServiceTest, what_was_granted_last_is_read_before_the_role_ends) {
    two();
    one().server.grant(lease(119, 9));
    ASSERT_TRUE(comes_to(other(), ip(119)));
    one().server.grant(lease(120, 1));
    one().become(false);
    EXPECT_TRUE(comes_to(other(), ip(120)));
}

TEST_F(LeaseServiceTest, nothing_is_told_before_the_term_is_on_disk) {
    two();
    const auto term = one().service->status().term;
    one().server.grant(lease(120, 1));
    ASSERT_TRUE(comes_to(other(), ip(120)));
    EXPECT_EQ(test::content(one().folder / "state/term"), std::to_string(term.value) + "\n");
}

TEST_F(LeaseServiceTest, all_restart_at_once_and_nothing_is_lost) {
    two();
    one().server.grant(lease(120, 1));
    ASSERT_TRUE(comes_to(other(), ip(120)));
    for (auto& home : homes_) home->stop();
    for (auto& home : homes_) home->server.start_over({});  // and the servers lost their files
    for (auto& home : homes_) home->start();
    for (auto& home : homes_) home->become(home.get() == &other());
    Home::connect(one(), other());
    EXPECT_TRUE(comes_to(one(), ip(120)));
    EXPECT_TRUE(comes_to(other(), ip(120)));
}

// Local time taken for UTC, until NTP sets it right.
TEST_F(LeaseServiceTest, a_clock_that_was_ahead_for_a_while_costs_no_lease) {
    add().become(true);
    one().server.grant(lease(120, 1));
    add();
    other().stop();
    other().clock_error = Seconds(2 * 3600);
    other().start();
    other().become(false);
    Home::connect(one(), other());
    ASSERT_TRUE(turns_.until([&] { return other().service->caught_up(); }));
    other().clock_error = Seconds(0);
    EXPECT_TRUE(comes_to(other(), ip(120)));
    EXPECT_EQ(other().log.count("the clock was set by -7200 s"), 1);
}

TEST_F(LeaseServiceTest, a_server_that_restarts_empty_is_fed_again) {
    two();
    for (unsigned i = 0; i < 30; ++i) one().server.grant(lease(100 + i, i + 1));
    ASSERT_TRUE(turns_.until([&] { return other().server.leases().size() == 30; }));
    turns_.pass(1100ms);  // until reads may be believed over calls
    other().restart_server();
    EXPECT_TRUE(turns_.until([&] { return other().server.leases().size() == 30; }, 10s));
    EXPECT_EQ(one().server.leases().size(), 30u);
}

TEST_F(LeaseServiceTest, calls_that_hang_are_made_again_when_the_bus_is_back) {
    two();
    other().bus->hangs = true;
    one().server.grant(lease(120, 1));
    turns_.pass(100ms);
    EXPECT_FALSE(other().service->caught_up());
    EXPECT_EQ(other().service->status().missing, 1u);
    other().bus->leave(true);
    other().bus->hangs = false;
    EXPECT_FALSE(other().service->status().fed);
    other().bus->come();
    EXPECT_TRUE(comes_to(other(), ip(120), 8s));
    EXPECT_TRUE(turns_.until([&] { return other().service->caught_up(); }));
}

TEST_F(LeaseServiceTest, garbage_from_a_peer_is_said_once_and_changes_nothing) {
    two();
    one().server.grant(lease(120, 1));
    ASSERT_TRUE(comes_to(other(), ip(120)));
    const auto before = other().service->status();
    const Bytes garbage{1, 0, 0xff, 0xff, 0xff, 0xff};
    for (int i = 0; i < 100; ++i) other().service->received(one().id(), garbage);
    other().service->received({77}, encode(Update{}));  // nobody we know
    EXPECT_EQ(other().log.count("H001 sends is not understood"), 1);
    EXPECT_EQ(other().service->status().leases, before.leases);
    one().server.grant(lease(121, 2));
    EXPECT_TRUE(comes_to(other(), ip(121)));
}

TEST_F(LeaseServiceTest, bad_records_are_counted_and_named_and_not_passed_on) {
    two();
    const auto good = write_leases({{{ip(120), lease(120, 1)}}, {}}, {ExpiryField::until, test::wall()}).text;
    test::put(one().server.path(), "4000000000 02:00:00:00:00:05 10.12.14.125 evil;name *\nthree words here\n" + good);
    ASSERT_TRUE(comes_to(other(), ip(120)));
    ASSERT_TRUE(comes_to(other(), ip(125)));
    EXPECT_EQ(other().server.leases().at(ip(125)).host_name, "");
    EXPECT_EQ(one().log.count("2 records are not as dnsmasq writes them (line 1: bad host name (left out); line 2"), 1);
    EXPECT_EQ(one().service->status().faulty, 2u);
}

TEST_F(LeaseServiceTest, two_gateways_at_once_are_told_of) {
    two();
    other().become(true);
    EXPECT_TRUE(turns_.until([&] { return !one().splits.empty() && !other().splits.empty(); }));
    EXPECT_EQ(one().splits, std::vector{other().id()});
    turns_.pass(1500ms);
    EXPECT_EQ(one().splits.size(), 1u);
}

TEST_F(LeaseServiceTest, a_gateway_that_went_is_no_second_one) {
    two();
    one().loses_messages = true;  // it died, and its connection does not know yet
    other().become(true);
    turns_.pass(1500ms);
    EXPECT_TRUE(other().splits.empty());
    one().loses_messages = false;
    one().service->role_changed({false, false});
    turns_.pass(3s);
    EXPECT_TRUE(other().splits.empty());
}

TEST_F(LeaseServiceTest, caught_up_only_when_every_peer_has_told) {
    two();
    auto& third = add();
    third.become(false);
    third.loses_messages = true;
    Home::connect(third, other());
    turns_.pass(100ms);
    EXPECT_FALSE(other().service->caught_up()) << "the third has not told yet";
    third.loses_messages = false;
    EXPECT_TRUE(turns_.until([&] { return other().service->caught_up(); }));
    third.loses_messages = true;
    Home::disconnect(third, other());
    EXPECT_TRUE(other().service->caught_up()) << "who cannot be reached is not waited for";
}

TEST_F(LeaseServiceTest, status_tells_lag_and_counts) {
    two();
    one().server.grant(lease(120, 1));
    ASSERT_TRUE(comes_to(other(), ip(120)));
    ASSERT_TRUE(turns_.until([&] { return one().service->status().lags.at(0).lag.complete; }));
    const auto status = one().service->status();
    EXPECT_EQ(status.lags.at(0).peer, other().id());
    EXPECT_LT(status.lags.at(0).lag.last_round, 1s);
    EXPECT_EQ(status.leases, 1u);
    EXPECT_EQ(status.lease_file, one().server.path());
    EXPECT_EQ(status.trouble, "");
    EXPECT_TRUE(status.fed);
    EXPECT_TRUE(status.health.alive);
}

// ---- does the server live? ----------------------------------------------------------------------

TEST_F(LeaseServiceTest, a_server_whose_port_nobody_has_is_dead_and_lives_again) {
    auto& home = add();
    home.listens = false;
    ASSERT_TRUE(turns_.until([&] { return !home.healths.empty(); }));
    EXPECT_EQ(home.healths.at(0), (HealthChange{false, "it does not listen on the DHCP server's port"}));
    home.listens = true;
    ASSERT_TRUE(turns_.until([&] { return home.healths.size() == 2; }));
    EXPECT_TRUE(home.healths.at(1).alive);
    turns_.pass(2s);
    EXPECT_EQ(home.healths.size(), 2u) << "only changes are told";
}

TEST_F(LeaseServiceTest, a_server_is_seen_to_live_by_every_sign_that_there_is) {
    auto& home = add();
    const auto seen = [&] { return home.service->status().seen_alive; };
    EXPECT_FALSE(seen());
    home.bus->hangs = true;
    turns_.pass(1100ms);
    EXPECT_FALSE(seen()) << "it has the port, and did not answer yet";
    home.bus->hangs = false;
    ASSERT_TRUE(turns_.until(seen, 2s));
    home.listens = false;
    EXPECT_TRUE(turns_.until([&] { return !seen(); }, 2s)) << "before that counts as a death";
}

TEST_F(LeaseServiceTest, a_server_that_leaves_the_bus_is_dead_but_not_with_the_bus) {
    auto& home = add();
    home.bus->leave(true);
    turns_.pass(4500ms);
    EXPECT_EQ(home.healths.size(), 0u) << "the bus went";
    home.bus->come();
    home.bus->leave();
    ASSERT_TRUE(turns_.until([&] { return !home.healths.empty(); }));
    EXPECT_EQ(home.healths.at(0).why, "it left the D-Bus");
}

TEST_F(LeaseServiceTest, a_server_that_does_not_answer_is_dead) {
    auto& home = add();
    for (int i = 0; i < 3; ++i) {
        home.bus->hangs = true;
        turns_.pass(1100ms);  // a ping is under way
        home.bus->events.pong(false);
    }
    ASSERT_EQ(home.healths.size(), 1u);
    EXPECT_EQ(home.healths.at(0).why, "it does not answer over the D-Bus");
}

TEST_F(LeaseServiceTest, what_cannot_be_seen_is_no_death) {
    HomePlan plan;
    plan.bus = false;
    auto& home = add(plan);
    home.listens = std::nullopt;
    turns_.pass(4s);
    EXPECT_EQ(home.healths.size(), 0u);
}

// ---- repair -------------------------------------------------------------------------------------

TEST_F(LeaseServiceTest, who_is_there_without_a_lease_gets_one_at_the_take_over) {
    HomePlan plan;
    plan.pools = {{ip(100), ip(199)}};
    plan.reserved = {ip(140)};
    two(plan);
    one().server.grant(lease(120, 1));
    ASSERT_TRUE(comes_to(other(), ip(120)));
    ASSERT_TRUE(turns_.until([&] { return !other().scans.empty(); }));
    EXPECT_GT(other().scans.back().pace, 1s) << "gently";
    for (const unsigned there : {130u, 140u}) other().service->host_alive(ip(there), machine(there));
    for (const unsigned there : {120u, 125u}) other().service->host_alive(ip(there), machine(1));  // an alias
    other().service->host_alive(ip(120), machine(99));
    EXPECT_EQ(other().log.count("02:00:00:00:00:63 answers ARP for 10.12.14.120, which was given to "
                                "02:00:00:00:00:01: two machines have one address"),
              1);
    turns_.pass(50ms);
    EXPECT_FALSE(other().server.has(ip(130))) << "not while it stands in";

    one().become(false);
    other().become(true);
    EXPECT_EQ(other().scans.back().pace, Repair::fast_pace);
    other().service->host_alive(ip(131), machine(131));
    ASSERT_TRUE(comes_to(other(), ip(130)) && comes_to(other(), ip(131)));
    const auto& given = other().server.leases().at(ip(130));
    EXPECT_EQ(given.client, Client(Client4{{1, sample::mac(130)}, {}})) << "no client id: its own renewal matches";
    EXPECT_TRUE(about_equal(given.expires, test::wall() + Repair::lease_length));
    EXPECT_FALSE(other().server.has(ip(140))) << "reserved";
    EXPECT_FALSE(other().server.has(ip(125))) << "its machine has a lease";
    EXPECT_EQ(other().log.count("02:00:00:00:00:01 answers ARP for 10.12.14.125 without a lease"), 1);
    EXPECT_TRUE(comes_to(one(), ip(130))) << "published like any lease";
}

TEST_F(LeaseServiceTest, a_gateway_all_along_repairs_nothing) {
    HomePlan plan;
    plan.pools = {{ip(100), ip(199)}};
    auto& home = add(plan);
    home.become(true, true);
    home.service->host_alive(ip(130), machine(1));
    turns_.pass(100ms);
    EXPECT_EQ(home.scans, std::vector<ScanPool>{});
    EXPECT_FALSE(home.server.has(ip(130)));
}

}  // namespace
}  // namespace dhcpsync::lease_service_test
