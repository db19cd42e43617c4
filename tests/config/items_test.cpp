// Items of virtual_ipaddress, virtual_routes and virtual_rules.
#include <gtest/gtest.h>
#include <linux/rtnetlink.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::items_test {
namespace {

using namespace std::chrono_literals;

IpAddress ip(const char* text) { return *IpAddress::parse(text); }
Prefix net(const char* text) { return *Prefix::parse(text); }

Parsed with_items(const std::string& block, const std::string& item) {
    return parse_instance(block + " {\n" + item + "\n}");
}

// ---- addresses --------------------------------------------------------------------------------------------

// The one excluded address that the item makes (any family may stand there).
VirtualAddress address(const std::string& item) {
    const auto parsed = with_items("virtual_ipaddress_excluded", item);
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{}) << item;
    return parsed.config.instances.at(0).excluded_addresses.at(0);
}

TEST(Addresses, have_defaults) {
    const auto a = address("10.0.0.9");
    EXPECT_EQ(a.prefix, net("10.0.0.9/32"));
    EXPECT_EQ(a.device, "eth0");
    EXPECT_EQ(a.extras->preferred, std::nullopt);
    EXPECT_TRUE(a.track);
    EXPECT_FALSE(a.extras->broadcast);
    EXPECT_EQ(address("fd00::9").extras->preferred, 0s);  // /128: never chosen as a source
    EXPECT_EQ(address("fd00::9/64").extras->preferred, std::nullopt);
}

TEST(Addresses, take_their_options) {
    const auto a = address("10.0.0.9/24 dev eth1 scope link brd 10.0.0.255 label eth1:vip no_track");
    EXPECT_EQ(a.device, "eth1");
    EXPECT_EQ(a.scope, 253);
    EXPECT_EQ(a.extras->broadcast, ip("10.0.0.255"));
    EXPECT_EQ(a.extras->label, "eth1:vip");
    EXPECT_FALSE(a.track);
    const auto b = address("fd00::9/64 -nodad home mngtmpaddr noprefixroute autojoin preferred_lft 600");
    EXPECT_TRUE(b.dad && b.home && b.manage_temporary && b.no_prefix_route && b.auto_join);
    EXPECT_EQ(b.extras->preferred, 600s);
    EXPECT_EQ(address("fd00::9 preferred_lft forever").extras->preferred, std::nullopt);
    const auto c = address("10.0.0.9 peer 10.0.1.9/30");
    EXPECT_EQ(c.extras->peer, ip("10.0.1.9"));
    EXPECT_EQ(c.prefix.length, 30);
}

TEST(Addresses, broadcast_signs_are_the_edges_of_the_network) {
    EXPECT_EQ(address("10.0.0.9/22 brd +").extras->broadcast, ip("10.0.3.255"));
    EXPECT_EQ(address("10.0.3.9/22 broadcast -").extras->broadcast, ip("10.0.0.0"));
}

TEST(Addresses, scopes_have_names_and_numbers) {
    struct Case {
        const char* text;
        int value;
    };
    for (const auto& [text, value] : {Case{"global", 0}, Case{"site", 200}, Case{"link", 253}, Case{"host", 254},
                                      Case{"nowhere", 255}, Case{"7", 7}})
        EXPECT_EQ(address("10.0.0.9 scope " + std::string(text)).scope, value) << text;
}

struct Bad {
    const char* item;
    const char* said;
    bool kept;
};

