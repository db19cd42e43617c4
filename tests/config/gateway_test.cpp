// The gateway block: every line of it, the packet rules that follow, and every fault with its place.
#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::gateway_test {
namespace {

using netlink::nft::PortForward;
using netlink::nft::Transport;

IpAddress ip(const char* text) { return *IpAddress::parse(text); }
Prefix net(const char* text) { return *Prefix::parse(text); }

// The instance LAN takes lines 1 to 7; the gateway's block begins in line 8, its first line is line 9.
const std::string instance =
    "vrrp_instance LAN {\ninterface lan0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.12.14.1/24\n}\n}\n";

Parsed parse_gateway(const std::string& body) { return parse_text(instance + "gateway HOME {\n" + body + "\n}\n"); }

Gateway clean(const std::string& body) {
    const auto parsed = parse_gateway(body);
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{}) << body;
    EXPECT_TRUE(parsed.can_start());
    return parsed.config.gateways.at(0);
}

const std::string lan = "follows LAN\nlan lan0 10.12.14.0/24\n";  // lines 9 and 10
const std::string wan = "wan wan0 {\naddress own\nvia 198.51.100.1\n}\n";

TEST(Gateway, whole_as_the_design_writes_it) {
    const auto g =
        clean(lan + wan + "nat {\nmasquerade\nport_forward tcp 443 to 10.12.14.20:443\nhairpin\nclamp_mss\n}");
    EXPECT_EQ(g.name, "HOME");
    EXPECT_EQ(g.follows, "LAN");
    EXPECT_EQ(g.lans, (std::vector<netlink::nft::Lan>{{"lan0", net("10.12.14.0/24")}}));
    ASSERT_TRUE(g.wan);
    EXPECT_EQ(g.wan->device, "wan0");
    EXPECT_TRUE(g.wan->held.empty());
    EXPECT_EQ(g.wan->via, ip("198.51.100.1"));
    EXPECT_EQ(g.wan->down_weight, -120);
    EXPECT_EQ(g.rules.name, "HOME");
    EXPECT_EQ(g.rules.lans, g.lans);
    EXPECT_EQ(g.rules.wan, "wan0");
    EXPECT_TRUE(g.rules.held.empty());
    EXPECT_EQ(g.rules.virtual_addresses, std::vector{ip("10.12.14.1")});
    EXPECT_TRUE(g.rules.masquerade && g.rules.hairpin && g.rules.clamp_mss);
    EXPECT_EQ(g.rules.forwards, (std::vector<PortForward>{{Transport::tcp, {443, 443}, ip("10.12.14.20"), 443}}));
}

TEST(Gateway, who_follows_no_gateway_relieves_as_keepalived_does) {
    const auto parsed = parse_gateway(lan + wan +
                                      "}\nvrrp_instance OTHER {\ninterface lan0\nvirtual_router_id 2\n"
                                      "virtual_ipaddress {\n10.12.14.2/24\n}");
    ASSERT_EQ(errors(parsed.faults), std::vector<std::string>{});
    EXPECT_TRUE(parsed.config.instances.at(0).parameters.relieves);
    EXPECT_FALSE(parsed.config.instances.at(1).parameters.relieves);
}

TEST(Gateway, nothing_is_on_that_was_not_written) {
    const auto g = clean(lan + wan);
    EXPECT_FALSE(g.rules.masquerade || g.rules.hairpin || g.rules.clamp_mss);
    EXPECT_TRUE(g.rules.forwards.empty());
}

TEST(Gateway, while_active_names_units) {
    EXPECT_EQ(clean(lan + "while_active {\nunit tunnel\nunit backup@home.timer\n}\n").units,
              (std::vector<std::string>{"tunnel.service", "backup@home.timer"}));
    for (const auto* wrong : {"unit", "unit a b", "unit -a", "unit a/b", "unit \"a b\"", "unit *", "run a"})
        EXPECT_FALSE(parse_gateway(lan + "while_active {\n" + wrong + "\n}\n").can_start()) << wrong;
    const auto twice = parse_gateway(lan + "while_active {\nunit a\nunit a.service\n}\n");
    EXPECT_TRUE(says(twice.faults, "vrrpd.conf:13:6: unit a.service is of gateway HOME already: name it once"));
}

