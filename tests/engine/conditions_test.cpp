// Faults, the address adverts are sent from, and what the trackers say.
#include "vrrpd/engine/core/conditions.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "tests/engine/values.hpp"

namespace vrrpd::engine::conditions_test {
namespace {

using namespace test;
using Faults = std::vector<std::string>;

netlink::Link& lan(netlink::Snapshot& picture) { return picture.links[0]; }

Conditions at_home(const config::Instance& instance, const std::function<void(netlink::Snapshot&)>& change = {}) {
    auto picture = home();
    if (change) change(picture);
    return evaluate(instance, world(std::move(picture)));
}

config::Instance instance_v6() {
    auto result = instance();
    result.family = Family::ipv6;
    result.addresses = {vip("fe80::1/64"), vip("2001:db8::1/64")};
    return result;
}

TEST(Conditions, a_healthy_home_has_no_fault) {
    const auto found = at_home(instance());
    EXPECT_EQ(found.faults, Faults{});
    EXPECT_EQ(found.source, ip("10.12.14.4"));
    EXPECT_TRUE(found.tracked.empty());
}

// ---- the own interface

TEST(Conditions, VR_083_an_interface_that_is_not_there_is_a_fault) {
    const auto found = at_home(instance(), [](auto& picture) { lan(picture).name = "eth9"; });
    EXPECT_EQ(found.faults, Faults{"lan0 does not exist (yet)"});
    EXPECT_EQ(found.source, std::nullopt);
}

TEST(Conditions, VR_083_an_interface_that_is_down_is_a_fault) {
    const auto found = at_home(instance(), [](auto& picture) { lan(picture).admin_up = false; });
    EXPECT_EQ(found.faults, Faults{"lan0 is down"});
}

TEST(Conditions, VR_083_a_cable_that_is_out_is_a_fault) {
    const auto found = at_home(instance(), [](auto& picture) { lan(picture).running = false; });
    EXPECT_EQ(found.faults, Faults{"lan0 has no carrier"});
}

TEST(Conditions, dont_track_primary_forgives_a_link_that_is_down) {
    auto untracked = instance();
    untracked.track_primary = false;
    EXPECT_EQ(at_home(untracked, [](auto& picture) { lan(picture).running = false; }).faults, Faults{});
}

TEST(Conditions, dont_track_primary_forgives_no_interface_that_is_missing) {
    auto untracked = instance();
    untracked.track_primary = false;
    EXPECT_EQ(at_home(untracked, [](auto& picture) { lan(picture).name = "eth9"; }).faults.size(), 1U);
}

// ---- the source address

TEST(Conditions, VR_083_no_address_but_virtual_ones_is_a_fault) {
    const auto found = at_home(instance(), [](auto& picture) { picture.addresses = {held(lan0, "10.12.14.1/24")}; });
    EXPECT_EQ(found.faults, Faults{"lan0 has no IPv4 address besides the virtual ones"});
    EXPECT_EQ(found.source, std::nullopt);
}

TEST(Conditions, VR_006_an_own_virtual_address_is_never_the_source) {
    auto with_excluded = instance();
    with_excluded.excluded_addresses = {vip("10.99.0.1/24")};
    const auto found = at_home(with_excluded, [](auto& picture) {
        picture.addresses.insert(picture.addresses.begin(), {held(lan0, "10.12.14.1/24"), held(lan0, "10.99.0.1/24")});
    });
    EXPECT_EQ(found.source, ip("10.12.14.4"));
}

TEST(Conditions, VR_006_a_virtual_address_of_another_instance_is_never_the_source) {
    auto picture = home();
    picture.addresses.insert(picture.addresses.begin(), held(lan0, "10.12.14.77/24"));
    const std::vector others{ip("10.12.14.1"), ip("10.12.14.77")};
    EXPECT_EQ(evaluate(instance(), world(picture), {others}).source, ip("10.12.14.4"));
    EXPECT_EQ(evaluate(instance(), world(picture), {}).source, ip("10.12.14.77")) << "it was the list that kept it out";
    picture.addresses[0].protocol = netlink::protocol_keepalived;
    EXPECT_EQ(evaluate(instance(), world(picture), {}).source, ip("10.12.14.4")) << "tagged: another daemon's";
}

TEST(Conditions, an_address_of_another_device_is_never_the_source) {
    const auto found = at_home(instance(), [](auto& picture) {
        std::erase_if(picture.addresses,
                      [](const auto& a) { return a.link == IfIndex{lan0} && a.prefix.address.is_v4(); });
    });
    EXPECT_EQ(found.source, std::nullopt);
    EXPECT_EQ(found.faults.size(), 1U);
}

TEST(Conditions, VR_006_the_first_address_of_the_interface_is_the_source) {
    const auto found =
        at_home(instance(), [](auto& picture) { picture.addresses.push_back(held(lan0, "10.12.14.9/24")); });
    EXPECT_EQ(found.source, ip("10.12.14.4"));
}

TEST(Conditions, VR_007_IPv6_speaks_from_the_link_local_address) {
    const auto found = at_home(instance_v6(), [](auto& picture) {
        picture.addresses.insert(picture.addresses.begin(), held(lan0, "2001:db8::4/64"));
    });
    EXPECT_EQ(found.faults, Faults{});
    EXPECT_EQ(found.source, ip("fe80::4"));
}

TEST(Conditions, VR_007_IPv6_never_speaks_from_a_virtual_link_local_address) {
    const auto found = at_home(instance_v6(), [](auto& picture) {
        picture.addresses.insert(picture.addresses.begin(), held(lan0, "fe80::1/64"));
    });
    EXPECT_EQ(found.source, ip("fe80::4"));
}

TEST(Conditions, IPv6_unicast_speaks_from_a_global_address) {
    auto unicast = instance_v6();
    unicast.peers = {{ip("2001:db8::5")}};
    const auto found =
        at_home(unicast, [](auto& picture) { picture.addresses.push_back(held(lan0, "2001:db8::4/64")); });
    EXPECT_EQ(found.source, ip("2001:db8::4"));
}

TEST(Conditions, an_address_under_duplicate_detection_is_not_usable_yet) {
    for (const auto spoil : {&netlink::Address::tentative, &netlink::Address::dad_failed}) {
        const auto found = at_home(instance_v6(), [&](auto& picture) { picture.addresses[1].*spoil = true; });
        EXPECT_EQ(found.faults, Faults{"lan0 has no usable IPv6 link-local address"});
    }
}

TEST(Conditions, a_configured_source_is_taken_as_it_is) {
    auto fixed = instance();
    fixed.source = ip("192.0.2.9");
    const auto found = at_home(fixed);
    EXPECT_EQ(found.source, ip("192.0.2.9"));
    EXPECT_EQ(found.faults, Faults{});
}

TEST(Conditions, track_src_ip_wants_the_configured_source_on_this_host) {
    auto fixed = instance();
    fixed.source = ip("198.51.100.7");
    fixed.track_source = true;
    EXPECT_EQ(at_home(fixed).faults, Faults{});
    fixed.source = ip("192.0.2.9");
    EXPECT_EQ(at_home(fixed).faults, Faults{"source address 192.0.2.9 is not on this host"});
}

// As keepalived, which binds it then and never again.
TEST(Conditions, a_unicast_source_has_to_be_on_this_host_at_the_start) {
    auto fixed = instance();
    fixed.source = ip("192.0.2.9");
    Beside beside;
    beside.begins = true;
    EXPECT_EQ(evaluate(fixed, world(home()), beside).faults, Faults{}) << "multicast";
    fixed.peers = {{ip("192.0.2.10"), {}, {}}};
    EXPECT_EQ(evaluate(fixed, world(home()), beside).faults, Faults{"source address 192.0.2.9 is not on this host"});
    EXPECT_EQ(evaluate(fixed, world(home()), {}).faults, Faults{}) << "it runs";
}

TEST(Conditions, without_track_src_ip_a_source_that_is_missing_still_needs_some_address) {
    auto fixed = instance();
    fixed.source = ip("192.0.2.9");
    EXPECT_EQ(at_home(fixed, [](auto& picture) { picture.addresses.clear(); }).faults,
              Faults{"lan0 has no IPv4 address besides the virtual ones"});
}

// ---- peers, items, trackers

TEST(Conditions, unicast_without_peers_is_a_fault_where_the_file_says_so) {
    auto alone = instance();
    alone.fault_without_peers = true;
    EXPECT_EQ(at_home(alone).faults, Faults{"unicast is configured, but no peer"});
}

TEST(Conditions, the_device_of_a_virtual_address_is_tracked_unless_no_track) {
    auto other = instance();
    other.addresses.push_back(vip("192.0.2.1/24", "dmz0"));
    EXPECT_EQ(at_home(other).faults, Faults{"dmz0 does not exist (yet)"});
    other.addresses.back().track = false;
    EXPECT_EQ(at_home(other).faults, Faults{});
}

TEST(Conditions, the_device_of_an_excluded_address_is_tracked_unless_no_track) {
    auto other = instance();
    other.excluded_addresses = {vip("192.0.2.1/24", "wan0")};
    const auto no_carrier = [](auto& picture) { picture.links[1].running = false; };
    EXPECT_EQ(at_home(other, no_carrier).faults, Faults{"wan0 has no carrier"});
    other.excluded_addresses.back().track = false;
    EXPECT_EQ(at_home(other, no_carrier).faults, Faults{});
}

TEST(Conditions, the_device_of_a_virtual_route_is_tracked_unless_no_track) {
    auto routed = instance();
    config::VirtualRoute route;
    route.hops = {{std::nullopt, "wan0"}};
    routed.routes = {route};
    const auto down = [](auto& picture) { picture.links[1].admin_up = false; };
    EXPECT_EQ(at_home(routed, down).faults, Faults{"wan0 is down"});
    routed.routes.edit()[0].track = false;
    EXPECT_EQ(at_home(routed, down).faults, Faults{});
}

TEST(Conditions, the_devices_of_a_virtual_rule_are_tracked_unless_no_track) {
    auto ruled = instance();
    ruled.rules.edit().resize(1);
    ruled.rules.edit()[0].rule.iif = "dmz0";
    ruled.rules.edit()[0].rule.oif = "wan0";
    EXPECT_EQ(at_home(ruled).faults, Faults{"dmz0 does not exist (yet)"});
    ruled.rules.edit()[0].track = false;
    EXPECT_EQ(at_home(ruled).faults, Faults{});
}

TEST(Conditions, one_device_of_many_items_is_one_fault) {
    auto many = instance();
    for (const auto* text : {"192.0.2.1/24", "192.0.2.2/24", "192.0.2.3/24"})
        many.addresses.push_back(vip(text, "dmz0"));
    EXPECT_EQ(at_home(many).faults, Faults{"dmz0 does not exist (yet)"});
}

TEST(Conditions, all_faults_are_listed_not_the_first_alone) {
    auto many = instance();
    many.fault_without_peers = true;
    many.addresses.push_back(vip("192.0.2.1/24", "dmz0"));
    EXPECT_EQ(at_home(many, [](auto& picture) { lan(picture).running = false; }).faults,
              (Faults{"unicast is configured, but no peer", "lan0 has no carrier", "dmz0 does not exist (yet)"}));
}

TEST(Conditions, a_tracked_interface_without_weight_is_a_fault_while_down) {
    auto tracking = instance();
    tracking.track_interfaces = {{"wan0", 0, false}};
    EXPECT_EQ(at_home(tracking).faults, Faults{});
    EXPECT_EQ(at_home(tracking, [](auto& picture) { picture.links[1].running = false; }).faults,
              Faults{"tracked interface wan0 is down"});
    EXPECT_EQ(at_home(tracking, [](auto& picture) { picture.links.pop_back(); }).faults,
              Faults{"tracked interface wan0 is down"});
}

TEST(Conditions, reverse_swaps_up_and_down) {
    auto tracking = instance();
    tracking.track_interfaces = {{"wan0", 0, true}};
    EXPECT_EQ(at_home(tracking).faults, Faults{"tracked interface wan0 is up"});
    EXPECT_EQ(at_home(tracking, [](auto& picture) { picture.links[1].running = false; }).faults, Faults{});
}

TEST(Conditions, a_tracked_interface_with_weight_is_no_fault_but_counted) {
    auto tracking = instance();
    tracking.track_interfaces = {{"wan0", -120, false}, {"lan0", 10, false}};
    const auto found = at_home(tracking, [](auto& picture) { picture.links[1].running = false; });
    EXPECT_EQ(found.faults, Faults{});
    EXPECT_EQ(found.tracked, (std::vector<proto::Tracked>{{"wan0", -120, false, false}, {"lan0", 10, false, true}}));
}

TEST(Conditions, a_tracked_forwarder_without_weight_is_a_fault_while_it_does_not_work) {
    auto tracking = instance();
    tracking.track_dns = {{"HOME", 0, false}};
    const std::vector<std::string> none, home_is_down{"OTHER", "HOME"};
    EXPECT_EQ(evaluate(tracking, world(home()), {{}, none}).faults, Faults{});
    EXPECT_EQ(evaluate(tracking, world(home()), {{}, home_is_down}).faults,
              Faults{"this host's DNS forwarder of HOME does not work"});
    tracking.track_dns = {{"HOME", 0, true}};
    EXPECT_EQ(evaluate(tracking, world(home()), {{}, none}).faults, Faults{"this host's DNS forwarder of HOME works"});
}

TEST(Conditions, a_tracked_forwarder_with_weight_is_no_fault_but_counted) {
    auto tracking = instance();
    tracking.track_dns = {{"HOME", -50, false}};
    const std::vector<std::string> down{"HOME"};
    const auto found = evaluate(tracking, world(home()), {{}, down});
    EXPECT_EQ(found.faults, Faults{});
    EXPECT_EQ(found.tracked, (std::vector<proto::Tracked>{{"DNS of HOME", -50, false, false}}));
}

// ---- virtual devices

TEST(Conditions, a_virtual_device_is_judged_by_what_it_stands_on) {
    auto with = instance();
    with.virtual_mac.edit().devices = {{"vrrp.1", "lan0", {}}, {"vrrp1.1", "wan0", {}}};
    with.addresses[0].device = "vrrp.1";
    with.addresses.push_back(with.addresses[0]);
    with.addresses.back().device = "vrrp1.1";
    EXPECT_EQ(at_home(with).faults, Faults{}) << "it may be down, or not there yet";
    const auto found = at_home(with, [](auto& picture) { picture.links[1].running = false; });
    EXPECT_EQ(found.faults, Faults{"wan0 has no carrier"});
}

}  // namespace
}  // namespace vrrpd::engine::conditions_test