TEST(Addresses, a_bad_word_is_ignored_a_bad_value_drops_the_item) {
    for (const auto& [item, said, kept] : {
             Bad{"10.0.0.9 frobnicate", "8:10: unknown word 'frobnicate' after an address is ignored", true},
             Bad{"10.0.0.9/40", "8:1: the prefix length of '10.0.0.9/40' is not in 0..32: 32 is used", true},
             Bad{"nothing", "8:1: 'nothing' is not an IP address: the item is left out", false},
             Bad{"10.0.0.9 dev", "a value is missing after dev: the item is left out", false},
             Bad{"10.0.0.9 dev a/b", "8:14: 'a/b' cannot be the name of an interface", false},
             Bad{"10.0.0.9 scope elsewhere", "unknown scope 'elsewhere' is ignored", true},
             Bad{"10.0.0.9 scope 256", "unknown scope '256' is ignored", true},
             Bad{"10.0.0.9/31 brd +", "brd + is ignored: a network of length 31 has no broadcast address", true},
             Bad{"10.0.0.9 brd -", "brd - is ignored: a network of length 32 has no broadcast address", true},
             Bad{"10.0.0.9 brd fe80::1", "'fe80::1' is not an IPv4 address", false},
             Bad{"10.0.0.9 brd 10.0.0.255 peer 10.0.1.1", "a point-to-point link has no broadcast address", true},
             Bad{"10.0.0.9 brd x", "'x' is not an IPv4 address", false},
             Bad{"10.0.0.9 label a_label_too_long", "longer than 15 characters", false},
             Bad{"10.0.0.9 peer fe80::1", "the peer 'fe80::1' is not an IPv4 address: ignored", true},
             Bad{"10.0.0.9 peer x", "the peer 'x' is not an IPv4 address: ignored", true},
             Bad{"10.0.0.9/24 peer 10.0.1.1", "has no prefix length, its peer has", true},
             Bad{"fd00::9 label x", "an IPv6 address has no label", true},
             Bad{"fd00::9 brd +", "an IPv6 address has no broadcast address", false},
             Bad{"fd00::9 preferred_lft soon", "write seconds or forever", true},
             Bad{"fd00::9 preferred_lft 99999999999", "write seconds or forever", true},
         }) {
        const auto parsed = with_items("virtual_ipaddress_excluded", item);
        EXPECT_EQ(errors(parsed.faults).size(), 1U) << item;
        EXPECT_TRUE(says(parsed.faults, said)) << item;
        EXPECT_EQ(parsed.config.instances.at(0).excluded_addresses.size(), kept ? 1U : 0U) << item;
        EXPECT_TRUE(parsed.can_start()) << item;
    }
}

TEST(Addresses, excluded_ones_stand_once) {
    const auto twice = with_items("virtual_ipaddress_excluded", "10.0.0.9\n10.0.0.9/24 dev eth0");
    EXPECT_TRUE(says(twice.faults, "9:1: (V) the address stands twice"));
    EXPECT_TRUE(errors(twice.faults).empty()) << "keepalived says nothing";
    EXPECT_EQ(twice.config.instances.at(0).excluded_addresses.size(), 1U);
    const auto elsewhere = with_items("virtual_ipaddress_excluded", "10.0.0.9\n10.0.0.9 dev eth1");
    EXPECT_EQ(elsewhere.config.instances.at(0).excluded_addresses.size(), 2U);
}

// As Debian's sample keepalived.conf.vrrp has it. keepalived counts the addresses of an advert: with another number
// of them it takes us for one that is set up otherwise.
TEST(Addresses, that_stand_twice_are_advertised_twice) {
    const auto parsed = parse_instance(
        "virtual_ipaddress {\n10.0.0.16\n10.0.0.18\n10.0.0.18 dev eth0 label eth0:1\n10.0.0.18 dev eth1\n}\n");
    EXPECT_TRUE(errors(parsed.faults).empty()) << "keepalived says nothing";
    EXPECT_TRUE(says(parsed.faults, "10:1: (V) the address stands twice: it is advertised twice"));
    EXPECT_EQ(parsed.config.instances.at(0).addresses.size(), 5U);
}

// keepalived is silent where one stands in both lists; it is advertised, whichever list comes first.
TEST(Addresses, in_both_lists_are_advertised) {
    const std::string excluded = "virtual_ipaddress_excluded {\n10.0.0.1\n}\n";
    for (const auto& parsed :
         {parse_instance(excluded), parse_instance("virtual_ipaddress {\n10.0.0.1\n}\n" + excluded)}) {
        EXPECT_TRUE(says(parsed.faults, "stands twice: once is enough"));
        EXPECT_FALSE(parsed.config.instances.at(0).addresses.empty());
        EXPECT_TRUE(parsed.config.instances.at(0).excluded_addresses.empty());
    }
    EXPECT_TRUE(errors(parse_instance(excluded).faults).empty());
}

TEST(Addresses, static_ones_are_judged_too) {
    const auto parsed =
        parse_text("static_ipaddress {\n10.0.0.9 dev a/b\n}\nstatic_routes {\nx\n}\nstatic_rules {\ny\n}\n");
    EXPECT_EQ(errors(parsed.faults).size(), 3U);
    EXPECT_EQ(*parsed.config.statics, StaticEntries{});
}