TEST(Gateway, held_addresses_are_kept_with_their_length) {
    const auto g =
        clean(lan + "wan wan0 {\naddress 203.0.113.5/29\naddress 203.0.113.6/29\nvia auto\ndown_weight -50\n}\n");
    EXPECT_EQ(g.wan->held, (std::vector{net("203.0.113.5/29"), net("203.0.113.6/29")}));
    EXPECT_EQ(g.rules.held, g.wan->held);
    EXPECT_FALSE(g.wan->via);
    EXPECT_EQ(g.wan->down_weight, -50);
}

TEST(Gateway, without_a_wan_only_the_address_moves_and_that_is_said) {
    const auto parsed = parse_gateway(lan);
    EXPECT_TRUE(errors(parsed.faults).empty());
    EXPECT_TRUE(says(parsed.faults, "8:1: gateway HOME: there is no wan: only the address moves, no route and no NAT"));
    EXPECT_TRUE(parsed.config.gateways.at(0).rules.wan.empty());
}

TEST(Gateway, several_lans) {
    const auto parsed = parse_text(
        "vrrp_instance LAN {\ninterface lan0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.12.14.1/24\n10.0.7.1/24 dev "
        "lan7\n10.3.3.3/32 dev other0\n}\nvirtual_ipaddress_excluded {\nfd00:14::1/64\n}\n}\n"
        "gateway HOME {\nfollows LAN\nlan lan0 10.12.14.0/24\nlan lan7 10.0.7.0/24\nlan lan0 fd00:14::/64\n}\n");
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{});
    // other0 is no lan: its address is none of the gateway's.
    EXPECT_EQ(parsed.config.gateways.at(0).rules.virtual_addresses,
              (std::vector{ip("10.12.14.1"), ip("10.0.7.1"), ip("fd00:14::1")}));
}

TEST(Gateway, a_lan_without_a_virtual_address_is_warned_of) {
    const auto parsed = parse_gateway("follows LAN\nlan lan0 10.12.14.0/24\nlan lan7 10.0.7.0/24\n");
    EXPECT_TRUE(errors(parsed.faults).empty());
    EXPECT_TRUE(says(parsed.faults,
                     "vrrpd.conf:11:1: gateway HOME: LAN has no virtual address in the lan prefix "
                     "10.0.7.0/24"));
    EXPECT_TRUE(parsed.can_start());
}

TEST(Gateway, host_bits_of_a_lan_are_cleared_and_told) {
    const auto parsed = parse_gateway("follows LAN\nlan lan0 10.12.14.4/24\n");
    EXPECT_TRUE(says(parsed.faults, "10:10: the prefix 10.12.14.4/24 has host bits: 10.12.14.0/24 is used"));
    EXPECT_EQ(parsed.config.gateways.at(0).lans.at(0).prefix, net("10.12.14.0/24"));
}

TEST(Gateway, may_stand_before_what_it_follows) {
    EXPECT_TRUE(parse_text("gateway HOME {\n" + lan + "}\n" + instance).can_start());
}

// ---- port forwards ------------------------------------------------------------------------------------------

std::vector<PortForward> forwards(const std::string& lines) {
    return clean(lan + wan + "nat {\n" + lines + "\n}").rules.forwards;
}

TEST(PortForwards, tcp_udp_and_both) {
    EXPECT_EQ(forwards("port_forward udp 53 to 10.12.14.20"),
              (std::vector<PortForward>{{Transport::udp, {53, 53}, ip("10.12.14.20"), 53}}));
    EXPECT_EQ(forwards("port_forward both 53 to 10.12.14.20:5353"),
              (std::vector<PortForward>{{Transport::tcp, {53, 53}, ip("10.12.14.20"), 5353},
                                        {Transport::udp, {53, 53}, ip("10.12.14.20"), 5353}}));
}

TEST(PortForwards, ranges_keep_their_length) {
    EXPECT_EQ(forwards("port_forward tcp 6000-6010 to 10.12.14.20"),
              (std::vector<PortForward>{{Transport::tcp, {6000, 6010}, ip("10.12.14.20"), 6000}}));
    EXPECT_EQ(forwards("port_forward tcp 6000-6010 to 10.12.14.20:7000").at(0).to_port, 7000);
}

