// A stand-in is silent, an observer more so: the capture of everything that a host sent proves it.
#include "netns-tests/fixture.hpp"
#include "netns-tests/gateway_config.hpp"

namespace lab {
namespace {

class Silence : public HomeTest {
protected:
    // Nothing that only the gateway may send: its address, its announcements, VRRP at all.
    void expect_silent(const Host& host) {
        for (const auto& frame : home.lan.frames(all({from(host), speaks_as(Home::vip)})))
            ADD_FAILURE() << frame.describe();
        for (const auto& frame : home.lan.frames(all({from(host), adverts()}))) ADD_FAILURE() << frame.describe();
    }
};

TEST_F(Silence, observer_sends_and_changes_nothing_and_says_what_it_would_have_done) {
    const auto rules = home.h001.must({"nft", "list", "ruleset"});
    const auto addresses = home.h001.must({"ip", "-o", "address"});
    const auto routes = home.h001.must({"sh", "-c", "ip route show table all; ip rule"});
    const auto forwarding = home.h001.netns().sysctl("net/ipv4/conf/lan0/forwarding");
    const auto started = wall_clock();
    auto& router = start(home.h001, {.priority = 150, .after = GatewayText{}.text()}, {"--observe"});
    EXPECT_TRUE(router.await_log("would")) << "nobody is the gateway: it would have become it";
    std::this_thread::sleep_for(1s);
    expect_silent(home.h001);
    for (const auto& frame : home.lan.frames(all({from(home.h001), since(started)}))) {
        const bool membership =
            destination(frame) == IpAddress::parse("224.0.0.22") || source(frame).value_or(IpAddress()).is_v6();
        EXPECT_TRUE(membership) << frame.describe() << ": only the kernel's own group reports may leave";
    }
    EXPECT_EQ(home.h001.must({"nft", "list", "ruleset"}), rules);
    EXPECT_EQ(home.h001.must({"ip", "-o", "address"}), addresses);
    EXPECT_EQ(home.h001.must({"sh", "-c", "ip route show table all; ip rule"}), routes);
    EXPECT_EQ(home.h001.netns().sysctl("net/ipv4/conf/lan0/forwarding"), forwarding);
    EXPECT_EQ(router.stop(), 0);
    expect_silent(home.h001);
}

TEST_F(Silence, stand_in_sends_not_one_frame_from_the_address) {
    EchoServer echo(home.internet, {Home::internet_address});
    auto pair = start_pair({.after = GatewayText{}.text()});
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
}  // namespace lab