TEST(Addresses, static_ones_stand_on_the_default_interface) {
    const auto parsed = parse_text("static_ipaddress {\n10.0.0.9/24\n10.0.0.9/24\n10.0.0.8 dev eth7\n}\n");
    EXPECT_TRUE(says(parsed.faults, "3:1: the address 10.0.0.9/24 stands twice"));
    const auto& addresses = parsed.config.statics->addresses;
    ASSERT_EQ(addresses.size(), 2U);
    EXPECT_EQ(addresses[0].device, "eth0");
    EXPECT_EQ(addresses[1].device, "eth7");
}

// A static entry with a track_group is a fault of those instances while its device is down.
TEST(Addresses, the_instances_of_a_track_group_track_the_device) {
    const std::string group = "track_group T {\ngroup {\nV\nX\n}\n}\n";
    const std::string entries =
        "static_ipaddress {\n10.0.0.9 dev eth7 track_group T\n}\n"
        "static_routes {\n10.9.0.0/16 via 10.0.0.2 dev eth8 track_group T\n10.8.0.0/16 via 10.0.0.2 track_group T\n}\n"
        "static_rules {\nfrom 10.1.0.0/16 iif eth9 table 5 preference 7 track_group T\n"
        "from 10.1.0.0/16 iif eth6 table 5 preference 8 track_group T no_track\n"
        "from 10.1.0.0/16 table 5 preference 9 track_group U\n}\n";
    const auto parsed =
        parse_text(group + entries +
                   "vrrp_instance V {\ninterface eth0\nvirtual_router_id 7\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n");
    const SeldomList<TrackInterface> expected{{"eth7", 0, false}, {"eth8", 0, false}, {"eth9", 0, false}};
    EXPECT_EQ(parsed.config.instances.at(0).track_interfaces, expected);
    EXPECT_TRUE(says(parsed.faults, "there is no vrrp_instance X"));
    EXPECT_TRUE(says(parsed.faults, "track_group needs a device in the entry"));
    EXPECT_TRUE(says(parsed.faults, "track_group and no_track exclude each other"));
    EXPECT_EQ(parsed.config.statics->routes.size(), 2U);
    EXPECT_EQ(parsed.config.statics->rules.size(), 3U);
}

TEST(Delays, of_interfaces_are_held_below_what_their_peers_wait) {
    const std::string instance =
        "vrrp_instance V {\ninterface eth0\nvirtual_router_id 7\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n";
    const auto parsed = parse_text("interface_up_down_delays {\neth0 5 3\neth1 5\neth2 x\neth3 1 2 3\n}\n" + instance);
    EXPECT_EQ(errors(parsed.faults).size(), 2U);
    const std::vector<InterfaceDelay> expected{{"eth0", std::chrono::seconds(2), std::chrono::seconds(3)},
                                               {"eth1", std::chrono::seconds(5), Duration(0)}};
    EXPECT_EQ(parsed.config.interface_delays, expected);
}

// ---- routes -----------------------------------------------------------------------------------------------

// Whether it has a device to be tracked by is not looked at.
VirtualRoute route(const std::string& item) {
    const auto parsed = with_items("virtual_routes", item + " no_track");
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{}) << item;
    return parsed.config.instances.at(0).routes[0];
}

// As in Debian's sample keepalived.conf.vrrp.routes.
TEST(Routes, take_their_destination_behind_options_too) {
    const auto r = route("src 10.0.0.1 10.9.0.0/16 via 10.0.0.2 dev eth1");
    EXPECT_EQ(r.route.destination, net("10.9.0.0/16"));
    EXPECT_EQ(r.route.source, ip("10.0.0.1"));
    EXPECT_EQ(route("metric 5 to 10.9.0.0/16 dev eth1").route.destination, net("10.9.0.0/16"));
    EXPECT_EQ(route("table 5 blackhole 10.9.0.0/16").route.type, netlink::RouteType::blackhole);
    EXPECT_EQ(route("via fd00::2 dev eth1 default").route.destination, net("::/0"));
    EXPECT_EQ(route("via 10.0.0.2 default").route.destination, net("0.0.0.0/0"));
}

