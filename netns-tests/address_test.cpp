// The address and everything around it is changed behind the daemon's back, or is somebody else's.
#include "netns-tests/fixture.hpp"
#include "netns-tests/gateway_config.hpp"

namespace lab::address_test {
namespace {

class Address : public HomeTest {
protected:
    const std::string vip = Home::vip.to_string();
};

TEST_F(Address, static_holder_without_vrrp_keeps_it_and_the_log_says_who) {
    home.h003.must({"ip", "address", "add", vip + "/24", "dev", "lan0"});
    auto& router = start(home.h001, {.priority = 150});
    EXPECT_TRUE(router.await_log("held by")) << "why it does not take over";
    EXPECT_TRUE(router.await_log(home.h003.mac("lan0"))) << "whose address that is";
    EXPECT_TRUE(stays_false([&] { return holds(home.h001); }, 1500ms));
    EXPECT_EQ(home.lan.count(all({from(home.h001), adverts()})), 0u);
    EXPECT_EQ(home.lan.count(all({from(home.h001), speaks_as(Home::vip)})), 0u);
}

TEST_F(Address, static_holder_is_succeeded_when_it_goes) {
    home.h003.must({"ip", "address", "add", vip + "/24", "dev", "lan0"});
    auto& router = start(home.h001, {.priority = 150});
    ASSERT_TRUE(router.await_log("held by"));
    home.h003.lose_power();
    EXPECT_TRUE(becomes_active(home.h001, 15s));
}

// Each of the two addresses of a list as RFC 9568 5.2.9 wants it, the link-local one first.
class Address6 : public Address, public testing::WithParamInterface<const char*> {};

TEST_P(Address6, static_holder_without_vrrp_keeps_it_and_the_log_says_who) {
    const auto link_local = *IpAddress::parse("fe80::12:1");
    const auto held = *IpAddress::parse(GetParam());
    home.h003.must({"ip", "address", "add", held.to_string() + "/64", "dev", "lan0", "nodad"});
    const auto begin = wall_clock();
    auto& router = start(home.h001, {.priority = 150, .addresses = {"fe80::12:1/64", "fd00:12:14::1/64"}});
    EXPECT_TRUE(router.await_log(held.to_string() + " is held by " + home.h003.mac("lan0")));
    EXPECT_TRUE(stays_false([&] { return holds(home.h001, link_local) || holds(home.h001, Home::vip6); }, 1500ms));
    EXPECT_EQ(home.lan.count(all({from(home.h001), adverts(), since(begin)})), 0u);
    for (const auto& address : {link_local, Home::vip6})
        EXPECT_EQ(home.lan.count(all({from(home.h001), speaks_as(address), since(begin)})), 0u) << address.to_string();
    home.h003.must({"ip", "address", "del", held.to_string() + "/64", "dev", "lan0"});
    EXPECT_TRUE(wait_until([&] { return holds(home.h001, link_local) && holds(home.h001, Home::vip6); }, 15s));
}

INSTANTIATE_TEST_SUITE_P(Of, Address6, testing::Values("fe80::12:1", "fd00:12:14::1"),
                         [](const auto& each) { return each.index == 0 ? "link_local" : "global"; });

TEST_F(Address, wrong_vrid_is_no_reason_to_take_a_held_address) {
    start(home.h003, {.priority = 200});
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    auto& router = start(home.h001, {.vrid = 2, .priority = 150});
    EXPECT_TRUE(router.await_log("held by"));
    EXPECT_TRUE(router.await_log("VRID"));
    EXPECT_TRUE(stays_false([&] { return holds(home.h001); }, 1500ms));
}

TEST_F(Address, that_a_reload_adds_is_not_taken_while_a_static_holder_has_it) {
    const auto nine = IpAddress::v4(10, 12, 14, 9);
    home.h003.must({"ip", "address", "add", "10.12.14.9/24", "dev", "lan0"});
    VrrpText text{.priority = 150};
    auto& router = start(home.h001, text);
    ASSERT_TRUE(becomes_active(home.h001, 15s));
    text.addresses = {"10.12.14.1/24", "10.12.14.9/24"};
    router.reload(text.text());
    EXPECT_TRUE(router.await_log("10.12.14.9 is not added: " + home.h003.mac("lan0") + " answers for it on lan0"));
    EXPECT_TRUE(stays_false([&] { return holds(home.h001, nine); }, 1500ms));
    EXPECT_EQ(home.lan.count(all({from(home.h001), claims(nine)})), 0u);
    home.h003.must({"ip", "address", "del", "10.12.14.9/24", "dev", "lan0"});
    EXPECT_TRUE(wait_until([&] { return holds(home.h001, nine); }, 15s));
    EXPECT_TRUE(router.await_log("nobody answers for 10.12.14.9 any more"));
    EXPECT_TRUE(home.lan.await(all({from(home.h001), claims(nine)}), 2s));
    EXPECT_TRUE(holds(home.h001)) << "the gateway's own address was never touched";
}

TEST_F(Address, that_is_taken_away_again_and_again_costs_the_role) {
    auto pair = start_pair();
    const auto moved = wait_until(
        [&] {
            (void)home.h003.run({"ip", "address", "del", vip + "/24", "dev", "lan0"});
            return holds(home.h001);
        },
        20s);
    EXPECT_TRUE(moved) << "somebody else must have it: adverts alone serve nobody";
    EXPECT_TRUE(pair.active.await_log("was put back 5 times in a row and is gone again"));
    EXPECT_FALSE(holds(home.h003));
}

class AddressLists : public Address, public testing::WithParamInterface<int> {};

TEST_P(AddressLists, VR_148_VR_149_that_differ_are_said_and_obeyed) {
    VrrpText text{.version = GetParam(), .priority = 200, .advert_int = "1"};
    start(home.h003, text);
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    text.priority = 150;
    text.addresses = {"10.12.14.1/24", "10.12.14.9/24"};
    auto& router = start(home.h001, text);
    EXPECT_TRUE(router.await_log("10.12.14.4 advertises other addresses than ours: without 10.12.14.9"));
    EXPECT_TRUE(stays_false([&] { return router.logged("Entering MASTER STATE"); }, 4s)) << "or there would be two";
}

INSTANTIATE_TEST_SUITE_P(Versions, AddressLists, testing::Values(2, 3));

TEST_F(Address, that_is_the_hosts_primary_one_is_taken_over_as_it_stands) {
    home.h003.must({"ip", "address", "flush", "dev", "lan0", "scope", "global"});
    home.h003.must({"ip", "address", "add", vip + "/24", "dev", "lan0"});
    home.h003.must({"ip", "address", "add", "10.12.14.4/24", "dev", "lan0"});
    auto& router = start(home.h003, {.priority = 200});
    EXPECT_TRUE(stays_false([&] { return !holds(home.h003); }, 1500ms)) << "it vanished for a moment";
    EXPECT_TRUE(home.lan.await(all({from(home.h003), adverts()})));
    start(home.h001, {.priority = 150});
    EXPECT_TRUE(stays_false([&] { return holds(home.h001); }, 1s));
    EXPECT_EQ(router.stop(), 0);
    EXPECT_TRUE(becomes_active(home.h001));
    EXPECT_TRUE(home.h003.has_address(IpAddress::v4(10, 12, 14, 4)))
        << "a secondary goes with its primary, if one lets it";
}

TEST_F(Address, that_is_the_hosts_only_one_is_never_stripped) {
    home.h003.must({"ip", "address", "flush", "dev", "lan0", "scope", "global"});
    home.h003.must({"ip", "address", "add", vip + "/24", "dev", "lan0"});
    auto& router = start(home.h003, {.priority = 200});
    EXPECT_TRUE(router.await_log("only address")) << "the operator must be told to give the host another";
    auto& other = start(home.h001, {.priority = 150});
    EXPECT_TRUE(other.await_log("held by"));
    EXPECT_TRUE(stays_false([&] { return holds(home.h001) || !holds(home.h003); }, 1500ms));
    EXPECT_EQ(router.stop(), 0);
    EXPECT_TRUE(holds(home.h003));
}

TEST_F(Address, deleted_by_hand_is_back_within_a_second) {
    auto pair = start_pair();
    home.h003.must({"ip", "address", "del", vip + "/24", "dev", "lan0"});
    EXPECT_TRUE(wait_until([&] { return holds(home.h003); }, 1s));
    EXPECT_TRUE(pair.active.await_log(vip)) << "and the log says so";
    EXPECT_EQ(home.lan.count(all({from(home.h001), adverts()})), 0u) << "no reason to move";
}

TEST_F(Address, flushed_with_all_others_leaves_one_gateway) {
    start_pair();
    home.h003.must({"ip", "address", "flush", "dev", "lan0"});
    // Without an address of its own H003 cannot speak: the role moves, and comes back with the address.
    EXPECT_TRUE(wait_until([&] { return home.holders().size() == 1; }, 2s));
    home.h003.must({"ip", "address", "add", "10.12.14.4/24", "dev", "lan0"});
    EXPECT_TRUE(becomes_active(home.h003));
}

TEST_F(Address, own_address_stays_primary_and_survives_the_loss_of_the_role) {
    auto pair = start_pair();
    const auto route = home.h003.must({"ip", "route", "get", "10.12.14.100"});
    EXPECT_NE(route.find("src 10.12.14.4"), std::string::npos) << route;
    pair.active.stop();
    EXPECT_TRUE(home.h003.has_address(IpAddress::v4(10, 12, 14, 4)));
    EXPECT_FALSE(holds(home.h003));
}

TEST_F(Address, flushed_tables_are_back_within_a_second_and_the_log_says_so) {
    EchoServer echo(home.internet, {Home::internet_address});
    auto pair = start_pair({.after = GatewayText{}.text()});
    Pinger pinger(home.client, {Home::internet_address});
    ASSERT_TRUE(pinger.await_answer());
    const auto has_tables = [&] { return home.h003.run({"nft", "list", "table", "inet", "vrrpd"}).ok(); };
    ASSERT_TRUE(has_tables());
    for (const Arguments& attack :
         {Arguments{"nft", "flush", "ruleset"}, Arguments{"nft", "delete", "table", "inet", "vrrpd"}}) {
        home.h003.must(attack);
        EXPECT_TRUE(wait_until(has_tables, 1s));
        EXPECT_TRUE(pinger.await_answer(2s));
    }
    EXPECT_TRUE(pair.active.await_log("our packet rules (table vrrpd) were changed or removed by nft"));
}

TEST_F(Address, interface_that_vanishes_is_a_fault_and_its_return_ends_it) {
    auto pair = start_pair();
    home.h003.remove("lan0");
    EXPECT_TRUE(pair.active.await_log("Entering FAULT STATE"));
    EXPECT_TRUE(wait_until([&] { return holds(home.h001); }, 2s));
    home.h003.add("lan0");
    EXPECT_TRUE(becomes_active(home.h003)) << "the new device has a new number";
}

TEST_F(Address, interface_that_is_not_there_yet_is_waited_for) {
    home.h003.remove("lan0");
    auto& router = start(home.h003, {.priority = 200});
    EXPECT_TRUE(router.await_log("Entering FAULT STATE: lan0 does not exist"));
    EXPECT_TRUE(router.process().running());
    home.h003.add("lan0");
    EXPECT_TRUE(becomes_active(home.h003));
}

TEST_F(Address, many_move_together) {
    VrrpText text;
    text.more = "virtual_ipaddress_excluded {\n";
    for (int i = 0; i < 200; ++i) text.more += "10.99.0." + std::to_string(i + 1) + "/32\n";
    text.more += "}\n";
    start_pair(text);
    const auto last = IpAddress::v4(10, 99, 0, 200);
    EXPECT_TRUE(wait_until([&] { return home.h003.has_address(last); }));
    home.h003.lose_power();
    EXPECT_TRUE(becomes_active(home.h001));
    EXPECT_TRUE(wait_until([&] { return home.h001.has_address(last); }, 2s));
}

}  // namespace
}  // namespace lab::address_test
