// What keeps a dnsmasq from moving with its gateway: each fault alone, with its place and its remedy.
#include "dhcpsync/core/dnsmasq_check.hpp"

#include <gtest/gtest.h>

#include "tests/dhcpsync/dnsmasq_texts.hpp"

namespace dhcpsync::dnsmasq_check_test {
namespace {

const GatewayFacts home{{*Prefix::parse("10.12.14.0/24")},
                        {"lan0"},
                        {*Prefix::parse("10.12.14.1/24")},
                        {IpAddress::v4(10, 12, 14, 4), IpAddress::v4(10, 12, 14, 2)},
                        "uk.org.thekelleys.dnsmasq",
                        true,
                        ""};

// The recommended form, a line each; line 1 is listen-address.
const std::vector<std::string> recommended{"listen-address=10.12.14.1",
                                           "bind-dynamic",
                                           "dhcp-range=10.12.14.100,10.12.14.199,255.255.255.0,1h",
                                           "dhcp-option=option:router,10.12.14.1",
                                           "dhcp-option=option:dns-server,10.12.14.1",
                                           "dhcp-authoritative",
                                           "enable-dbus"};

// With each line that begins as one of `changes` replaced by it ("bind-dynamic!": taken out); others are added.
std::string changed(const std::vector<std::string>& changes) {
    auto lines = recommended;
    for (const auto& change : changes) {
        const bool out = change.ends_with('!');
        const auto name = change.substr(0, change.find_first_of("=!,"));
        const auto known = std::find_if(lines.begin(), lines.end(),
                                        [&](const auto& line) { return line.substr(0, line.find('=')) == name; });
        if (known == lines.end()) {
            lines.push_back(change);
        } else {
            *known = out ? "" : change;
        }
    }
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return text;
}

std::vector<Finding> findings(const std::vector<std::string>& changes, const GatewayFacts& gateway = home) {
    return check(conf_of(changed(changes)), gateway);
}

std::string all(const std::vector<Finding>& findings) {
    std::string text;
    for (const auto& finding : findings) text += std::to_string(finding.at.line) + ": " + finding.text + "\n";
    return text;
}

const Listener home_forwarder{IpAddress::v4(10, 12, 14, 4), 53};

// As AdGuard Home does by default.
TEST(DnsmasqCheck, another_server_on_the_dns_port_of_every_address_is_grave) {
    auto gateway = home;
    const auto everywhere = IpAddress::v4(0, 0, 0, 0);
    gateway.listeners = {{everywhere, 22}, {everywhere, 53}};
    EXPECT_EQ(all(findings({}, gateway)),
              "0: another DNS server of this host listens at port 53 of every address, and beside it dnsmasq does not "
              "start on the active router: write port=0, and leave DNS to that one\n");
    EXPECT_TRUE(findings({}, gateway).at(0).grave);
    EXPECT_EQ(all(findings({"port=0"}, gateway)), "");
    EXPECT_EQ(all(findings({"port=5353"}, gateway)), "");
    gateway.listeners = {{everywhere, 22}, {IpAddress::v4(10, 12, 14, 4), 53}};
    EXPECT_EQ(all(findings({}, gateway)), "");
}

TEST(DnsmasqCheck, an_upstream_that_is_the_virtual_address_is_a_circle) {
    auto gateway = home;
    gateway.forwarder = home_forwarder;
    gateway.listeners = {home_forwarder};
    EXPECT_EQ(all(findings({"server=10.12.14.1"}, gateway)),
              "8: dnsmasq asks the virtual address 10.12.14.1, and what that is asked comes to dnsmasq (dns_failover), "
              "in a circle: write server= and another DNS server, the provider's for example\n");
    EXPECT_TRUE(findings({"server=10.12.14.1"}, gateway).at(0).grave);
    for (const std::string circle : {"server=/lan/home/10.12.14.1#53@lan0", "rev-server=10.0.0.0/8,10.12.14.1"})
        EXPECT_EQ(findings({circle}, gateway).size(), 1U) << circle;
    for (const std::string other :
         {"server=9.9.9.9", "server=10.12.14.1#5353", "server=/lan/", "server=/lan/#", "server=dns.example.org"})
        EXPECT_EQ(all(findings({other}, gateway)), "") << other;
    gateway.forwarder->port = 5353;
    EXPECT_EQ(all(findings({"server=10.12.14.1"}, gateway)), "") << "another program of this host is the forwarder";
    EXPECT_EQ(all(findings({"server=10.12.14.1"})), "") << "no forwarder is this host";
}

// dns_failover sends what clients ask to the host's own address.
TEST(DnsmasqCheck, a_forwarder_that_does_dns_at_the_virtual_address_alone_is_grave) {
    auto gateway = home;
    gateway.forwarder = home_forwarder;
    const auto found = findings({}, gateway);
    ASSERT_EQ(found.size(), 1U) << all(found);
    EXPECT_TRUE(found[0].grave);
    EXPECT_EQ(
        all(found),
        "0: this host is a forwarder of dns_failover, and at 10.12.14.4 port 53 nobody answers: dnsmasq has DNS at "
        "the virtual address alone. Write port=0 here, and run another DNS server at 10.12.14.4 or at every "
        "address (AdGuard Home, unbound, or a second dnsmasq with listen-address=10.12.14.4, bind-dynamic and no "
        "dhcp-range); or leave dns_failover out, and this one answers on whichever router is active\n");
    EXPECT_EQ(all(findings({"port=0"}, gateway)), "");
    EXPECT_EQ(all(findings({"port=5353"}, gateway)), "") << "it is not the forwarder";
    gateway.listeners = {{IpAddress::v4(127, 0, 0, 1), 53}, {home_forwarder.address, 5353}};
    EXPECT_EQ(findings({}, gateway).size(), 1U);
    gateway.listeners.push_back(home_forwarder);
    EXPECT_EQ(all(findings({}, gateway)), "") << "another program answers there";
}

// Tried: it names 10.12.14.4 as the server then, and is silent nowhere.
TEST(DnsmasqCheck, an_own_address_beside_the_virtual_one_is_grave) {
    auto gateway = home;
    gateway.forwarder = home_forwarder;
    for (const std::string own : {"10.12.14.4", "10.12.14.77"}) {
        const auto found = findings({"listen-address=10.12.14.1," + own}, own == "10.12.14.4" ? gateway : home);
        ASSERT_EQ(found.size(), 1U) << all(found);
        EXPECT_TRUE(found[0].grave);
        EXPECT_EQ(found[0].at.line, 1U);
        EXPECT_EQ(found[0].text,
                  "with " + own +
                      " beside the virtual address dnsmasq answers DHCP on a stand-in, too, and names that address as "
                      "the server, so renewals after a take-over go to a router that may be gone: take it out; for DNS "
                      "at that address run another program, as a second dnsmasq without a dhcp-range, and write port=0 "
                      "here");
    }
    EXPECT_EQ(all(findings({"listen-address=10.12.14.1,127.0.0.1"})), "") << "clients are not asked there";
}

TEST(DnsmasqCheck, has_nothing_to_say_of_the_recommended_form) {
    EXPECT_EQ(all(findings({})), "");
    EXPECT_EQ(all(findings({"port=0", "dhcp-host=aa:bb:cc:dd:ee:ff,10.12.14.50"})), "");
}

struct Case {
    std::vector<std::string> changes;
    unsigned line;  // 0: nowhere
    bool grave;
    const char* said;
};
class DnsmasqFaults : public ::testing::TestWithParam<Case> {};

TEST_P(DnsmasqFaults, are_said_once_with_their_place_and_a_remedy) {
    const auto& [changes, line, grave, said] = GetParam();
    const auto found = findings(changes);
    ASSERT_EQ(found.size(), 1U) << all(found);
    EXPECT_NE(found[0].text.find(said), std::string::npos) << all(found);
    EXPECT_EQ(found[0].at.line, line) << all(found);
    EXPECT_EQ(found[0].at.file, line == 0 ? "" : "/etc/dnsmasq.conf");
    EXPECT_EQ(found[0].grave, grave) << all(found);
}

INSTANTIATE_TEST_SUITE_P(
    Binding, DnsmasqFaults,
    ::testing::Values(
        Case{{"interface=lan0"}, 8, true, "with interface=lan0 dnsmasq names the host's own address as the server"},
        Case{
            {"interface=lan*", "listen-address!"}, 8, true, "write listen-address=10.12.14.1 and bind-dynamic instead"},
        Case{{"listen-address!"}, 0, true, "dnsmasq listens everywhere"},
        Case{{"listen-address=127.0.0.1"}, 1, true, "dnsmasq does not listen on the virtual address"},
        Case{{"bind-dynamic!"}, 0, false, "bind-dynamic is missing"},
        Case{{"bind-dynamic!", "bind-interfaces"}, 8, true, "dnsmasq does not start where the virtual address is not"},
        Case{{"except-interface=lan0"}, 8, true, "this keeps dnsmasq from serving lan0"},
        Case{{"no-dhcp-interface=lan0"}, 8, true, "this keeps dnsmasq from serving lan0"}));

INSTANTIATE_TEST_SUITE_P(
    Pool, DnsmasqFaults,
    ::testing::Values(
        Case{{"dhcp-range!"},
             0,
             true,
             "no dhcp-range is there, and nobody gets an address: write dhcp-range=FIRST,LAST,255.255.255.0,1h"},
        Case{{"dhcp-range=10.99.0.10,10.99.0.20,255.255.255.0"},
             3,
             true,
             "from 10.99.0.10 is in no lan prefix of the gateway"},
        Case{{"dhcp-range=10.12.14.1,10.12.14.1,255.255.255.0"}, 3, true, "virtual address 10.12.14.1"},
        Case{{"dhcp-range=10.12.14.4,10.12.14.199,255.255.255.0"}, 3, true, "a router's own address 10.12.14.4"},
        Case{{"dhcp-range=10.12.14.100,10.12.14.199"}, 3, false, "this dhcp-range has no netmask"},
        Case{{"dhcp-lease-max=199"}, 8, true, "dhcp-lease-max is 199, less than twice the pool of 100"},
        Case{{"dhcp-range=10.12.14.100,10.12.14.199,soon"}, 3, false, "this value cannot be understood"}));

INSTANTIATE_TEST_SUITE_P(
    Behaviour, DnsmasqFaults,
    ::testing::Values(
        Case{{"dhcp-option=3,10.12.14.4"}, 4, true, "another router than the virtual address (10.12.14.4)"},
        Case{{"dhcp-option=3"}, 4, true, "another router than the virtual address (none)"},
        Case{{"dhcp-option-force=54,10.12.14.1"}, 8, true, "a forced option 54 stands twice"},
        Case{{"dhcp-option-force=option:server-identifier,10.12.14.1"}, 8, true, "a forced option 54 stands twice"},
        Case{{"dhcp-authoritative!"}, 0, false, "dhcp-authoritative is missing"},
        Case{{"no-ping"}, 8, false, "with no-ping dnsmasq offers an address without asking"},
        Case{{"dhcp-sequential-ip"}, 8, false, "with dhcp-sequential-ip two routers"},
        Case{{"leasefile-ro"}, 8, true, "with leasefile-ro dnsmasq writes no lease file"},
        Case{{"enable-dbus!"}, 0, false, "enable-dbus is missing: leases come into dnsmasq only by its restart"},
        Case{{"enable-dbus=org.example.d"}, 7, true, "dnsmasq is on the bus as org.example.d"}));

std::vector<Finding> without_options(const std::string& more) {
    return check(conf_of("listen-address=10.12.14.1\nbind-dynamic\ndhcp-authoritative\nenable-dbus\n"
                         "dhcp-range=10.12.14.100,10.12.14.199,255.255.255.0\n" +
                         more),
                 home);
}

TEST(DnsmasqCheck, wants_options_3_and_6_above_all_where_dnsmasq_does_no_dns) {
    const auto advice = without_options("");
    ASSERT_EQ(advice.size(), 1U) << all(advice);
    EXPECT_FALSE(advice[0].grave);
    const auto found = without_options("port=0\n");
    ASSERT_EQ(found.size(), 1U) << all(found);
    EXPECT_TRUE(found[0].grave);
    EXPECT_EQ(found[0].at, (TextPlace{"/etc/dnsmasq.conf", 6}));
    EXPECT_EQ(found[0].text,
              "dnsmasq does no DNS (port=0), and does not say where clients find it: write "
              "dhcp-option=option:router,10.12.14.1, dhcp-option=option:dns-server,10.12.14.1");
    EXPECT_EQ(all(without_options("port=0\ndhcp-option=3,0.0.0.0\ndhcp-option=tag:lan,6,9.9.9.9\n")), "");
}

TEST(DnsmasqCheck, a_dns_server_that_is_a_router_does_not_move) {
    const auto found = findings({"port=0", "dhcp-option!", "dhcp-option=6,10.12.14.2"});
    EXPECT_NE(all(found).find("a router's own address as their DNS server"), std::string::npos) << all(found);
}

TEST(DnsmasqCheck, a_short_virtual_address_needs_the_netmask) {
    auto gateway = home;
    gateway.virtual_addresses = {*Prefix::parse("10.12.14.1/32")};
    EXPECT_EQ(all(findings({}, gateway)), "");
    const auto found = findings({"dhcp-range=10.12.14.100,10.12.14.199,12h"}, gateway);
    ASSERT_EQ(found.size(), 1U) << all(found);
    EXPECT_TRUE(found[0].grave);
    EXPECT_EQ(found[0].at, (TextPlace{"/etc/dnsmasq.conf", 3}));
    EXPECT_EQ(
        found[0].text,
        "the virtual address 10.12.14.1/32 does not say how large its network is, and this dhcp-range has no "
        "netmask: dnsmasq names the host's own address as the server, or finds no range: write the netmask behind "
        "the addresses, 10.12.14.100,10.12.14.199,255.255.255.0");
}

TEST(DnsmasqCheck, the_default_table_is_too_small_for_a_large_pool) {
    auto gateway = home;
    gateway.networks = {*Prefix::parse("10.12.0.0/16")};
    const auto found = findings({"dhcp-range=10.12.20.0,10.12.23.255,255.255.0.0"}, gateway);
    ASSERT_EQ(found.size(), 1U) << all(found);
    EXPECT_EQ(found[0].at.line, 3U);
    EXPECT_NE(found[0].text.find("1000 (the default), less than twice the pool of 1024"), std::string::npos);
    EXPECT_NE(found[0].text.find("write dhcp-lease-max=2048"), std::string::npos);
}

TEST(DnsmasqCheck, leases_need_a_way_into_the_server) {
    auto gateway = home;
    gateway.can_restart = false;
    const auto found = findings({"enable-dbus!"}, gateway);
    ASSERT_EQ(found.size(), 1U) << all(found);
    EXPECT_TRUE(found[0].grave);
    EXPECT_NE(found[0].text.find("write enable-dbus, or restart_unit into dhcp_sync"), std::string::npos);
    gateway.bus_name = "";
    EXPECT_EQ(all(findings({"enable-dbus!"}, gateway)), "") << "the block says that itself";
}

TEST(DnsmasqCheck, the_file_that_is_followed_is_the_one_that_is_written) {
    auto gateway = home;
    gateway.lease_file = "/var/lib/misc/dnsmasq.leases";
    EXPECT_EQ(all(findings({}, gateway)), "");
    const auto found = findings({"dhcp-leasefile=/run/leases"}, gateway);
    ASSERT_EQ(found.size(), 1U) << all(found);
    EXPECT_TRUE(found[0].grave);
    EXPECT_EQ(found[0].at.line, 8U);
}

TEST(DnsmasqCheck, another_network_beside_ours_is_no_fault) {
    auto two = changed({"dhcp-range=10.12.14.100,10.12.14.199,255.255.255.0"}) +
               "dhcp-range=192.168.9.10,192.168.9.20,255.255.255.0\n";
    const auto found = check(conf_of(two), home);
    ASSERT_EQ(found.size(), 1U) << all(found);
    EXPECT_FALSE(found[0].grave);
}

TEST(DnsmasqCheck, servers_of_dhcpv6_need_one_duid) {
    const std::string range = "dhcp-range=fd00:14::100,fd00:14::1ff,64",
                      stateless = "dhcp-range=::,constructor:lan0,ra-only";
    auto gateway = home;
    gateway.networks.push_back(*Prefix::parse("fd00:14::/64"));
    const auto said = [&](const std::string& more) { return all(check(conf_of(changed({}) + more), gateway)); };
    EXPECT_EQ(said(range), "") << "a restart puts it right";
    gateway.can_restart = false;
    EXPECT_NE(said(range).find("8: each router's dnsmasq makes a server DUID of its own"), std::string::npos);
    EXPECT_EQ(said(range + "\ndhcp-duid=0,10:12:14:01"), "");
    EXPECT_EQ(said(stateless), "");
}

TEST(DnsmasqCheck, of_ipv6_alone_asks_nothing_of_ipv4) {
    auto gateway = home;
    gateway.networks = {*Prefix::parse("fd00:14::/64")};
    gateway.virtual_addresses = {*Prefix::parse("fe80::1/64")};
    gateway.members.clear();
    const auto found =
        check(conf_of("enable-dbus\ndhcp-range=fd00:14::100,fd00:14::1ff,64\ndhcp-range=::,constructor:lan0,ra-only\n"),
              gateway);
    EXPECT_EQ(all(found), "");
}

}  // namespace
}  // namespace dhcpsync::dnsmasq_check_test
