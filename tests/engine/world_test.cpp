// The engine's picture of the kernel, kept by changes.
#include "vrrpd/engine/core/world.hpp"

#include <gtest/gtest.h>

#include "tests/engine/values.hpp"

namespace vrrpd::engine::world_test {
namespace {

using namespace test;

netlink::Route default_route(std::uint32_t index, const char* via, std::uint32_t metric = 0) {
    netlink::Route route;
    route.destination = prefix("0.0.0.0/0");
    route.hops = {{ip(via), IfIndex{index}}};
    route.metric = metric;
    return route;
}

TEST(World, links_are_found_by_name_and_by_number) {
    const auto picture = world(home());
    ASSERT_NE(picture.link("lan0"), nullptr);
    EXPECT_EQ(picture.link("lan0"), picture.link(IfIndex{lan0}));
    EXPECT_EQ(picture.link("eth9"), nullptr);
    EXPECT_EQ(picture.link(IfIndex{}), nullptr);
}

TEST(World, a_link_that_changed_replaces_itself_even_under_another_name) {
    auto picture = world(home());
    auto renamed = link(lan0, "lan1");
    renamed.running = false;
    picture.apply(netlink::LinkChanged{renamed});
    EXPECT_EQ(picture.link("lan0"), nullptr);
    ASSERT_NE(picture.link("lan1"), nullptr);
    EXPECT_FALSE(picture.link("lan1")->usable());
    EXPECT_EQ(picture.picture().links.size(), 2U);
}

TEST(World, a_new_link_is_added) {
    auto picture = world(home());
    picture.apply(netlink::LinkChanged{link(9, "dmz0")});
    EXPECT_NE(picture.link("dmz0"), nullptr);
}

TEST(World, a_link_that_went_takes_its_addresses_along) {
    auto picture = world(home());
    picture.apply(netlink::LinkGone{link(lan0, "lan0")});
    EXPECT_EQ(picture.link("lan0"), nullptr);
    EXPECT_FALSE(picture.holds(ip("10.12.14.4")));
    EXPECT_TRUE(picture.holds(ip("198.51.100.7")));
}

TEST(World, an_address_comes_changes_and_goes) {
    auto picture = world(home());
    auto address = held(lan0, "10.12.14.1/24");
    EXPECT_EQ(picture.find(address), nullptr);
    picture.apply(netlink::AddressAdded{address});
    ASSERT_NE(picture.find(address), nullptr);

    address.valid = 5s;
    picture.apply(netlink::AddressAdded{address});
    EXPECT_EQ(picture.find(address)->valid, 5s);
    EXPECT_EQ(picture.addresses().size(), 4U) << "renewed, not doubled";

    picture.apply(netlink::AddressGone{address});
    EXPECT_EQ(picture.find(address), nullptr);
    EXPECT_FALSE(picture.holds(ip("10.12.14.1")));
}

TEST(World, the_same_address_on_another_device_is_another_object) {
    auto picture = world(home());
    picture.apply(netlink::AddressAdded{held(wan0, "10.12.14.4/24")});
    picture.apply(netlink::AddressGone{held(wan0, "10.12.14.4/24")});
    EXPECT_TRUE(picture.holds(ip("10.12.14.4")));
}

TEST(World, routes_and_rules_come_and_go) {
    auto picture = world(home());
    const auto route = default_route(wan0, "198.51.100.1");
    netlink::Rule rule;
    rule.priority = 11200;
    picture.apply(netlink::RouteAdded{route});
    picture.apply(netlink::RuleAdded{rule});
    EXPECT_NE(picture.find(route), nullptr);
    EXPECT_NE(picture.find(rule), nullptr);
    picture.apply(netlink::RouteGone{route});
    picture.apply(netlink::RuleGone{rule});
    EXPECT_EQ(picture.find(route), nullptr);
    EXPECT_EQ(picture.find(rule), nullptr);
}

TEST(World, an_overrun_changes_nothing_by_itself) {
    auto picture = world(home());
    picture.apply(netlink::Overrun{});
    EXPECT_EQ(picture.addresses(), home().addresses);
}

TEST(World, the_default_hop_is_the_one_of_the_lowest_metric_over_that_device) {
    auto snapshot = home();
    snapshot.routes = {default_route(wan0, "198.51.100.9", 200), default_route(wan0, "198.51.100.1", 100),
                       default_route(lan0, "10.12.14.254", 0)};
    const auto picture = world(snapshot);
    ASSERT_TRUE(picture.default_hop(IfIndex{wan0}, Family::ipv4));
    EXPECT_EQ(picture.default_hop(IfIndex{wan0}, Family::ipv4)->via, ip("198.51.100.1"));
    EXPECT_EQ(picture.default_hop(IfIndex{wan0}, Family::ipv6), std::nullopt);
}

TEST(World, a_default_route_of_another_table_or_without_hops_is_not_the_hosts_own) {
    auto snapshot = home();
    auto ours = default_route(wan0, "198.51.100.1");
    ours.table = 11200;
    netlink::Route unreachable;
    unreachable.destination = prefix("0.0.0.0/0");
    unreachable.type = netlink::RouteType::unreachable;
    snapshot.routes = {ours, unreachable};
    EXPECT_EQ(world(snapshot).default_hop(IfIndex{wan0}, Family::ipv4), std::nullopt);
}

// A router with the internet's table: a million routes that nobody here asks for.
TEST(World, routes_without_interest_are_let_go_and_not_taken_in) {
    const auto to = [](const char* destination) {
        auto route = default_route(wan0, "198.51.100.1");
        route.destination = prefix(destination);
        return route;
    };
    auto picture = world(home());
    picture.apply(netlink::RouteAdded{default_route(wan0, "198.51.100.1")});
    picture.apply(netlink::RouteAdded{to("192.0.2.0/24")});
    picture.apply(netlink::RouteAdded{to("203.0.113.0/24")});
    picture.follow(netlink::RouteInterest({prefix("203.0.113.0/24")}));
    EXPECT_NE(picture.find(default_route(wan0, "198.51.100.1")), nullptr) << "via auto asks for it";
    EXPECT_NE(picture.find(to("203.0.113.0/24")), nullptr);
    EXPECT_EQ(picture.find(to("192.0.2.0/24")), nullptr);

    EXPECT_FALSE(picture.is_concerned_by(netlink::RouteAdded{to("192.0.2.0/24")}));
    EXPECT_FALSE(picture.is_concerned_by(netlink::RouteGone{to("192.0.2.0/24")}));
    EXPECT_TRUE(picture.is_concerned_by(netlink::RouteGone{to("203.0.113.0/24")}));
    EXPECT_TRUE(picture.is_concerned_by(netlink::AddressAdded{held(lan0, "192.0.2.1/24")}));
    picture.apply(netlink::RouteAdded{to("192.0.2.0/24")});
    EXPECT_EQ(picture.find(to("192.0.2.0/24")), nullptr);
}

TEST(World, a_new_interest_is_unknown_until_it_was_read) {
    const auto old_interest = netlink::RouteInterest({prefix("192.0.2.0/24")});
    const auto new_interest = netlink::RouteInterest({prefix("203.0.113.0/24")});
    auto route = default_route(wan0, "198.51.100.1");
    route.destination = prefix("203.0.113.0/24");
    auto picture = world(home());
    EXPECT_TRUE(picture.has_read(route)) << "the first picture holds everything";
    picture.reset(picture.picture(), old_interest);
    picture.follow(new_interest);
    EXPECT_FALSE(picture.has_read(route));
    picture.reset(picture.picture(), old_interest);  // it was asked for before
    EXPECT_FALSE(picture.has_read(route));
    picture.reset(picture.picture(), new_interest);
    EXPECT_TRUE(picture.has_read(route));
}

}  // namespace
}  // namespace vrrpd::engine::world_test
