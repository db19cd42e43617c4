// The ruleset of a gateway, as the text an operator would see. Pure: no kernel.
#include <gmock/gmock.h>

#include "netlink/nft/compile.hpp"
#include "nft_world.hpp"

namespace netlink::nft::nft_compile_test {
namespace {

using nft_test::home;
using testing::HasSubstr;
using testing::Not;

std::string rules(const GatewayRules& gateway) {
    const auto table = compile(std::span(&gateway, 1));
    return table ? text(*table) : "";
}

std::string fence(const std::vector<GatewayRules>& gateways, FencePlace place = FencePlace::egress,
                  std::vector<std::string> absent = {}) {
    const auto table = compile_fence(gateways, place, absent);
    return table ? text(*table) : "";
}

TEST(Compile, a_plain_home) {
    EXPECT_EQ(rules(home()), R"(table inet vrrpd {
	set translating_HOME {
		type ifname
		flags timeout
	}

	chain postrouting {
		type nat hook postrouting priority 90; policy accept;
		oifname "wan0" oifname @translating_HOME ip saddr 10.12.14.0/24 masquerade
	}

	chain forward {
		type filter hook forward priority 0; policy accept;
		iifname "lan0" oifname "wan0" oifname @translating_HOME ct state invalid ip saddr 10.12.14.0/24 counter drop
		iifname "wan0" oifname "lan0" ct state established,related accept
		iifname "wan0" oifname "lan0" ct status dnat accept
		iifname "wan0" oifname "lan0" counter drop
	}
}
)");
}

TEST(Compile, questions_to_a_virtual_address_go_to_the_chosen_server) {
    auto gateway = home();
    gateway.dns = {{IpAddress::v4(10, 12, 14, 2), 5353}};
    const auto out = rules(gateway);
    EXPECT_THAT(out, HasSubstr("elements = { tcp . 53 : 10.12.14.2 . 5353, udp . 53 : 10.12.14.2 . 5353 }"));
    EXPECT_THAT(out,
                HasSubstr("iifname \"lan0\" iifname @active_HOME ip saddr != 10.12.14.2 ip daddr 10.12.14.1 dnat ip "
                          "to meta l4proto . th dport map @dns4_HOME\n"));
    EXPECT_THAT(out, HasSubstr("oifname \"lan0\" oifname @active_HOME ct status dnat ip saddr 10.12.14.0/24 "
                               "ip daddr 10.12.14.2 masquerade\n"))
        << "its answer must come back to us";
    EXPECT_THAT(out, HasSubstr("type nat hook output priority -110; policy accept;\n\t\toifname \"lo\" ip daddr "
                               "10.12.14.1 dnat ip to meta l4proto . th dport map @dns4_HOME\n"))
        << "programs of this host ask, too";
}

TEST(Compile, a_server_elsewhere_is_reached_as_anything_else) {
    auto gateway = home();
    gateway.wan.clear();  // questions are sent on without a way out, too
    gateway.dns = {{IpAddress::v4(192, 0, 2, 53), 53}};
    EXPECT_THAT(rules(gateway), Not(HasSubstr("masquerade")));
    EXPECT_THAT(rules(gateway), HasSubstr("@dns4_HOME"));
    gateway.dns = {{*IpAddress::parse("2001:db8::53"), 53}};
    EXPECT_EQ(rules(gateway).find("dnat"), std::string::npos) << "no virtual address of that family";
}

TEST(Compile, a_held_address_is_translated_to_and_matched) {
    auto gateway = home();
    gateway.held = {*Prefix::parse("203.0.113.5/29")};
    gateway.hairpin = true;
    gateway.forwards = {{Transport::tcp, {443, 443}, IpAddress::v4(10, 12, 14, 20), 8443}};
    const auto out = rules(gateway);
    EXPECT_THAT(out,
                HasSubstr("oifname \"wan0\" oifname @active_HOME ip saddr 10.12.14.0/24 snat ip to 203.0.113.5\n"));
    EXPECT_THAT(out, HasSubstr("elements = { tcp . 443 : 10.12.14.20 . 8443 }"));
    const std::string dnat =
        " iifname @active_HOME ip daddr 203.0.113.5 dnat ip to meta l4proto . th dport map @forwards4_HOME\n";
    EXPECT_THAT(out, HasSubstr("iifname \"wan0\"" + dnat));
    EXPECT_THAT(out, HasSubstr("iifname \"lan0\"" + dnat));
    EXPECT_THAT(
        out, HasSubstr("\t\toifname \"lan0\" oifname @active_HOME ct status dnat ip saddr 10.12.14.0/24 masquerade\n"));
}

TEST(Compile, a_range_keeps_its_length_and_the_first_forward_of_a_port_wins) {
    auto gateway = home();
    gateway.forwards = {{Transport::udp, {65534, 65535}, IpAddress::v4(10, 12, 14, 20), 10},
                        {Transport::udp, {65535, 65535}, IpAddress::v4(10, 12, 14, 21), 99}};
    EXPECT_THAT(rules(gateway), HasSubstr("{ udp . 65534 : 10.12.14.20 . 10, udp . 65535 : 10.12.14.20 . 11 }"));
}

TEST(Compile, an_ipv6_lan_is_filtered_and_not_translated) {
    auto gateway = home();
    gateway.lans = {{"lan0", *Prefix::parse("fd00:12::/64")}};
    EXPECT_THAT(rules(gateway), Not(HasSubstr("masquerade")));
    EXPECT_THAT(rules(gateway), HasSubstr("iifname \"wan0\" oifname \"lan0\" counter drop"));
}

TEST(Compile, no_wan_no_table_and_the_fence_stands_all_the_same) {
    auto gateway = home();
    gateway.wan.clear();
    EXPECT_EQ(rules(gateway), "");
    EXPECT_THAT(fence({gateway}), HasSubstr("chain fence_lan0"));
}

TEST(CompileFence, drops_what_only_the_gateway_may_say) {
    auto gateway = home();
    gateway.virtual_addresses.push_back(*IpAddress::parse("fe80::1"));
    EXPECT_EQ(fence({gateway}), R"(table netdev vrrpd {
	set open_HOME {
		type ifname
		flags timeout
	}

	set virtual4_HOME {
		type ipv4_addr
		elements = { 10.12.14.1 }
	}

	set virtual6_HOME {
		type ipv6_addr
		elements = { fe80::1 }
	}

	chain fence_lan0 {
		type filter hook egress device "lan0" priority 0; policy accept;
		@ll,96,16 0x8100 accept
		@ll,96,16 0x88a8 accept
		oifname != @open_HOME arp saddr ip @virtual4_HOME counter drop
		oifname != @open_HOME ip saddr @virtual4_HOME ip protocol != vrrp counter drop
		oifname != @open_HOME ip6 saddr @virtual6_HOME ip6 nexthdr != vrrp counter drop
		oifname != @open_HOME icmpv6 type nd-neighbor-advert @th,64,128 @virtual6_HOME counter drop
		oifname != @open_HOME meta protocol ip udp sport 67 udp dport 68 counter drop
		oifname != @open_HOME meta protocol ip6 udp sport 547 udp dport 546 counter drop
	}
}
)");
}