TEST(PortForwards, may_lead_to_the_gateway_itself_and_to_ipv6) {
    EXPECT_EQ(forwards("port_forward tcp 22 to 10.12.14.1").at(0).to, ip("10.12.14.1"));
    const auto parsed =
        parse_gateway(lan + "lan lan0 fd00:14::/64\n" + wan +
                      "nat {\nport_forward tcp 80 to [fd00:14::20]:8080\nport_forward tcp 81 to fd00:14::20\n}");
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{});
    const auto& list = parsed.config.gateways.at(0).rules.forwards;
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0], (PortForward{Transport::tcp, {80, 80}, ip("fd00:14::20"), 8080}));
    EXPECT_EQ(list[1].to_port, 81);
}

TEST(PortForwards, of_the_same_port_by_another_transport_do_not_collide) {
    EXPECT_EQ(forwards("port_forward tcp 53 to 10.12.14.20\nport_forward udp 53 to 10.12.14.21").size(), 2U);
}

// ---- faults -------------------------------------------------------------------------------------------------

struct Case {
    std::string body;
    const char* said;  // with its position
};
class GatewayFaults : public ::testing::TestWithParam<Case> {};

TEST_P(GatewayFaults, prevent_a_start_and_end_t_with_5) {
    const auto parsed = parse_gateway(GetParam().body);
    EXPECT_TRUE(says(parsed.faults, GetParam().said))
        << GetParam().body << "\nsays: " << (errors(parsed.faults).empty() ? "nothing" : errors(parsed.faults)[0]);
    EXPECT_EQ(errors(parsed.faults).size(), 1U) << GetParam().body;
    EXPECT_FALSE(parsed.can_start());
    EXPECT_EQ(config_test_status(parsed.faults, false, false), 5);
    EXPECT_EQ(config_test_status(parsed.faults, false, true), 5);
}

INSTANTIATE_TEST_SUITE_P(
    Lines, GatewayFaults,
    ::testing::Values(
        Case{lan + wan + "nat {\nmasqerade\n}", "16:1: unknown keyword 'masqerade' in nat: did you mean masquerade?"},
        Case{lan + wan + "nat {\nmasquerade now\n}", "16:12: unexpected 'now': write masquerade"},
        Case{lan + "frobnicate\n", "11:1: unknown keyword 'frobnicate' in gateway"},
        Case{lan + "wan wan0 {\nadress own\n}", "12:1: unknown keyword 'adress' in wan: did you mean address?"},
        Case{"lan lan0 10.12.14.0/24", "8:1: gateway HOME: follows is missing"},
        Case{"follows LAM\nlan lan0 10.12.14.0/24",
             "9:9: gateway HOME: there is no vrrp_instance or vrrp_sync_group LAM (did you mean LAN?)"},
        Case{"follows LAN WAN\nlan lan0 10.12.14.0/24",
             "9:13: unexpected 'WAN': write follows and the name of a vrrp_instance or vrrp_sync_group"},
        Case{"follows LAN", "8:1: gateway HOME: lan is missing"},
        Case{"follows LAN\nlan lan0", "10:1: too few words: write lan DEVICE PREFIX"},
        Case{lan + "lan lan0 10.12.14.0/28",
             "11:1: gateway HOME: the lan prefix 10.12.14.0/28 overlaps with 10.12.14.0/24"},
        Case{"follows LAN\nlan lan0 10.12.15.0/24",
             "9:9: gateway HOME: the virtual address 10.12.14.1 of LAN is in none of the lan prefixes"},
        Case{"follows LAN\nlan lan9 10.12.14.0/24", "9:9: gateway HOME: LAN has no virtual address on a lan device"},
        Case{lan + "wan lan0 {\n}", "11:1: gateway HOME: lan0 is a lan device, too: the wan needs a device of its own"},
        Case{lan + wan + "wan wan1 {\n}", "15:1: wan stands twice in this gateway: write it once"},
        Case{lan + "nat {\nmasquerade\n}", "11:1: gateway HOME: nat needs a wan"},
        Case{lan + "wan wan0 {\naddress dhcp\n}",
             "12:9: address dhcp is not possible yet: write address own, or the address itself, like 203.0.113.5/29"},
        Case{lan + "wan wan0 {\naddress 203.0.113.5\n}", "12:9: '203.0.113.5' is no address with its length"},
        Case{lan + "wan wan0 {\naddress own\naddress 203.0.113.5/29\n}",
             "13:9: address own and a held address exclude"},
        Case{lan + "wan wan0 {\nvia gateway\n}", "12:5: via 'gateway' is not an IP address: write one, or auto"},
        Case{lan + "wan wan0 {\naddress 203.0.113.5/29\nvia fe80::1\n}",
             "via is of another family than every held address"},
        Case{lan + "wan wan0 {\ndown_weight 5\n}", "12:13: down_weight '5': write a number from -253 to 0"}));

