// What a virtual router wants in the kernel, in which order it comes and goes, and for how long it stays.
#include "vrrpd/engine/core/plan.hpp"

#include <gtest/gtest.h>

#include "tests/engine/values.hpp"

namespace vrrpd::engine::plan_test {
namespace {

using namespace test;

std::vector<Prefix> prefixes(const std::vector<netlink::Address>& addresses) {
    std::vector<Prefix> result;
    for (const auto& address : addresses) result.push_back(address.prefix);
    return result;
}

config::Gateway gateway() {
    config::Gateway result;
    result.name = "HOME";
    result.follows = "LAN";
    result.lans = {{"lan0", prefix("10.12.14.0/24")}};
    config::Wan wan;
    wan.device = "wan0";
    wan.via = ip("198.51.100.1");
    result.wan = wan;
    return result;
}

// ---- a plain keepalived instance

TEST(Plan, addresses_come_in_the_order_of_the_file_advertised_before_excluded) {
    auto many = instance();
    many.addresses.push_back(vip("10.12.14.9/24"));
    many.excluded_addresses = {vip("198.51.100.9/24", "wan0")};
    const auto wanted = desired(many, {}, world(home()));
    EXPECT_EQ(prefixes(wanted.addresses),
              (std::vector{prefix("10.12.14.1/24"), prefix("10.12.14.9/24"), prefix("198.51.100.9/24")}));
    EXPECT_EQ(wanted.addresses[0].link, IfIndex{lan0});
    EXPECT_EQ(wanted.addresses[2].link, IfIndex{wan0});
    EXPECT_TRUE(wanted.routes.empty());
    EXPECT_TRUE(wanted.rules.empty());
}

// Debian's sample keepalived.conf.vrrp names one twice, which is advertised twice.
TEST(Plan, an_address_that_stands_twice_is_set_once) {
    auto twice = instance();
    twice.addresses = {vip("10.12.14.1/24"), vip("10.12.14.1/24"), vip("10.12.14.1/25"), vip("2001:db8::1/64"),
                       vip("2001:db8::1/128")};
    twice.addresses[1].extras.edit().label = "lan0:1";
    const auto wanted = desired(twice, {}, world(home()));
    EXPECT_EQ(prefixes(wanted.addresses),
              (std::vector{prefix("10.12.14.1/24"), prefix("10.12.14.1/25"), prefix("2001:db8::1/64")}));
    EXPECT_EQ(wanted.addresses[0].label, "") << "the first line counts";
}

TEST(Plan, addresses_carry_our_tag_and_live_forever_without_a_gateway) {
    const auto wanted = desired(instance(), {}, world(home()));
    ASSERT_EQ(wanted.addresses.size(), 1U);
    EXPECT_EQ(wanted.addresses[0].protocol, netlink::protocol_keepalived);
    EXPECT_EQ(wanted.addresses[0].valid, std::nullopt);
    EXPECT_EQ(wanted.addresses[0].preferred, std::nullopt);
}

TEST(Plan, an_address_keeps_everything_its_line_says) {
    auto line = vip("10.12.14.1/24");
    line.extras.edit().peer = ip("10.12.14.77");
    line.extras.edit().broadcast = ip("10.12.14.255");
    line.extras.edit().label = "lan0:vip";
    line.scope = 253;
    line.extras.edit().preferred = 0s;
    line.home = line.manage_temporary = line.no_prefix_route = line.auto_join = true;
    const auto address = kernel_address(line, IfIndex{lan0});
    EXPECT_EQ(address.peer, line.extras->peer);
    EXPECT_EQ(address.broadcast, line.extras->broadcast);
    EXPECT_EQ(address.label, line.extras->label);
    EXPECT_EQ(address.scope, 253);
    EXPECT_EQ(address.preferred, 0s);
    EXPECT_TRUE(address.home && address.manage_temporary && address.no_prefix_route && address.auto_join);
}

TEST(Plan, VR_195_an_IPv6_address_skips_duplicate_detection_unless_asked_for) {
    auto line = vip("2001:db8::1/64");
    EXPECT_TRUE(kernel_address(line, IfIndex{lan0}).no_dad);
    line.dad = true;
    EXPECT_FALSE(kernel_address(line, IfIndex{lan0}).no_dad);
    EXPECT_FALSE(kernel_address(vip("10.12.14.1/24"), IfIndex{lan0}).no_dad);
}

TEST(Plan, what_belongs_to_a_device_that_is_missing_waits_for_it) {
    auto other = instance();
    other.addresses.push_back(vip("192.0.2.1/24", "dmz0"));
    config::VirtualRoute route;
    route.route.destination = prefix("203.0.113.0/24");
    route.hops = {{ip("10.12.14.2"), "lan0"}, {ip("192.0.2.2"), "dmz0"}};
    other.routes = {route};
    EXPECT_EQ(prefixes(desired(other, {}, world(home())).addresses), std::vector{prefix("10.12.14.1/24")});
    EXPECT_TRUE(desired(other, {}, world(home())).routes.empty()) << "half a multipath route is another route";

    auto grown = home();
    grown.links.push_back(link(9, "dmz0"));
    const auto wanted = desired(other, {}, world(std::move(grown)));
    EXPECT_EQ(wanted.addresses.size(), 2U);
    ASSERT_EQ(wanted.routes.size(), 1U);
    EXPECT_EQ(wanted.routes[0].hops[1].link, IfIndex{9});
}

TEST(Plan, a_route_without_hops_or_device_needs_no_device) {
    auto routed = instance();
    config::VirtualRoute hole, by_address;
    hole.route.type = netlink::RouteType::blackhole;
    hole.route.destination = prefix("203.0.113.0/24");
    by_address.route.destination = prefix("203.0.112.0/24");
    by_address.hops = {{ip("10.12.14.2"), ""}};
    routed.routes = {hole, by_address};
    const auto wanted = desired(routed, {}, world(home()));
    ASSERT_EQ(wanted.routes.size(), 2U);
    EXPECT_TRUE(wanted.routes[0].hops.empty());
    EXPECT_EQ(wanted.routes[1].hops, (std::vector<netlink::NextHop>{{ip("10.12.14.2"), IfIndex{}}}));
}

// ---- a gateway

TEST(Plan, a_gateway_has_its_own_table_behind_two_rules) {
    const auto home_gateway = gateway();
    const auto wanted = desired(instance(), {&home_gateway, 0}, world(home()));
    ASSERT_EQ(wanted.routes.size(), 1U);
    const auto& route = wanted.routes[0];
    EXPECT_EQ(route.destination, prefix("0.0.0.0/0"));
    EXPECT_EQ(route.table, gateway_table_base);
    EXPECT_EQ(route.hops, (std::vector<netlink::NextHop>{{ip("198.51.100.1"), IfIndex{wan0}}}));
    EXPECT_EQ(route.source, std::nullopt);

    ASSERT_EQ(wanted.rules.size(), 2U);
    EXPECT_EQ(wanted.rules[0].table, netlink::main_table);
    EXPECT_EQ(wanted.rules[0].suppress_prefix_length, 0U);
    EXPECT_EQ(wanted.rules[1].table, gateway_table_base);
    EXPECT_EQ(wanted.rules[1].suppress_prefix_length, std::nullopt);
    EXPECT_LT(wanted.rules[0].priority, wanted.rules[1].priority);
}

TEST(Plan, no_two_gateways_share_a_table_or_a_rule) {
    const auto one = gateway();
    const auto first = desired(instance(), {&one, 0}, world(home()));
    const auto second = desired(instance(), {&one, 1}, world(home()));
    EXPECT_NE(first.routes[0].table, second.routes[0].table);
    EXPECT_LT(first.rules[1].priority, second.rules[0].priority);
}

TEST(Plan, the_source_is_the_held_address_of_the_next_hops_family) {
    auto held_gateway = gateway();
    held_gateway.wan->held = {prefix("fd00:198::10/64"), prefix("203.0.113.5/29")};
    const auto wanted = desired(instance(), {&held_gateway, 0}, world(home()));
    ASSERT_EQ(wanted.routes.size(), 1U);
    EXPECT_EQ(wanted.routes[0].source, ip("203.0.113.5"));
}

TEST(Plan, a_held_wan_address_comes_after_the_virtual_ones_and_is_the_source) {
    auto held_gateway = gateway();
    held_gateway.wan->held = {prefix("203.0.113.5/29")};
    const auto wanted = desired(instance(), {&held_gateway, 0}, world(home()));
    EXPECT_EQ(prefixes(wanted.addresses), (std::vector{prefix("10.12.14.1/24"), prefix("203.0.113.5/29")}));
    EXPECT_EQ(wanted.addresses[1].link, IfIndex{wan0});
    EXPECT_EQ(wanted.addresses[1].protocol, netlink::protocol_keepalived);
    ASSERT_EQ(wanted.routes.size(), 1U);
    EXPECT_EQ(wanted.routes[0].source, ip("203.0.113.5"));
    EXPECT_TRUE(wanted.routes[0].hops[0].onlink);
}

TEST(Plan, via_auto_takes_the_hosts_own_default_route) {
    auto automatic = gateway();
    automatic.wan->via.reset();
    auto picture = home();
    EXPECT_TRUE(desired(instance(), {&automatic, 0}, world(picture)).routes.empty());

    netlink::Route route;
    route.destination = prefix("0.0.0.0/0");
    route.hops = {{ip("198.51.100.254"), IfIndex{wan0}}};
    picture.routes = {route};
    const auto wanted = desired(instance(), {&automatic, 0}, world(picture));
    ASSERT_EQ(wanted.routes.size(), 1U);
    EXPECT_EQ(wanted.routes[0].hops[0].via, ip("198.51.100.254"));
    EXPECT_EQ(wanted.rules.size(), 2U);
}

TEST(Plan, via_auto_on_a_point_to_point_link_has_no_next_hop) {
    auto automatic = gateway();
    automatic.wan->via.reset();
    auto picture = home();
    netlink::Route route;
    route.destination = prefix("0.0.0.0/0");
    route.hops = {{std::nullopt, IfIndex{wan0}}};
    picture.routes = {route};
    const auto wanted = desired(instance(), {&automatic, 0}, world(picture));
    ASSERT_EQ(wanted.routes.size(), 1U);
    EXPECT_EQ(wanted.routes[0].hops, (std::vector<netlink::NextHop>{{std::nullopt, IfIndex{wan0}}}));
}

TEST(Plan, a_gateway_without_a_wan_moves_addresses_alone) {
    auto no_wan = gateway();
    no_wan.wan.reset();
    const auto wanted = desired(instance(), {&no_wan, 0}, world(home()));
    EXPECT_EQ(wanted.addresses.size(), 1U);
    EXPECT_TRUE(wanted.routes.empty());
    EXPECT_TRUE(wanted.rules.empty());
}

// ---- the dead man

TEST(DeadMan, is_three_down_intervals_and_at_least_five_seconds) {
    EXPECT_EQ(dead_man(0ns), 5s);
    EXPECT_EQ(dead_man(321ms), 5s);
    EXPECT_EQ(dead_man(5s / 3), 5s);
    EXPECT_EQ(dead_man(3s), 9s);
    EXPECT_EQ(dead_man(3219ms), 10s) << "whole seconds, never less than three intervals";
}

TEST(DeadMan, all_addresses_of_a_gateway_end_by_themselves) {
    auto held_gateway = gateway();
    held_gateway.wan->held = {prefix("203.0.113.5/29")};
    auto slow = instance();
    slow.parameters.advert_interval = std::chrono::seconds(1);  // down interval 3.22 s with priority 200
    const auto wanted = desired(slow, {&held_gateway, 0}, world(home()));
    ASSERT_EQ(wanted.addresses.size(), 2U);
    for (const auto& address : wanted.addresses) {
        EXPECT_EQ(address.valid, 10s);
        EXPECT_EQ(address.preferred, 10s);
    }
}

TEST(DeadMan, an_address_that_is_never_to_be_a_source_stays_deprecated) {
    auto deprecated = instance();
    deprecated.addresses[0].extras.edit().preferred = 0s;
    const auto home_gateway = gateway();
    EXPECT_EQ(desired(deprecated, {&home_gateway, 0}, world(home())).addresses[0].preferred, 0s);
}

// ---- order

template <class Object>
const Object* object(const netlink::Request& request) {
    return std::visit([](const auto& r) { return std::get_if<Object>(&r.object); }, request);
}

TEST(Plan, comes_addresses_first_and_goes_addresses_last_in_reverse) {
    auto held_gateway = gateway();
    held_gateway.wan->held = {prefix("203.0.113.5/29")};
    const auto wanted = desired(instance(), {&held_gateway, 0}, world(home()));
    const auto coming = additions(wanted);
    const auto going = removals(wanted);
    ASSERT_EQ(coming.size(), 5U);
    ASSERT_EQ(going.size(), 5U);
    EXPECT_TRUE(object<netlink::Address>(coming[0]) && object<netlink::Address>(coming[1]));
    EXPECT_TRUE(object<netlink::Route>(coming[2]));
    EXPECT_TRUE(object<netlink::Rule>(coming[3]) && object<netlink::Rule>(coming[4]));
    for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_TRUE(std::holds_alternative<netlink::Add>(coming[i]));
        EXPECT_TRUE(std::holds_alternative<netlink::Delete>(going[i]));
    }
    EXPECT_EQ(object<netlink::Rule>(going[0])->priority, wanted.rules[1].priority);
    EXPECT_TRUE(object<netlink::Route>(going[2]));
    EXPECT_EQ(object<netlink::Address>(going[3])->prefix, prefix("203.0.113.5/29"));
    EXPECT_EQ(object<netlink::Address>(going[4])->prefix, prefix("10.12.14.1/24"));
}

TEST(Plan, missing_names_what_does_not_stand) {
    const auto home_gateway = gateway();
    auto picture = home();
    const auto wanted = desired(instance(), {&home_gateway, 0}, world(picture));
    EXPECT_EQ(missing(wanted, world(picture)), wanted);

    picture.addresses.insert(picture.addresses.end(), wanted.addresses.begin(), wanted.addresses.end());
    picture.routes = wanted.routes;
    picture.rules = wanted.rules;
    EXPECT_EQ(missing(wanted, world(picture)), Desired{});

    picture.rules.pop_back();
    const auto lost = missing(wanted, world(picture));
    EXPECT_TRUE(lost.addresses.empty() && lost.routes.empty());
    EXPECT_EQ(lost.rules, std::vector{wanted.rules[1]});
}

TEST(Plan, an_address_that_counts_down_is_not_missing) {
    const auto home_gateway = gateway();
    auto picture = home();
    const auto wanted = desired(instance(), {&home_gateway, 0}, world(picture));
    picture.addresses.push_back(wanted.addresses[0]);
    picture.addresses.back().valid = 2s;
    EXPECT_TRUE(missing(wanted, world(picture)).addresses.empty());
}

// Whether it stands can be said once the routes to its destination were read, and not before.
TEST(Plan, a_route_that_nobody_has_read_is_not_missed_yet) {
    config::Config config;
    config.instances.push_back(instance());
    config::VirtualRoute line;
    line.route.destination = prefix("192.0.2.0/24");
    line.hops = {{ip("10.12.14.9"), "lan0", 1, false}};
    config.instances.front().routes.push_back(line);
    EXPECT_EQ(routes_of(config), netlink::RouteInterest({prefix("192.0.2.0/24")}));

    auto picture = world(home());
    const auto wanted = desired(config.instances.front(), {}, picture);
    ASSERT_EQ(wanted.routes.size(), 1U);
    picture.reset(picture.picture(), routes_of(config::Config()));
    picture.follow(routes_of(config));
    EXPECT_TRUE(missing(wanted, picture).routes.empty());
    picture.reset(picture.picture(), routes_of(config));
    EXPECT_EQ(missing(wanted, picture).routes, wanted.routes);
}

// What a reload adds to what stands.
TEST(Plan, renewed_is_what_was_not_there_and_what_is_another_now) {
    auto config = instance();
    const auto before = desired(config, {}, world(home()));
    EXPECT_EQ(renewed(before, before), Desired{});
    config.addresses.push_back(vip("10.12.14.9/24"));
    const auto after = desired(config, {}, world(home()));
    EXPECT_EQ(prefixes(renewed(before, after).addresses), std::vector{prefix("10.12.14.9/24")});
    EXPECT_EQ(renewed(after, before), Desired{});
    const auto home_gateway = gateway();
    const auto finite = desired(instance(), {&home_gateway, 0}, world(home()));
    EXPECT_EQ(prefixes(renewed(before, finite).addresses), std::vector{prefix("10.12.14.1/24")})
        << "the same address with another lifetime";
}

}  // namespace
}  // namespace vrrpd::engine::plan_test