TEST(CompileFence, two_gateways_on_one_lan_shut_dhcp_only_when_both_are_shut) {
    auto other = home();
    other.name = "GUEST";
    other.virtual_addresses = {IpAddress::v4(10, 12, 14, 2)};
    const auto out = fence({home(), other});
    EXPECT_THAT(out, HasSubstr("oifname != @open_GUEST ip saddr @virtual4_GUEST"));
    EXPECT_THAT(out, HasSubstr("\t\toifname != @open_HOME oifname != @open_GUEST meta protocol ip udp sport 67"));
}

TEST(CompileFence, one_that_gives_no_leases_is_open_for_the_rest) {
    auto silent = home(), other = home();
    silent.no_dhcp = true;
    other.name = "GUEST";
    const auto out = fence({silent});
    EXPECT_THAT(out, HasSubstr("\t\tmeta protocol ip udp sport 67 udp dport 68 counter drop"));
    EXPECT_THAT(out, HasSubstr("\t\tmeta protocol ip6 udp sport 547 udp dport 546 counter drop"));
    EXPECT_THAT(out, HasSubstr("\t\toifname != @open_HOME ip saddr @virtual4_HOME"));
    EXPECT_THAT(fence({silent}, FencePlace::output), HasSubstr("\t\toifname \"lan0\" meta nfproto ipv4 udp sport 67"));
    EXPECT_THAT(fence({silent, other}), HasSubstr("\t\toifname != @open_GUEST meta protocol ip udp sport 67"))
        << "the other gateway's answers leave while that one is open";
}