std::string nat(const std::string& line) { return lan + wan + "nat {\n" + line + "\n}"; }

INSTANTIATE_TEST_SUITE_P(
    Forwards, GatewayFaults,
    ::testing::Values(
        Case{nat("port_forward tcp 443"), "16:1: too few words: write port_forward tcp|udp|both"},
        Case{nat("port_forward sctp 443 to 10.12.14.20"), "16:14: unknown transport 'sctp': write tcp, udp or both"},
        Case{nat("port_forward tcp 0 to 10.12.14.20"), "16:18: '0' is no port"},
        Case{nat("port_forward tcp 70000 to 10.12.14.20"), "16:18: '70000' is no port"},
        Case{nat("port_forward tcp 20-10 to 10.12.14.20"), "16:18: '20-10' is no port"},
        Case{nat("port_forward tcp 443 at 10.12.14.20"), "16:22: 'at' where 'to' should stand"},
        Case{nat("port_forward tcp 443 to web"), "16:25: 'web' is no target"},
        Case{nat("port_forward tcp 443 to 10.12.14.20:x"), "16:25: '10.12.14.20:x' is no target"},
        Case{nat("port_forward tcp 1-100 to 10.12.14.20:65500"), "16:27: the range goes beyond port 65535"},
        Case{nat("port_forward tcp 443 to 10.99.0.1"), "16:1: gateway HOME: 10.99.0.1 is in none of the lan prefixes"},
        Case{nat("port_forward tcp 440-450 to 10.12.14.20\nport_forward tcp 443 to 10.12.14.21"),
             "17:1: gateway HOME: tcp port 443 is forwarded already"},
        Case{nat("port_forward udp 5 to 10.12.14.20\nport_forward udp 1-9 to 10.12.14.21"),
             "17:1: gateway HOME: udp port 1-9 is forwarded already"}));

TEST(GatewayFaultsOfTheWhole, a_word_without_its_value_is_an_error_not_class_2) {
    const auto parsed = parse_gateway("follows\nlan lan0 10.12.14.0/24");
    EXPECT_TRUE(says(parsed.faults, "9:1: a value is missing after follows"));
    EXPECT_FALSE(parsed.can_start());
    EXPECT_EQ(config_test_status(parsed.faults, false, false), 5);
}

TEST(GatewayFaultsOfTheWhole, names_and_lans_are_not_shared) {
    const std::string one = "gateway HOME {\n" + lan + "}\n";
    EXPECT_TRUE(says(parse_text(instance + one + one).faults, "12:9: gateway HOME stands twice"));
    const auto shared = parse_text(instance + one + "gateway TWO {\n" + lan + "}\n");
    EXPECT_TRUE(says(shared.faults, "12:1: gateway TWO: lan0 is a lan of gateway HOME already"));
    EXPECT_FALSE(shared.can_start());
}

TEST(GatewayFaultsOfTheWhole, one_of_several_daemons_has_none) {
    const auto named = parse_text("instance other\n" + instance + "gateway HOME {\n" + lan + "}\n");
    EXPECT_TRUE(says(named.faults, "gateway HOME: a daemon with an instance name (other) has none"));
    EXPECT_FALSE(named.can_start());
    EXPECT_TRUE(parse_text("instance other\n" + instance).can_start());
}

}  // namespace
}  // namespace vrrpd::config::gateway_test
