// A stand-in is silent, an observer more so: the capture of everything that a host sent proves it.
#include "netns-tests/fixture.hpp"
#include "netns-tests/gateway_config.hpp"

namespace lab::silence_test {
namespace {

const auto vip6 = *IpAddress::parse("fe80::12:1");

// The gateway's other family, beside LAN.
const std::string lan6 =
    "vrrp_instance LAN6 {\n"
    "    interface lan0\n    virtual_router_id 6\n    priority 150\n    advert_int 0.1\n"
    "    virtual_ipaddress { fe80::12:1/64 }\n"
    "}\n";

class Silence : public HomeTest {
protected:
    void TearDown() override {
        EXPECT_EQ(home.wan.lost(), 0u) << "the capture lost frames";
        HomeTest::TearDown();
    }
    void expect_none(const Match& match) const {
        for (const auto* const network : {&home.lan, &home.wan})
            for (const auto& frame : network->frames(match)) ADD_FAILURE() << frame.describe();
    }
    // Nothing that only the gateway may send: its addresses, its announcements, VRRP at all.
    void expect_silent(const Host& host) const {
        for (const auto& address : {Home::vip, vip6}) expect_none(all({from(host), speaks_as(address)}));
        expect_none(all({from(host), adverts()}));
    }
};

TEST_F(Silence, observer_sends_and_changes_nothing_and_says_what_it_would_have_done) {
    const auto rules = home.h001.must({"nft", "list", "ruleset"});
    const auto addresses = home.h001.must({"ip", "-o", "address"});
    const auto routes = home.h001.must({"sh", "-c", "ip route show table all; ip rule"});
    const auto forwarding = home.h001.netns().sysctl("net/ipv4/conf/lan0/forwarding");
    // The kernel reports the groups of its own addresses when they are whole, twice, a second apart (RFC 4862 5.4,
    // RFC 3810 9.11).
    std::this_thread::sleep_for(2s);
    const auto rests = [&](const auto* network) {
        return network->frames(all({from(home.h001), since(wall_clock() - 1500ms)})).empty();
    };
    ASSERT_TRUE(wait_until([&] { return rests(&home.lan) && rests(&home.wan); }, 10s));
    const auto started = wall_clock();
    auto& router = start(home.h001, {.priority = 150, .after = lan6 + GatewayText{}.text()}, {"--observe"});
    for (const auto* const instance : {"(LAN) [observing] would", "(LAN6) [observing] would"})
        EXPECT_TRUE(router.await_log(instance)) << "nobody is the gateway: it would have become it";
    std::this_thread::sleep_for(1s);
    EXPECT_EQ(home.h001.must({"nft", "list", "ruleset"}), rules);
    EXPECT_EQ(home.h001.must({"ip", "-o", "address"}), addresses);
    EXPECT_EQ(home.h001.must({"sh", "-c", "ip route show table all; ip rule"}), routes);
    EXPECT_EQ(home.h001.netns().sysctl("net/ipv4/conf/lan0/forwarding"), forwarding);
    EXPECT_EQ(router.stop(), 0);
    // Not one frame: it joins no group, so the kernel has nothing to report for it either.
    expect_none(all({from(home.h001), since(started)}));
}

TEST_F(Silence, VR_084_stand_in_sends_not_one_frame_from_the_address) {
    EchoServer echo(home.internet, {Home::internet_address});
    auto pair = start_pair({.after = lan6 + GatewayText{}.text()});
    ASSERT_TRUE(wait_until([&] { return holds(home.h003, vip6); }, 5s));
    Pinger pinger(home.client, {Home::internet_address});
    // It also lives: talks to the gateway as everybody does, crashes, is started again, is stopped.
    EXPECT_TRUE(home.h001.run({"ping", "-c2", "-i0.2", "-W1", Home::vip.to_string()}).ok());
    const pid_t engine = pair.backup.engine();
    kill(engine, SIGKILL);
    EXPECT_TRUE(wait_until([&] { return pair.backup.engine() > 0 && pair.backup.engine() != engine; }));
    std::this_thread::sleep_for(1s);
    pair.backup.process().kill_all();
    pair.backup.start();
    std::this_thread::sleep_for(1s);
    EXPECT_EQ(pair.backup.stop(), 0);
    expect_silent(home.h001);
}

TEST_F(Silence, VR_090_VR_091_VR_094_stand_in_answers_neither_ARP_nor_NS_nor_what_is_sent_to_the_address) {
    start_pair({.after = lan6});
    ASSERT_TRUE(wait_until([&] { return holds(home.h003, vip6); }, 5s));
    EXPECT_TRUE(home.client.run({"ping", "-c1", "-W1", "fe80::12:1%lan0"}).ok());
    EXPECT_EQ(home.h001.must({"ip", "maddress", "show", "dev", "lan0"}).find("ff02::1:ff12:1"), std::string::npos)
        << "the group in which the address is asked for";
    const auto answers = [&] { return home.client.run({"ping", "-c1", "-W1", Home::vip.to_string()}).ok(); };
    home.client.must({"ip", "neighbour", "flush", "dev", "lan0"});
    EXPECT_TRUE(answers());
    // As of a client that takes it for the gateway still.
    home.client.netns().ip("neighbour replace 10.12.14.1 lladdr " + home.h001.mac("lan0") + " dev lan0\n");
    EXPECT_FALSE(answers());
    expect_silent(home.h001);
}

TEST_F(Silence, fence_holds_back_what_only_the_gateway_may_send) {
    auto& router = start(home.h001, {.priority = 150, .after = GatewayText{}.text()});
    ASSERT_TRUE(becomes_active(home.h001, 15s));
    EXPECT_EQ(router.stop(), 0);
    ASSERT_EQ(router.command({"--fence"}).status, 0);
    // A gratuitous ARP by somebody else's program on this host, past every IP hook.
    const Injector injector(home.h001, "lan0");
    const auto claim = home.lan.last(all({from(home.h001), claims(Home::vip)}));
    ASSERT_TRUE(claim);
    const auto fenced = wall_clock();
    EXPECT_FALSE(injector.send(claim->bytes));
    EXPECT_TRUE(stays_false(
        [&] {
            return home.lan.count(all({from(home.h001), claims(Home::vip), since(fenced)})) > 0;
        },
        300ms));
    EXPECT_EQ(router.command({"--unfence"}).status, 0);
    const auto open = wall_clock();
    EXPECT_TRUE(injector.send(claim->bytes));
    EXPECT_TRUE(home.lan.await(all({from(home.h001), claims(Home::vip), since(open)}), 1s));
}

}  // namespace
}  // namespace lab::silence_test