TEST(CompileFence, router_advertisements_leave_while_a_gateway_that_owns_them_is_open) {
    constexpr auto advertisement = "icmpv6 type nd-router-advert";
    auto owner = home(), other = home();
    owner.name = "OWNER";
    EXPECT_THAT(fence({owner, other}), Not(HasSubstr(advertisement)));
    owner.fence_router_advertisements = true;
    EXPECT_THAT(fence({owner, other}),
                HasSubstr("\t\toifname != @open_OWNER icmpv6 type nd-router-advert counter drop"));
    EXPECT_THAT(fence({owner}, FencePlace::output),
                HasSubstr("\t\toifname \"lan0\" oifname != @open_OWNER icmpv6 type nd-router-advert counter drop"));
    other.fence_router_advertisements = true;
    EXPECT_THAT(fence({owner, other}),
                HasSubstr("oifname != @open_OWNER oifname != @open_HOME icmpv6 type nd-router-advert counter drop"));
}

TEST(CompileFence, an_absent_device_holds_up_no_other) {
    auto gateway = home();
    gateway.lans.push_back({"lan1", *Prefix::parse("10.12.15.0/24")});
    const auto out = fence({gateway}, FencePlace::egress, {"lan0"});
    EXPECT_THAT(out, Not(HasSubstr("fence_lan0")));
    EXPECT_THAT(out, HasSubstr("fence_lan1"));
}

TEST(Compile, odd_names_stay_apart_and_readable_for_nft) {
    EXPECT_EQ(open_set_name("a b"), "open_a/20b");
    EXPECT_NE(open_set_name("a/20b"), open_set_name("a b"));
}

TEST(CompileRefusals, drop_packets_to_the_addresses_and_leave_neighbour_discovery) {
    const std::vector<Refused> refused{{IpAddress::v4(10, 12, 14, 1), "lan0"},
                                       {*IpAddress::parse("fd00::1"), "lan0"},
                                       {*IpAddress::parse("fe80::1"), "vrrp.7"}};
    const auto table = compile_refusals(refused);
    ASSERT_TRUE(table);
    EXPECT_EQ(text(*table), R"(table inet vrrpd-no-accept {
	set virtual4 {
		type ipv4_addr
		elements = { 10.12.14.1 }
	}

	set virtual6 {
		type ipv6_addr
		elements = { fd00::1 }
	}

	chain input {
		type filter hook input priority -1; policy accept;
		icmpv6 type nd-neighbor-solicit accept
		icmpv6 type nd-neighbor-advert accept
		ip daddr @virtual4 counter drop
		ip6 daddr @virtual6 counter drop
		iifname "vrrp.7" ip6 daddr fe80::1 counter drop
	}
}
)");
    EXPECT_FALSE(compile_refusals({}));
}

}  // namespace
}  // namespace netlink::nft::nft_compile_test