TEST(Routes, take_destinations_in_all_forms) {
    EXPECT_EQ(route("10.9.0.0/16 via 10.0.0.2").route.destination, net("10.9.0.0/16"));
    EXPECT_EQ(route("10.9.1.1/16 via 10.0.0.2").route.destination, net("10.9.0.0/16"));
    EXPECT_EQ(route("10.9.1.1 via 10.0.0.2").route.destination, net("10.9.1.1/32"));
    EXPECT_EQ(route("default via 10.0.0.2").route.destination, net("0.0.0.0/0"));
    EXPECT_EQ(route("to default via fe80::1").route.destination, net("::/0"));
    EXPECT_EQ(route("default6 via fe80::1").route.destination, net("::/0"));
    EXPECT_EQ(route("inet6 to unicast fd00::/8 via fe80::1").route.destination, net("fd00::/8"));
    EXPECT_EQ(route("inet6 default dev eth1").route.destination, net("::/0"));
}

TEST(Routes, take_their_options) {
    const auto r = route(
        "10.9.0.0/16 via 10.0.0.2 dev eth1 src 10.0.0.1 table 100 metric 5 scope link tos 0x10 mtu 1400 "
        "onlink no_track");
    EXPECT_EQ(r.hops, (std::vector<VirtualRoute::Hop>{{ip("10.0.0.2"), "eth1", 1, true}}));
    EXPECT_EQ(r.route.source, ip("10.0.0.1"));
    EXPECT_EQ(r.route.table, 100U);
    EXPECT_EQ(r.route.metric, 5U);
    EXPECT_EQ(r.route.scope, 253);
    EXPECT_EQ(r.route.tos, 16);
    EXPECT_EQ(r.route.mtu, 1400U);
    EXPECT_EQ(r.route.protocol, netlink::protocol_keepalived);
    EXPECT_FALSE(r.track);
    EXPECT_EQ(route("10.9.0.0/16 dev eth1 table main").route.table, netlink::main_table);
    EXPECT_EQ(route("10.9.0.0/16 dev eth1 table 0").route.table, netlink::main_table) << "as the kernel has it";
}

TEST(Routes, know_types_and_several_hops) {
    EXPECT_EQ(route("blackhole 10.9.0.0/16").route.type, netlink::RouteType::blackhole);
    EXPECT_TRUE(route("blackhole 10.9.0.0/16").hops.empty());
    EXPECT_EQ(route("prohibit 10.9.0.0/16").route.type, netlink::RouteType::prohibit);
    EXPECT_EQ(route("local 10.9.0.0/16 dev lo").route.type, netlink::RouteType::local);
    EXPECT_EQ(route("to throw 10.9.0.0/16").route.type, netlink::RouteType::throw_);
    const auto r = route("10.9.0.0/16 metric 3 nexthop via 10.0.0.2 dev eth1 weight 256 nexthop via 10.0.0.3 onlink");
    EXPECT_EQ(r.route.metric, 3U);
    EXPECT_EQ(r.hops,
              (std::vector<VirtualRoute::Hop>{{ip("10.0.0.2"), "eth1", 256, false}, {ip("10.0.0.3"), "", 1, true}}));
    for (const auto* item :
         {"10.9.0.0/16 dev eth1 via 10.0.0.2 or 10.0.0.3", "10.9.0.0/16 dev eth1 gw 10.0.0.2 nexthop via 10.0.0.3"}) {
        const auto parsed = with_items("virtual_routes", item);
        EXPECT_EQ(errors(parsed.faults).size(), 1U) << item;
        EXPECT_TRUE(says(parsed.faults, "in a route is deprecated: write ")) << item;
        EXPECT_EQ(parsed.config.instances.at(0).routes[0].hops.size(), 2U) << item;
    }
    EXPECT_EQ(route("10.9.0.0/16 via inet6 fe80::1 dev eth1").hops.at(0).via, ip("fe80::1"));
}

TEST(Routes, without_a_device_are_tracked_by_nothing_which_is_said) {
    for (const auto* item : {"10.9.0.0/16 via 10.0.0.2", "blackhole 10.9.0.0/16", "10.9.0.0/16 nexthop via 10.0.0.2",
                             "10.9.0.0/16 nexthop via 10.0.0.2 dev eth1 nexthop via 10.0.0.3 dev eth2"}) {
        const auto parsed = with_items("virtual_routes", item);
        EXPECT_TRUE(says(parsed.faults, "a route without a device is not tracked")) << item;
        EXPECT_EQ(errors(parsed.faults).size(), 1U) << item;
        EXPECT_EQ(parsed.config.instances.at(0).routes.size(), 1U) << item;
        EXPECT_TRUE(errors(with_items("virtual_routes", item + std::string(" no_track")).faults).empty()) << item;
    }
    EXPECT_TRUE(errors(with_items("virtual_routes", "10.9.0.0/16 via 10.0.0.2 dev eth1").faults).empty());
}

