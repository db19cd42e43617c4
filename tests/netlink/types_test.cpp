// Which objects are one and the same for the kernel, and how they read in a log.
#include "netlink/types.hpp"

#include <gtest/gtest.h>

#include "netlink/kernel.hpp"

namespace netlink::types_test {

namespace {

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }
Prefix prefix(const char* text) { return Prefix::parse(text).value(); }

Address address(const char* text, std::uint32_t link = 7) {
    Address value;
    value.link = IfIndex{link};
    value.prefix = prefix(text);
    return value;
}

Route route(const char* to) {
    Route value;
    value.destination = prefix(to);
    value.hops = {NextHop{ip("10.12.14.254"), IfIndex{7}, 1, false}};
    return value;
}

TEST(SameObject, an_address_is_its_link_prefix_and_peer) {
    auto renewed = address("10.12.14.1/24");
    renewed.valid = std::chrono::seconds(5);
    renewed.secondary = true;
    renewed.label = "x";
    EXPECT_TRUE(same_object(address("10.12.14.1/24"), renewed));
    EXPECT_FALSE(same_object(address("10.12.14.1/24"), address("10.12.14.1/32")));
    EXPECT_FALSE(same_object(address("10.12.14.1/24"), address("10.12.14.2/24")));
    EXPECT_FALSE(same_object(address("10.12.14.1/24"), address("10.12.14.1/24", 8)));
    auto far = address("10.12.14.1/32");
    far.peer = ip("10.12.14.9");
    EXPECT_FALSE(same_object(address("10.12.14.1/32"), far));
}

TEST(SameObject, a_route_is_its_table_destination_tos_and_metric) {
    auto other = route("10.99.3.4/16");
    other.hops.clear();
    other.protocol = 3;
    other.mtu = 1400;
    EXPECT_TRUE(same_object(route("10.99.0.0/16"), other));
    other.metric = 5;
    EXPECT_FALSE(same_object(route("10.99.0.0/16"), other));
    other.metric = 0;
    other.table = 100;
    EXPECT_FALSE(same_object(route("10.99.0.0/16"), other));
    EXPECT_FALSE(same_object(route("0.0.0.0/0"), route("::/0")));
}

TEST(SameObject, ipv6_metric_0_is_1024) {
    auto reported = route("2001:db8::/48");
    reported.metric = 1024;
    EXPECT_TRUE(same_object(route("2001:db8::/48"), reported));
}

TEST(SameObject, a_rule_is_everything_but_its_maker) {
    Rule rule;
    rule.priority = 100;
    rule.fwmark = 1;
    Rule reported = rule;
    reported.protocol = 3;
    reported.fwmask = 0xffffffff;
    reported.from = prefix("0.0.0.0/0");
    EXPECT_TRUE(same_object(rule, reported));
    reported.suppress_prefix_length = 0;
    EXPECT_FALSE(same_object(rule, reported));
}

TEST(Describe, reads_like_iproute2) {
    EXPECT_EQ(describe(address("10.12.14.1/24"), "lan0"), "10.12.14.1/24 dev lan0");
    EXPECT_EQ(describe(address("10.12.14.1/24"), ""), "10.12.14.1/24 dev #7");
    auto value = route("0.0.0.0/0");
    value.table = 100;
    value.metric = 5;
    value.source = ip("10.12.14.4");
    value.hops.front().onlink = true;
    EXPECT_EQ(describe(value), "default via 10.12.14.254 dev #7 onlink src 10.12.14.4 table 100 metric 5");
    value.hops.push_back(NextHop{ip("10.12.14.253"), {}, 1, false});
    EXPECT_EQ(
        describe(value),
        "default nexthop via 10.12.14.254 dev #7 onlink nexthop via 10.12.14.253 src 10.12.14.4 table 100 metric 5");
    value = route("10.99.0.0/16");
    value.type = RouteType::blackhole;
    value.hops.clear();
    EXPECT_EQ(describe(value), "blackhole 10.99.0.0/16");

    Rule rule;
    rule.priority = 100;
    rule.suppress_prefix_length = 0;
    EXPECT_EQ(describe(rule), "rule 100: from all lookup 254 suppress_prefixlength 0");
    EXPECT_EQ(describe(Request{Delete{rule}}), "delete rule 100: from all lookup 254 suppress_prefixlength 0");
    const auto lan0 = [](IfIndex index) { return index == IfIndex{7} ? "lan0" : ""; };
    EXPECT_EQ(describe(Request{Add{address("10.12.14.1/24")}}, lan0), "add 10.12.14.1/24 dev lan0");
    EXPECT_EQ(describe(Request{Delete{route("10.99.0.0/16")}}, lan0), "delete 10.99.0.0/16 via 10.12.14.254 dev lan0");
}

}  // namespace

}  // namespace netlink::types_test
