// Routes and rules.
#include <linux/rtnetlink.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/netlink/contract.hpp"

namespace netlink::test::contract_route_test {

namespace {

class RouteContract : public KernelContract {};

TEST_P(RouteContract, routes_in_their_own_table) {
    add(on_lan("10.12.14.4/24"));
    auto route = via_lan("0.0.0.0/0", "10.12.14.254", 4711);
    route.source = address("10.12.14.4");
    route.metric = 7;
    route.mtu = 1400;
    add(route);
    add(route);
    ASSERT_EQ(routes_to("0.0.0.0/0", 4711).size(), 1u);
    const auto held = routes_to("0.0.0.0/0", 4711).front();
    EXPECT_EQ(held, route);
    EXPECT_TRUE(routes_to("0.0.0.0/0").empty());
    remove(route);
    EXPECT_TRUE(routes_to("0.0.0.0/0", 4711).empty());
}

TEST_P(RouteContract, a_gateway_beyond_the_subnets_needs_onlink) {
    add(on_lan("10.12.14.4/24"));
    auto route = via_lan("0.0.0.0/0", "198.51.100.1", 4711);
    EXPECT_EQ(apply(Add{route}).error().code, ENETUNREACH);
    route.hops.front().onlink = true;
    add(route);
    ASSERT_EQ(routes_to("0.0.0.0/0", 4711).size(), 1u);
    EXPECT_TRUE(routes_to("0.0.0.0/0", 4711).front().hops.front().onlink);
}

TEST_P(RouteContract, routes_over_several_hops_and_to_nowhere) {
    add(on_lan("10.12.14.4/24"));
    auto route = via_lan("10.99.0.0/16", "10.12.14.254");
    route.hops.push_back(NextHop{address("10.12.14.253"), world_->lan, 256, false});
    for (auto& hop : route.hops) hop.realms = 3U << 16 | hop.weight;
    add(route);
    ASSERT_EQ(routes_to("10.99.0.0/16").size(), 1u);
    EXPECT_EQ(routes_to("10.99.0.0/16").front().hops, route.hops);
    remove(route);
    EXPECT_TRUE(routes_to("10.99.0.0/16").empty());

    for (const auto type : {RouteType::blackhole, RouteType::unreachable, RouteType::prohibit, RouteType::throw_}) {
        for (const auto* to : {"10.98.0.0/16", "2001:db8:98::/48"}) {
            Route nowhere;
            nowhere.destination = prefix(to);
            nowhere.type = type;
            add(nowhere);
            ASSERT_EQ(routes_to(to).size(), 1u);
            EXPECT_EQ(routes_to(to).front().type, type);
            EXPECT_TRUE(routes_to(to).front().hops.empty());
            remove(nowhere);
            EXPECT_TRUE(routes_to(to).empty());
        }
    }
}

TEST_P(RouteContract, routes_of_the_types_that_are_mostly_the_kernels_own) {
    add(on_lan("10.12.14.4/24"));
    for (const auto type : {RouteType::local, RouteType::broadcast, RouteType::multicast}) {
        Route route;
        route.destination = prefix("10.97.0.0/16");
        route.type = type;
        route.hops = {NextHop{{}, world_->lan}};
        add(route);
        ASSERT_EQ(routes_to("10.97.0.0/16").size(), 1U) << name(type);
        EXPECT_EQ(routes_to("10.97.0.0/16").front().type, type);
        EXPECT_EQ(routes_to("10.97.0.0/16").front().scope, effective_scope(route)) << name(type);
        remove(route);
        EXPECT_TRUE(routes_to("10.97.0.0/16").empty()) << name(type);
    }
}

TEST_P(RouteContract, our_own_route_is_replaced) {
    add(on_lan("10.12.14.4/24"));
    add(on_lan("2001:db8::4/64"));
    add(via_lan("10.99.0.0/16", "10.12.14.254"));
    add(via_lan("10.99.0.0/16", "10.12.14.253"));
    ASSERT_EQ(routes_to("10.99.0.0/16").size(), 1u);
    EXPECT_EQ(routes_to("10.99.0.0/16").front().hops.front().via, address("10.12.14.253"));
    add(via_lan("2001:db8:9::/48", "2001:db8::fe"));
    add(via_lan("2001:db8:9::/48", "2001:db8::fd"));
    ASSERT_EQ(routes_to("2001:db8:9::/48").size(), 1u);
    EXPECT_EQ(routes_to("2001:db8:9::/48").front().hops.front().via, address("2001:db8::fd"));
}

TEST_P(RouteContract, one_batch_ends_as_if_all_went_in_order) {
    add(on_lan("10.12.14.4/24"));
    add(on_lan("2001:db8::4/64"));
    for (const auto& [to, first, second] : {std::tuple{"10.99.0.0/16", "10.12.14.254", "10.12.14.253"},
                                            {"2001:db8:9::/48", "2001:db8::fe", "2001:db8::fd"}}) {
        const auto before = via_lan(to, first);
        const auto after = via_lan(to, second);
        add(before);
        const std::vector<Request> change{Add{after}, Delete{before}, Add{after}};
        for (const auto& result : kernel().apply(change)) EXPECT_TRUE(result) << result.error().describe();
        ASSERT_EQ(routes_to(to).size(), 1u);
        EXPECT_EQ(routes_to(to).front().hops, after.hops);
        const std::vector<Request> gone{Add{after}, Delete{after}};
        for (const auto& result : kernel().apply(gone)) EXPECT_TRUE(result) << result.error().describe();
        EXPECT_TRUE(routes_to(to).empty());
    }
}

TEST_P(RouteContract, a_strangers_route_is_neither_replaced_nor_deleted) {
    constexpr std::uint8_t boot = 3;  // RTPROT_BOOT, what `ip route add` says
    add(on_lan("10.12.14.4/24"));
    add(on_lan("2001:db8::4/64"));
    auto theirs = via_lan("0.0.0.0/0", "10.12.14.254");
    theirs.protocol = boot;
    add(theirs);
    const auto ours = via_lan("0.0.0.0/0", "10.12.14.253");
    add(ours);
    ASSERT_EQ(routes_to("0.0.0.0/0").size(), 2u);
    EXPECT_EQ(routes_to("0.0.0.0/0").front().hops.front().via, address("10.12.14.253")) << "ours goes first";
    remove(ours);
    remove(ours);
    ASSERT_EQ(routes_to("0.0.0.0/0").size(), 1u);
    EXPECT_EQ(routes_to("0.0.0.0/0").front().protocol, boot);

    auto theirs6 = via_lan("2001:db8:9::/48", "2001:db8::fe");
    theirs6.protocol = boot;
    add(theirs6);
    const auto refused = apply(Add{via_lan("2001:db8:9::/48", "2001:db8::fd")});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, EEXIST);
    remove(via_lan("2001:db8:9::/48", "2001:db8::fe"));
    ASSERT_EQ(routes_to("2001:db8:9::/48").size(), 1u);
    EXPECT_EQ(routes_to("2001:db8:9::/48").front().protocol, boot);
}

TEST_P(RouteContract, routes_vanish_with_their_address) {
    add(on_lan("10.12.14.4/24"));
    add(on_lan("10.12.15.4/24"));
    auto route = via_lan("10.99.0.0/16", "10.12.14.254");
    route.source = address("10.12.15.4");
    add(route);
    remove(on_lan("10.12.15.4/24"));
    EXPECT_TRUE(routes_to("10.99.0.0/16").empty()) << "its preferred source went";
    EXPECT_TRUE(routes_to("10.12.15.0/24").empty());

    add(via_lan("10.99.0.0/16", "10.12.14.254"));
    remove(on_lan("10.12.14.4/24"));
    EXPECT_TRUE(routes_to("10.99.0.0/16").empty()) << "the device's last address went";
}

TEST_P(RouteContract, routes_and_ipv6_addresses_vanish_with_their_link) {
    add(on_lan("10.12.14.4/24"));
    add(on_lan("2001:db8::4/64"));
    add(via_lan("10.99.0.0/16", "10.12.14.254"));
    (void)world_->changes();
    world_->set_up("lan0", false);
    EXPECT_FALSE(snapshot().link("lan0")->usable());
    EXPECT_TRUE(routes_to("10.99.0.0/16").empty());
    EXPECT_TRUE(routes_to("10.12.14.0/24").empty());
    EXPECT_TRUE(find(on_lan("10.12.14.4/24")));
    EXPECT_FALSE(find(on_lan("2001:db8::4/64")));
    EXPECT_EQ(apply(Add{via_lan("10.99.0.0/16", nullptr)}).error().code, ENETDOWN);
    const auto changes = world_->changes();
    EXPECT_GE(count<LinkChanged>(changes, [](const auto& e) { return e.link.name == "lan0" && !e.link.admin_up; }), 1u);
    EXPECT_EQ(count<AddressGone>(changes, [](const auto& e) { return e.address.prefix == prefix("2001:db8::4/64"); }),
              1u);

    world_->set_up("lan0", true);
    EXPECT_EQ(routes_to("10.12.14.0/24").size(), 1u);
    EXPECT_TRUE(routes_to("10.99.0.0/16").empty());
}

TEST_P(RouteContract, rules_are_added_once_and_deleted) {
    for (const auto family : {Family::ipv4, Family::ipv6}) {
        Rule main;
        main.family = family;
        main.priority = 4711;
        main.suppress_prefix_length = 0;
        Rule own;
        own.family = family;
        own.priority = 4712;
        own.from = prefix(family == Family::ipv4 ? "10.12.14.0/24" : "2001:db8::/64");
        own.to = prefix(family == Family::ipv4 ? "10.13.0.0/16" : "2001:db8:1::/48");
        own.iif = "lan0";
        own.fwmark = 0x10;
        own.fwmask = 0xff;
        own.table = 4711;
        for (int twice = 0; twice < 2; ++twice) {
            add(main);
            add(own);
        }
        EXPECT_EQ(rules_of(4711), std::vector<Rule>{main});
        EXPECT_EQ(rules_of(4712), std::vector<Rule>{own});
        for (int twice = 0; twice < 2; ++twice) {
            remove(main);
            remove(own);
        }
        EXPECT_TRUE(rules_of(4711).empty());
        EXPECT_TRUE(rules_of(4712).empty());
    }
}

// What the kernel reports of them is what was asked for: else ours would be taken for missing, and added for ever.
TEST_P(RouteContract, rules_with_all_there_is_to_say) {
    using Action = RuleExtras::Action;
    std::vector<Rule> rules(8);
    for (std::size_t i = 0; i < rules.size(); ++i) rules[i].priority = 4711 + static_cast<std::uint32_t>(i);
    auto& matching = rules[0].extras.edit();
    matching.invert = true;
    matching.tos = 0x10;
    matching.ip_protocol = 6;
    matching.uids = NumberRange{23, 56};
    matching.source_ports = NumberRange{1, 5};
    matching.destination_ports = NumberRange{80, 80};
    rules[1].extras.edit().suppress_group = 3;
    rules[2].extras.edit().tunnel = 7;
    rules[3].extras.edit().action = Action::go_to;
    rules[3].extras.edit().target = 9000;
    rules[4].extras.edit().action = Action::nop;
    rules[5].extras.edit().action = Action::blackhole;
    rules[6].extras.edit().action = Action::unreachable;
    rules[7].extras.edit().action = Action::prohibit;
    for (std::size_t i = 3; i < rules.size(); ++i) rules[i].table = 0;
    for (const auto& rule : rules) {
        for (int twice = 0; twice < 2; ++twice) add(rule);
        EXPECT_EQ(rules_of(rule.priority), std::vector<Rule>{rule}) << describe(rule);
        remove(rule);
        EXPECT_TRUE(rules_of(rule.priority).empty()) << describe(rule);
    }
}

TEST_P(RouteContract, routes_with_metrics_of_all_kinds) {
    add(on_lan("10.12.14.4/24"));
    auto route = via_lan("10.99.0.0/16", "10.12.14.254");
    route.mtu = 1400;
    route.extras.edit().metrics = {{RTAX_LOCK, 1U << RTAX_MTU}, {RTAX_ADVMSS, 1300}, {RTAX_INITCWND, 10}};
    route.extras.edit().congestion_control = "reno";
    add(route);
    ASSERT_EQ(routes_to("10.99.0.0/16").size(), 1u);
    EXPECT_EQ(routes_to("10.99.0.0/16").front().mtu, 1400u);
    remove(route);
    EXPECT_TRUE(routes_to("10.99.0.0/16").empty());
}

TEST_P(RouteContract, a_strangers_rule_is_not_deleted) {
    Rule theirs;
    theirs.priority = 4711;
    theirs.table = 99;
    theirs.protocol = 3;
    add(theirs);
    auto ours = theirs;
    ours.protocol = protocol_keepalived;
    remove(ours);
    EXPECT_EQ(rules_of(4711), std::vector<Rule>{theirs});
}

TEST_P(RouteContract, a_picture_holds_the_routes_that_are_asked_for) {
    add(on_lan("10.12.14.4/24"));
    for (const auto& route : {via_lan("0.0.0.0/0", "10.12.14.254"), via_lan("10.99.0.0/16", "10.12.14.254"),
                              via_lan("10.99.0.0/16", "10.12.14.254", 4711), via_lan("10.98.0.0/16", "10.12.14.254")})
        add(route);
    const auto held = kernel().snapshot(RouteInterest({prefix("10.99.7.7/16"), prefix("10.97.0.0/16")}));
    ASSERT_TRUE(held);
    std::vector<std::pair<std::string, std::uint32_t>> seen;
    for (const auto& route : held->routes)
        if (route.destination.address.is_v4()) seen.emplace_back(route.destination.to_string(), route.table);
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, (std::vector<std::pair<std::string, std::uint32_t>>{
                        {"0.0.0.0/0", main_table}, {"10.99.0.0/16", main_table}, {"10.99.0.0/16", 4711}}));
    EXPECT_GT(snapshot().routes.size(), held->routes.size());
}

INSTANTIATE_TEST_SUITE_P(On, RouteContract, both_kernels(), name_of_kernel);

}  // namespace

}  // namespace netlink::test::contract_route_test