TEST(Routes, any_error_drops_the_whole_route) {
    for (const auto& [item, said] : {
             std::pair{"via 10.0.0.2", "8:5: the destination of the route is missing"},
             std::pair{"10.9.0.0/16 dev eth1 10.8.0.0/16", "8:22: unknown word '10.8.0.0/16' in a route"},
             std::pair{"10.9.0.0/40 via 10.0.0.2", "8:1: '10.9.0.0/40' is no destination"},
             std::pair{"10.9.0.0/16 via x", "8:17: the gateway 'x' is not an IP address"},
             std::pair{"10.9.0.0/16 via", "a value is missing after via"},
             std::pair{"10.9.0.0/16 table nowhere", "8:19: unknown table 'nowhere'"},
             std::pair{"10.9.0.0/16 frobnicate 1", "8:13: unknown word 'frobnicate' in a route"},
             std::pair{"10.9.0.0/16 metric -1", "8:20: metric '-1': write a number from 0 to 4294967295"},
             std::pair{"10.9.0.0/16 nexthop via 10.0.0.2 weight 257", "number from 1 to 256"},
             std::pair{"10.9.0.0/16 encap", "a value is missing after encap"},
             std::pair{"10.9.0.0/16 from 10.8.0.0/16", "8:13: the source address 'from' of a route is for IPv6 alone"},
             std::pair{"10.9.0.0/16 via 10.0.0.2 expires 60", "8:26: expires of a route is for IPv6 alone"},
             std::pair{"blackhole", "the destination of the route is missing"},
         }) {
        const auto parsed = with_items("virtual_routes", item);
        EXPECT_EQ(errors(parsed.faults).size(), 1U) << item;
        EXPECT_TRUE(says(parsed.faults, said)) << item << ": " << errors(parsed.faults).at(0);
        EXPECT_TRUE(says(parsed.faults, "the route is left out")) << item;
        EXPECT_TRUE(parsed.config.instances.at(0).routes.empty()) << item;
    }
}

// keepalived would set them: no fault of the file, and -t ends as it does there.
TEST(Routes, what_we_cannot_set_is_left_out_with_a_note) {
    for (const auto* item : {"10.9.0.0/16 encap mpls 5 via 10.0.0.2", "fd09::/64 from fd08::/64 via fd00::2",
                             "10.9.0.0/16 via 10.0.0.2 vrf red"}) {
        const auto parsed = with_items("virtual_routes", item);
        EXPECT_TRUE(errors(parsed.faults).empty()) << item;
        EXPECT_TRUE(says(parsed.faults, "of a route: not supported: the route is left out")) << item;
        EXPECT_TRUE(parsed.config.instances.at(0).routes.empty()) << item;
    }
}

TEST(Routes, options_that_are_not_set_are_noted) {
    const auto parsed =
        with_items("virtual_routes", "fd09::/64 via fd00::2 expires 60 protocol 5 append metric 4 no_track");
    EXPECT_TRUE(errors(parsed.faults).empty());
    EXPECT_TRUE(says(parsed.faults, "8:23: expires of a route: not supported, ignored"));
    EXPECT_TRUE(says(parsed.faults, "8:34: the protocol of a route is always 18"));
    EXPECT_TRUE(says(parsed.faults, "append of a route"));
    EXPECT_EQ(parsed.config.instances.at(0).routes[0].route.metric, 4U);
}

// As Debian's keepalived 2.2.7 judges it.
TEST(Routes, the_protocol_of_a_tracked_one_is_a_fault_unless_it_is_keepalived_s) {
    EXPECT_TRUE(errors(with_items("virtual_routes", "10.9.0.0/16 dev eth1 protocol 18").faults).empty());
    EXPECT_EQ(errors(with_items("virtual_routes", "10.9.0.0/16 dev eth1 protocol 4").faults).size(), 1U);
    for (const auto* protocol : {"nobody", "256", "-1"}) {
        const auto parsed = with_items("virtual_routes", std::string("10.9.0.0/16 dev eth1 protocol ") + protocol);
        EXPECT_TRUE(says(parsed.faults, "unknown protocol")) << protocol;
        EXPECT_TRUE(parsed.config.instances.at(0).routes.empty()) << protocol;
    }
}

