// What the people behind the gateway do: questions and connections to the internet, forwarded ports, through
// take-overs.
#include <netinet/in.h>

#include "netns-tests/fixture.hpp"
#include "netns-tests/gateway_config.hpp"

namespace lab::nat_test {
namespace {

const auto wan_of_h003 = IpAddress::v4(198, 51, 100, 4);
const auto wan_of_h001 = IpAddress::v4(198, 51, 100, 2);
const auto held_wan = IpAddress::v4(198, 51, 100, 10);

// Detection and what a busy machine adds.
constexpr auto longest_outage = 550ms;

class Nat : public HomeTest {
protected:
    Pair start_gateways(const GatewayText& gateway = {}) { return start_pair({.after = gateway.text()}); }
    EchoServer echo{home.internet, {Home::internet_address}};
};

TEST_F(Nat, questions_are_answered_through_power_loss_and_return) {
    start_gateways();
    Pinger pinger(home.client, {Home::internet_address});
    ASSERT_TRUE(pinger.await_answer());
    auto from = wall_clock();
    home.h003.lose_power();
    EXPECT_TRUE(becomes_active(home.h001));
    EXPECT_TRUE(pinger.await_answer());
    EXPECT_LE(pinger.longest_silence(from), longest_outage) << milliseconds(pinger.longest_silence(from));
    EXPECT_EQ(echo.askers(), (std::vector{wan_of_h003, wan_of_h001})) << "masquerade must hide the client";
    from = wall_clock();
    home.h003.power_on();
    start(home.h003, {.priority = 200, .after = GatewayText{}.text()});
    EXPECT_TRUE(becomes_active(home.h003));
    EXPECT_TRUE(pinger.await_answer());
    EXPECT_LE(pinger.longest_silence(from), 200ms) << milliseconds(pinger.longest_silence(from));
}

TEST_F(Nat, sigterm_costs_the_client_150_ms_at_most) {
    auto pair = start_gateways();
    Pinger pinger(home.client, {Home::internet_address});
    ASSERT_TRUE(pinger.await_answer());
    const auto from = wall_clock();
    EXPECT_EQ(pair.active.stop(), 0);
    EXPECT_TRUE(becomes_active(home.h001));
    EXPECT_TRUE(pinger.await_answer());
    EXPECT_LE(pinger.longest_silence(from), 150ms) << milliseconds(pinger.longest_silence(from));
}

TEST_F(Nat, tcp_connection_survives_a_take_over_with_a_held_wan_address) {
    start_gateways({.address = held_wan.to_string() + "/24"});
    EXPECT_TRUE(wait_until([&] { return home.h003.has_address(held_wan); }));
    EXPECT_FALSE(home.h001.has_address(held_wan)) << "held only while Active";
    Conversation conversation(home.client, {Home::internet_address});
    ASSERT_TRUE(conversation.goes_on()) << "it must work before it can survive";
    home.h003.lose_power();
    EXPECT_TRUE(becomes_active(home.h001));
    EXPECT_TRUE(home.h001.has_address(held_wan));
    EXPECT_TRUE(conversation.goes_on()) << "the connection broke";
    const auto claim = home.wan.last(claims(held_wan));
    ASSERT_TRUE(claim) << "the held address was not announced on the WAN";
    EXPECT_EQ(claim->port, home.h001.port("wan0"));
}

TEST_F(Nat, download_goes_on_after_a_take_over_with_the_clients_next_word) {
    start_gateways({.address = held_wan.to_string() + "/24"});
    Download download(home.client, home.internet, {Home::internet_address, 80});
    ASSERT_TRUE(download.goes_on()) << "it must work before it can survive";
    home.h003.lose_power();
    EXPECT_TRUE(becomes_active(home.h001));
    std::this_thread::sleep_for(1s);  // what the server repeats meanwhile is not answered with a reset
    download.say_something();
    EXPECT_TRUE(download.goes_on()) << "the connection broke";
}

TEST_F(Nat, forwarded_port_reaches_a_lan_host_and_moves_along) {
    EchoServer service(home.server, {IpAddress::v4(10, 12, 14, 20), 443});
    start_gateways({.nat = "masquerade\nport_forward tcp 443 to 10.12.14.20:443"});
    EXPECT_TRUE(tcp_works(home.internet, {wan_of_h003, 443}));
    EXPECT_FALSE(tcp_works(home.internet, {wan_of_h001, 443}, 300ms)) << "a stand-in forwards nothing";
    home.h003.lose_power();
    EXPECT_TRUE(becomes_active(home.h001));
    EXPECT_TRUE(tcp_works(home.internet, {wan_of_h001, 443}));
}

TEST_F(Nat, connections_of_the_gateways_addresses_are_forgotten_at_a_hand_over) {
    if (!home.h003.run({"cat", "/proc/net/nf_conntrack"}).ok())
        GTEST_SKIP() << "SKIPPED: this kernel does not show its connections (CONFIG_NF_CONNTRACK_PROCFS)";
    const auto tracked = [&](const IpAddress& address) {
        const auto table = home.h003.must({"cat", "/proc/net/nf_conntrack"});
        return table.find("=" + address.to_string() + " ") != std::string::npos;
    };
    const auto on_wan = IpAddress::v4(198, 51, 100, 1);
    EchoServer neighbour(home.internet, {on_wan}), service(home.server, {IpAddress::v4(10, 12, 14, 20), 443});
    auto pair = start_gateways(
        {.address = held_wan.to_string() + "/24", .nat = "masquerade\nport_forward tcp 443 to 10.12.14.20:443"});
    EchoServer on_vip(home.h003, {Home::vip, 53});
    EXPECT_TRUE(tcp_works(home.client, {Home::vip, 53}));
    EXPECT_TRUE(tcp_works(home.client, {Home::internet_address})) << "translated to the held address";
    EXPECT_TRUE(tcp_works(home.internet, {held_wan, 443})) << "forwarded from it";
    EXPECT_TRUE(tcp_works(home.h003, {on_wan})) << "the host's own";
    EXPECT_TRUE(tracked(Home::vip) && tracked(held_wan) && tracked(on_wan));
    EXPECT_EQ(pair.active.stop(), 0);
    EXPECT_TRUE(becomes_active(home.h001));
    EXPECT_FALSE(tracked(Home::vip)) << home.h003.must({"cat", "/proc/net/nf_conntrack"});
    EXPECT_FALSE(tracked(held_wan)) << home.h003.must({"cat", "/proc/net/nf_conntrack"});
    EXPECT_TRUE(tracked(on_wan)) << "that one goes on";
}

TEST_F(Nat, forwarded_port_reaches_a_service_on_the_active_itself) {
    EchoServer service(home.h003, {IpAddress::v4(10, 12, 14, 4), 8080});
    start_gateways({.nat = "masquerade\nport_forward tcp 80 to 10.12.14.4:8080"});
    EXPECT_TRUE(tcp_works(home.internet, {wan_of_h003, 80}));
}

TEST_F(Nat, hairpin_lets_a_lan_host_use_the_outside_address) {
    EchoServer service(home.server, {IpAddress::v4(10, 12, 14, 20), 443});
    start_gateways({.nat = "masquerade\nport_forward tcp 443 to 10.12.14.20:443\nhairpin"});
    EXPECT_TRUE(tcp_works(home.client, {wan_of_h003, 443}));
}

TEST_F(Nat, nothing_new_comes_in_from_the_wan) {
    EchoServer service(home.client, {IpAddress::v4(10, 12, 14, 100), 22});
    start_gateways();
    home.internet.must({"ip", "route", "add", "10.12.14.0/24", "via", wan_of_h003.to_string()});
    EXPECT_FALSE(tcp_works(home.internet, {IpAddress::v4(10, 12, 14, 100), 22}, 500ms));
}

TEST_F(Nat, segment_size_is_clamped_to_a_narrow_wan) {
    home.h003.must({"ip", "link", "set", "wan0", "mtu", "1400"});
    start_gateways({.nat = "masquerade\nclamp_mss"});
    ASSERT_TRUE(tcp_works(home.client, {Home::internet_address}));
    const auto syn = home.wan.await([](const Frame& frame) {
        // The first IPv4 TCP segment with SYN and without ACK.
        return frame.bytes.size() >= 60 && frame.bytes[12] == 8 && frame.bytes[23] == IPPROTO_TCP &&
               (frame.bytes[47] & 0x12) == 0x02;
    });
    ASSERT_TRUE(syn);
    EXPECT_EQ(syn->bytes[54], 2) << "Linux puts the segment size first";
    EXPECT_EQ(syn->bytes[56] << 8 | syn->bytes[57], 1400 - 40);
}

TEST_F(Nat, foreign_forward_policy_is_named_and_left_alone) {
    // As Docker leaves it, written by iptables-nft.
    for (const auto* host : {&home.h003, &home.h001}) {
        host->must({"nft",
                    "table ip filter {\n"
                    "  chain DOCKER-USER { counter return\n }\n"
                    "  chain FORWARD { type filter hook forward priority 0; policy drop; jump DOCKER-USER\n }\n"
                    "}"});
    }
    const auto before = home.h003.must({"nft", "list", "table", "ip", "filter"});
    auto pair = start_gateways();
    EXPECT_TRUE(pair.active.await_log("NOT ready")) << "the operator must be told";
    EXPECT_TRUE(pair.active.await_log("FORWARD"));
    EXPECT_TRUE(pair.active.await_log("DOCKER-USER")) << "and how to mend it";
    pair.active.stop();
    EXPECT_EQ(home.h003.must({"nft", "list", "table", "ip", "filter"}), before);
}

TEST_F(Nat, foreign_tables_stay_as_they_are_through_a_whole_life) {
    home.h003.must({"nft", "add", "table", "inet", "mine"});
    home.h003.must(
        {"nft", "add", "chain", "inet", "mine", "input", "{ type filter hook input priority 0; policy accept; }"});
    home.h003.must({"nft", "add", "rule", "inet", "mine", "input", "tcp", "dport", "22", "accept"});
    const auto before = home.h003.must({"nft", "list", "table", "inet", "mine"});
    auto pair = start_gateways();
    EXPECT_EQ(home.h003.must({"nft", "list", "table", "inet", "mine"}), before);
    pair.active.stop();
    EXPECT_EQ(home.h003.must({"nft", "list", "table", "inet", "mine"}), before);
}

TEST_F(Nat, own_default_route_of_metric_0_survives_and_clients_still_get_out) {
    // H001 goes out by itself, not by the gateway, and wants to keep doing so.
    home.h001.must({"ip", "route", "replace", "default", "via", "198.51.100.1"});
    const auto before = home.h001.must({"ip", "route", "show", "table", "main", "default"});
    auto pair = start_gateways();
    Pinger pinger(home.client, {Home::internet_address});
    ASSERT_TRUE(pinger.await_answer());
    home.h003.lose_power();
    EXPECT_TRUE(becomes_active(home.h001));
    EXPECT_TRUE(pinger.await_answer());
    EXPECT_EQ(home.h001.must({"ip", "route", "show", "table", "main", "default"}), before);
    EXPECT_EQ(pair.backup.stop(), 0);
    EXPECT_EQ(home.h001.must({"ip", "route", "show", "table", "main", "default"}), before);
    EXPECT_EQ(home.h001.netns().sysctl("net/ipv4/conf/lan0/forwarding"), "0") << "restored at a clean stop";
}

TEST_F(Nat, what_a_stand_in_routes_and_serves_of_its_own_stays_as_it_is) {
    const auto guest = IpAddress::v4(10, 12, 14, 20);  // goes out by H001, which was its router before
    home.h001.must({"ip", "route", "replace", "default", "via", "198.51.100.1"});
    home.server.must({"ip", "route", "replace", "default", "via", "10.12.14.2"});
    home.internet.must({"ip", "route", "add", guest.to_string(), "via", wan_of_h001.to_string()});
    start_gateways({.nat = "masquerade\nport_forward tcp 443 to 10.12.14.20:443"});
    EchoServer own(home.h001, {wan_of_h001, 443});
    EXPECT_TRUE(tcp_works(home.internet, {wan_of_h001, 443})) << "a port that the gateway forwards";
    Pinger pinger(home.server, {Home::internet_address});
    EXPECT_TRUE(pinger.await_answer());
    EXPECT_EQ(echo.askers(), std::vector{guest});
}

// A client that slept through the announcements goes on sending to the former gateway.
TEST_F(Nat, client_that_has_not_heard_of_a_hand_over_is_served_by_the_former_gateway) {
    auto pair = start_gateways();
    Pinger before(home.client, {Home::internet_address});
    ASSERT_TRUE(before.await_answer());
    home.client.must({"ip", "neigh", "change", Home::vip.to_string(), "dev", "lan0", "nud", "permanent"});
    pair.active.reload(VrrpText{.priority = 100, .after = GatewayText{}.text()}.text());
    ASSERT_TRUE(becomes_active(home.h001));
    Pinger after(home.client, {Home::internet_address});
    EXPECT_TRUE(after.await_answer());
    const auto moved = wall_clock();
    EXPECT_TRUE(wait_until([&] { return before.answered_since(moved); })) << "what lives goes on";
    EXPECT_EQ(echo.askers(), (std::vector{wan_of_h003})) << "no private address left";
}

TEST_F(Nat, via_auto_takes_the_hosts_own_default_route) {
    start(home.h003, {.priority = 200, .after = GatewayText{.via = "auto"}.text()});
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    Pinger pinger(home.client, {Home::internet_address});
    EXPECT_TRUE(pinger.await_answer());
}

TEST_F(Nat, lost_wan_carrier_moves_the_role_by_weight_not_by_fault) {
    auto pair = start_gateways();
    home.h003.unplug("wan0");
    EXPECT_TRUE(becomes_active(home.h001)) << "200 - 120 is less than 150";
    EXPECT_TRUE(pair.active.await_log("Changing effective priority from 200 to 80: wan0 down"));
    EXPECT_FALSE(pair.active.logged("FAULT"));
    home.h003.plug("wan0");
    EXPECT_TRUE(becomes_active(home.h003, 15s));
}

TEST_F(Nat, when_all_lose_the_wan_nobody_moves) {
    start_gateways();
    const auto lost = wall_clock();
    home.h003.unplug("wan0");
    home.h001.unplug("wan0");
    EXPECT_TRUE(home.lan.await(all({from(home.h003), priority(80), since(lost)})));
    EXPECT_TRUE(stays_false(
        [&] {
            return home.lan.count(all({from(home.h001), adverts(), since(lost)})) > 0;
        },
        1500ms));
    EXPECT_TRUE(holds(home.h003));
}

}  // namespace
}  // namespace lab::nat_test
