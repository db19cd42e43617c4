// IPv6 behind the gateway: nothing is translated, so the internet answers to a held address that moves along.
#include "netns-tests/fixture.hpp"

namespace lab::gateway6_test {
namespace {

const auto internet6 = *IpAddress::parse("fd00:203::10");
const auto held_wan6 = *IpAddress::parse("fd00:198::10");
const auto client6 = *IpAddress::parse("fd00:12:14::100");
const auto server6 = *IpAddress::parse("fd00:12:14::20");

constexpr auto longest_outage = 550ms;  // detection and what a busy machine adds

// An instance of its own, as RFC 9568 wants it: the link-local address first.
VrrpText six(int priority, const std::string& nat = {}) {
    return {.priority = priority,
            .addresses = {"fe80::12:1/64", Home::vip6.to_string() + "/64"},
            .after =
                "gateway HOME6 {\n"
                "    follows LAN\n"
                "    lan lan0 fd00:12:14::/64\n"
                "    wan wan0 {\n"
                "        address fd00:198::10/64\n"
                "        via fd00:198::1\n"
                "    }\n" +
                nat + "}\n"};
}

// One IPv4 instance that takes the IPv6 addresses along, as many a keepalived.conf has it. `via` is IPv4's alone;
// IPv6 goes out by the host's own default route.
VrrpText both(int priority) {
    return {.priority = priority,
            .more = "virtual_ipaddress_excluded {\n" + Home::vip6.to_string() + "/64\n}",
            .after =
                "gateway HOME {\n"
                "    follows LAN\n"
                "    lan lan0 10.12.14.0/24\n"
                "    lan lan0 fd00:12:14::/64\n"
                "    wan wan0 {\n"
                "        address fd00:198::10/64\n"
                "        address 198.51.100.10/24\n"
                "        via 198.51.100.1\n"
                "    }\n"
                "    nat {\n        masquerade\n    }\n"
                "}\n"};
}

class Gateway6 : public HomeTest {
protected:
    Gateway6() {
        const auto add = [](const Host& host, const std::string& what) { host.netns().ip(what); };
        add(home.internet,
            "address add fd00:198::1/64 dev wan0\naddress add fd00:203::10/128 dev lo\n"
            "route add fd00:12:14::/64 via fd00:198::10\n");
        for (const auto* host : {&home.client, &home.server}) add(*host, "route add default via fd00:12:14::1\n");
        add_wan(home.h003, 4);
        add_wan(home.h001, 2);
    }
    static void add_wan(const Host& host, int number) {
        host.netns().ip("address add fd00:198::" + std::to_string(number) + "/64 dev wan0\n");
    }
    bool becomes_active6(const Host& host) {
        return wait_until(
            [&] { return home.holders(Home::vip6) == std::vector{host.name()} && host.has_address(held_wan6); });
    }
    // H003 is the gateway, H001 stands in.
    void start_both(const VrrpText& active, const VrrpText& backup) {
        start(home.h003, active);
        ASSERT_TRUE(becomes_active6(home.h003));
        ASSERT_TRUE(start(home.h001, backup).await_log("Entering BACKUP STATE"));
        ASSERT_TRUE(home.lan.await(all({from(home.h003), adverts(), since(wall_clock())})));
    }
    void expect_survived_power_loss(const Pinger& pinger) {
        ASSERT_TRUE(pinger.await_answer());
        const auto fault = wall_clock();
        home.h003.lose_power();
        EXPECT_TRUE(becomes_active6(home.h001));
        EXPECT_TRUE(pinger.await_answer());
        EXPECT_LE(pinger.longest_silence(fault), longest_outage) << milliseconds(pinger.longest_silence(fault));
    }
};

TEST_F(Gateway6, questions_are_answered_through_power_loss) {
    EchoServer echo(home.internet, {internet6});
    start_both(six(200), six(150));
    Pinger pinger(home.client, {internet6});
    expect_survived_power_loss(pinger);
    EXPECT_EQ(echo.askers(), std::vector{client6}) << "IPv6 is not translated";
}

TEST_F(Gateway6, link_local_address_as_the_clients_gateway_moves) {
    home.client.netns().ip("route replace default via fe80::12:1 dev lan0\n");
    EchoServer echo(home.internet, {internet6});
    start_both(six(200), six(150));
    expect_survived_power_loss(Pinger(home.client, {internet6}));
}

TEST_F(Gateway6, better_router_that_cannot_add_an_address_does_not_shake_the_group) {
    start(home.h001, six(150));
    ASSERT_TRUE(becomes_active6(home.h001));
    home.h003.netns().set_sysctl("net/ipv6/conf/wan0/disable_ipv6", "1");
    auto& router = start(home.h003, six(200));
    ASSERT_TRUE(router.await_log("could not be added"));
    ASSERT_TRUE(router.await_log("leaving the role to"));
    ASSERT_TRUE(becomes_active6(home.h001));
    EXPECT_TRUE(stays_false([&] { return home.h003.has_address(Home::vip6); }, 3s));
    home.h001.lose_power();
    EXPECT_TRUE(home.lan.await(all({from(home.h003), adverts(), since(wall_clock())}))) << "silence promotes";
}

TEST_F(Gateway6, everything_is_withdrawn_at_a_stop) {
    const auto state = [&] {
        return home.h003.must({"sh", "-c", "ip -6 -o address; ip -6 rule; ip -6 route show table all type unicast"});
    };
    const auto before = state();
    auto& router = start(home.h003, six(200));
    ASSERT_TRUE(becomes_active6(home.h003));
    EXPECT_EQ(home.h003.netns().sysctl("net/ipv6/conf/all/forwarding"), "1");
    EXPECT_NE(home.h003.must({"ip", "-6", "rule"}).find("11200:"), std::string::npos);
    EXPECT_EQ(router.stop(), 0);
    EXPECT_EQ(state(), before);
}

TEST_F(Gateway6, nothing_new_comes_in_from_the_wan_but_a_forwarded_port) {
    EchoServer secret(home.client, {client6, 22});
    EchoServer service(home.server, {server6, 443});
    start_both(six(200, "nat {\nport_forward tcp 443 to [fd00:12:14::20]:443\n}\n"), six(150));
    EXPECT_FALSE(tcp_works(home.internet, {client6, 22}, 500ms));
    EXPECT_TRUE(tcp_works(home.internet, {held_wan6, 443}));
}

TEST_F(Gateway6, one_gateway_carries_both_families) {
    for (const auto* host : {&home.h003, &home.h001}) host->netns().ip("route add default via fd00:198::1\n");
    EchoServer echo(home.internet, {Home::internet_address});
    EchoServer echo6(home.internet, {internet6});
    start_both(both(200), both(150));
    Pinger pinger(home.client, {Home::internet_address});
    Pinger pinger6(home.client, {internet6});
    ASSERT_TRUE(pinger.await_answer());
    expect_survived_power_loss(pinger6);
    EXPECT_TRUE(pinger.await_answer());
}

}  // namespace
}  // namespace lab::gateway6_test