TEST(Names, of_tables_and_their_kin_stand_in_iproute2_s_files) {
    FakeFiles files;
    files.files["/etc/iproute2/rt_tables"] = "# reserved\n254\tmain\n51 isp # ours\n\nx bad\n52\n";
    files.files["/etc/iproute2/rt_tables.d/more.conf"] = "0x60 more\n99 isp\n";
    files.files["/usr/share/iproute2/rt_tables"] = "98 isp\n61 other\n";
    files.files["/etc/iproute2/rt_protos"] = "18 keepalived\n";
    files.files["/etc/iproute2/rt_scopes"] = "77 mine\n";
    files.files["/etc/iproute2/rt_realms"] = "7 home\n";
    files.files["/etc/iproute2/rt_dsfield"] = "0xb8 EF\n";
    files.files["vrrpd.conf"] =
        "vrrp_instance isp {\ninterface isp\nvirtual_router_id 7\nvirtual_ipaddress {\n10.0.0.1/24\n}\n"
        "virtual_routes {\n10.8.0.0/16 dev isp table isp protocol keepalived scope mine realms home/home tos EF\n"
        "10.9.0.0/16 dev isp table nobody\n}\n"
        "virtual_rules {\nfrom 10.1.0.0/16 iif isp lookup more preference 7 realms 3/home dsfield EF\n"
        "from 10.1.0.0/16 table other preference 8\n}\n}\n";
    const auto loaded = load({}, files);
    const auto parsed = parse(loaded.lines, "H003");
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{"vrrpd.conf:9:27: unknown table 'nobody': write its "
                                                              "number, or a name of rt_tables: the route is left out"});
    const auto& instance = parsed.config.instances.at(0);
    EXPECT_EQ(instance.interface, "isp");
    ASSERT_EQ(instance.routes.size(), 1U);
    EXPECT_EQ(instance.routes[0].hops.at(0).device, "isp") << "only behind its word a name is one";
    EXPECT_EQ(instance.routes[0].route.table, 51U) << "the first that has the name counts";
    EXPECT_EQ(instance.routes[0].route.scope, 77);
    EXPECT_EQ(instance.routes[0].route.tos, 0xb8);
    EXPECT_EQ(instance.routes[0].route.extras->realms, 7U << 16 | 7U);
    ASSERT_EQ(instance.rules.size(), 2U);
    EXPECT_EQ(instance.rules[0].rule.table, 0x60U);
    EXPECT_EQ(instance.rules[0].rule.iif, "isp");
    EXPECT_EQ(instance.rules[0].rule.extras->realms, 3U << 16 | 7U);
    EXPECT_EQ(instance.rules[0].rule.extras->tos, 0xb8);
    EXPECT_EQ(instance.rules[1].rule.table, 61U);
}

TEST(Routes, carry_metrics_in_the_order_of_the_kernels_numbers) {
    using netlink::RouteMetric;
    const auto r = route(
        "10.9.0.0/16 via 10.0.0.2 initcwnd 10 advmss lock 1300 mtu lock 1400 rtt 10ms rttvar 5ms rto_min 1s "
        "hoplimit 3 quickack 1 features ecn congctl reno realms 3/4");
    EXPECT_EQ(r.route.mtu, 1400U);
    const std::vector<RouteMetric> expected{{RTAX_LOCK, 1U << RTAX_ADVMSS | 1U << RTAX_MTU},
                                            {RTAX_RTT, 80},
                                            {RTAX_RTTVAR, 20},
                                            {RTAX_ADVMSS, 1300},
                                            {RTAX_HOPLIMIT, 3},
                                            {RTAX_INITCWND, 10},
                                            {RTAX_FEATURES, RTAX_FEATURE_ECN},
                                            {RTAX_RTO_MIN, 1000},
                                            {RTAX_QUICKACK, 1}};
    EXPECT_EQ(r.route.extras->metrics, expected);
    EXPECT_EQ(r.route.extras->congestion_control, "reno");
    EXPECT_EQ(r.route.extras->realms, 3U << 16 | 4U);
    EXPECT_EQ(route("fd00:9::/64 via fd00::2 pref low").route.extras->preference, 3);
    const auto several = route("10.9.0.0/16 nexthop via 10.0.0.2 realms 3/4 weight 2 nexthop via 10.0.0.3 realms 5");
    EXPECT_EQ(several.hops.at(0).realms, 3U << 16 | 4U);
    EXPECT_EQ(several.hops.at(1).realms, 5U);
    EXPECT_EQ(several.route.extras->realms, 0U) << "the kernel wants the hops' own";
    EXPECT_EQ(route("10.9.0.0/16 nexthop via 10.0.0.2 realms 5").route.extras->realms, 5U);
    for (const auto* item : {"10.9.0.0/16 via 10.0.0.2 hoplimit 256", "10.9.0.0/16 via 10.0.0.2 quickack 2",
                             "10.9.0.0/16 via 10.0.0.2 rtt x", "10.9.0.0/16 via 10.0.0.2 advmss lock",
                             "10.9.0.0/16 via 10.0.0.2 features x", "10.9.0.0/16 via 10.0.0.2 realms 1/x",
                             "10.9.0.0/16 nexthop via 10.0.0.2 realms", "10.9.0.0/16 nexthop via 10.0.0.2 realms x"})
        EXPECT_TRUE(says(with_items("virtual_routes", item).faults, "the route is left out")) << item;
}

// ---- rules ------------------------------------------------------------------------------------------------

VirtualRule rule(const std::string& item) {
    const auto parsed = with_items("virtual_rules", item);
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{}) << item;
    return parsed.config.instances.at(0).rules[0];
}

TEST(Rules, take_selectors_and_a_table) {
    const auto r =
        rule("from 10.1.0.0/16 to 10.2.0.0/16 iif eth1 oif eth2 fwmark 0x17/0x10 lookup 51 preference 8000 no_track");
    EXPECT_EQ(r.rule.family, Family::ipv4);
    EXPECT_EQ(r.rule.from, net("10.1.0.0/16"));
    EXPECT_EQ(r.rule.to, net("10.2.0.0/16"));
    EXPECT_EQ(r.rule.iif, "eth1");
    EXPECT_EQ(r.rule.oif, "eth2");
    EXPECT_EQ(r.rule.fwmark, 0x17U);
    EXPECT_EQ(r.rule.fwmask, 0x10U);
    EXPECT_EQ(r.rule.table, 51U);
    EXPECT_EQ(r.rule.priority, 8000U);
    EXPECT_FALSE(r.track);
    EXPECT_EQ(rule("inet6 fwmark 5 table 28 preference 7").rule.family, Family::ipv6);
    EXPECT_EQ(rule("inet6 fwmark 5 table 28 preference 7").rule.fwmask, UINT32_MAX);
    EXPECT_EQ(rule("from any table main suppress_prefixlength 0 priority 7").rule.suppress_prefix_length, 0U);
}

TEST(Rules, without_a_preference_count_down_from_16384) {
    const auto parsed = with_items("virtual_rules", "from 10.1.0.0/16 table 51\nfrom 10.2.0.0/16 table 51");
    EXPECT_EQ(errors(parsed.faults).size(), 2U);
    EXPECT_TRUE(says(parsed.faults, "8:1: the rule has no preference, 16384 is used: write preference N"));
    const auto& rules = parsed.config.instances.at(0).rules;
    ASSERT_EQ(rules.size(), 2U);
    EXPECT_EQ(rules[0].rule.priority, 16'384U);
    EXPECT_EQ(rules[1].rule.priority, 16'383U);
}

TEST(Rules, the_protocol_is_keepalived_s_whatever_is_written) {
    for (const auto* written : {"protocol 5", "protocol static", "protocol 18"}) {
        const auto parsed =
            with_items("virtual_rules", std::string("from 10.1.0.0/16 ") + written + " table 51 preference 7");
        ASSERT_EQ(parsed.config.instances.at(0).rules.size(), 1U) << written;
        EXPECT_EQ(parsed.config.instances.at(0).rules.begin()->rule.protocol, netlink::protocol_keepalived);
        EXPECT_EQ(errors(parsed.faults).size(), written == std::string("protocol 18") ? 0U : 1U) << written;
    }
    EXPECT_TRUE(errors(with_items("virtual_rules", "from 10.1.0.0/16 protocol 5 no_track table 51 preference 7").faults)
                    .empty());
}

TEST(Rules, what_it_does_may_stand_behind_type) {
    const auto parsed = with_items("virtual_rules", "type blackhole from 10.1.0.0/16 preference 7");
    EXPECT_TRUE(errors(parsed.faults).empty());
    EXPECT_EQ(parsed.config.instances.at(0).rules.begin()->rule.extras->action, netlink::RuleExtras::Action::blackhole);
    EXPECT_TRUE(says(with_items("virtual_rules", "from 10.1.0.0/16 type unicast table 5 preference 7").faults,
                     "unknown word 'unicast' in a rule: the rule is left out"));
    EXPECT_TRUE(says(with_items("virtual_rules", "from 10.1.0.0/16 nat 10.2.0.0 table 5 preference 7").faults,
                     "nat of a rule: not supported: the rule is left out"));
}

TEST(Rules, take_all_selectors_and_actions) {
    using Action = netlink::RuleExtras::Action;
    const auto r = rule(
        "not from 10.1.0.0/16 tos 0x10 ipproto tcp sport 1-5 dport 80 uidrange 23-56 tunnel-id 32000000000 realms 1/2 "
        "suppress_ifgroup 3 table 51 preference 7");
    const auto& extras = *r.rule.extras;
    EXPECT_TRUE(extras.invert);
    EXPECT_EQ(extras.tos, 16);
    EXPECT_EQ(extras.ip_protocol, 6);
    EXPECT_EQ(extras.source_ports, (netlink::NumberRange{1, 5}));
    EXPECT_EQ(extras.destination_ports, (netlink::NumberRange{80, 80}));
    EXPECT_EQ(extras.uids, (netlink::NumberRange{23, 56}));
    EXPECT_EQ(extras.tunnel, 32'000'000'000U);
    EXPECT_EQ(extras.realms, 1U << 16 | 2U);
    EXPECT_EQ(extras.suppress_group, 3U);
    EXPECT_EQ(rule("from 10.1.0.0/16 goto 9000 preference 7").rule.extras->target, 9000U);
    EXPECT_EQ(rule("from 10.1.0.0/16 nop preference 7").rule.extras->action, Action::nop);
    EXPECT_EQ(rule("from 10.1.0.0/16 blackhole preference 7").rule.extras->action, Action::blackhole);
    EXPECT_EQ(rule("from 10.1.0.0/16 unreachable preference 7").rule.extras->action, Action::unreachable);
    EXPECT_EQ(rule("from 10.1.0.0/16 prohibit preference 7").rule.extras->action, Action::prohibit);
    EXPECT_TRUE(rule("l3mdev preference 7").rule.extras->l3mdev);
}

TEST(Rules, errors_drop_the_rule) {
    for (const auto& [item, said] : {
             std::pair{"from 10.1.0.0/16 preference 7", "a rule needs an action"},
             std::pair{"from x table 5 preference 7", "8:6: 'x' is not ADDRESS/LENGTH"},
             std::pair{"from 10.1.0.0/16 to fd00::/8 table 5 preference 7", "a rule cannot mix IPv4 and IPv6"},
             std::pair{"pref 7 table 5", "8:1: unknown word 'pref' in a rule"},
             std::pair{"table 0 preference 7", "8:7: unknown table '0'"},
             std::pair{"table 5 preference x", "preference 'x' is not a number"},
             std::pair{"table 5 fwmark 1/2/3 preference 7", "write MARK or MARK/MASK"},
             std::pair{"table", "a value is missing after table"},
             std::pair{"sport 5-1 table 5 preference 7", "sport '5-1' ends before it begins"},
             std::pair{"dport 1-70000 table 5 preference 7", "dport '70000': write a number from 0 to 65535"},
             std::pair{"ipproto quic table 5 preference 7", "ipproto 'quic': write a number from 1 to 255"},
         }) {
        const auto parsed = with_items("virtual_rules", item);
        EXPECT_EQ(errors(parsed.faults).size(), 1U) << item;
        EXPECT_TRUE(says(parsed.faults, said)) << item << ": " << errors(parsed.faults).at(0);
        EXPECT_TRUE(parsed.config.instances.at(0).rules.empty()) << item;
    }
}

}  // namespace
}  // namespace vrrpd::config::items_test
