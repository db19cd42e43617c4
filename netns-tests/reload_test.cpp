// SIGHUP: what did not change is not touched, and the clients notice nothing.
#include "netns-tests/fixture.hpp"
#include "netns-tests/gateway_config.hpp"

namespace lab::reload_test {
namespace {

class Reload : public HomeTest {
protected:
    void SetUp() override {
        text.after = GatewayText{}.text();
        pair.emplace(start_pair(text));
        text.priority = 200;
        pinger.emplace(home.client, Endpoint{Home::internet_address});
        ASSERT_TRUE(pinger->await_answer());
    }
    // The role stayed, nobody resigned, no question was lost.
    void expect_unnoticed(Time from_time) {
        std::this_thread::sleep_for(500ms);
        EXPECT_EQ(home.lan.count(all({from(home.h003), priority(0), since(from_time)})), 0u);
        EXPECT_EQ(home.lan.count(all({from(home.h001), adverts(), since(from_time)})), 0u);
        EXPECT_EQ(pinger->unanswered(from_time), 0u);
        EXPECT_TRUE(holds(home.h003));
    }

    EchoServer echo{home.internet, {Home::internet_address}};
    VrrpText text;
    std::optional<Pair> pair;
    std::optional<Pinger> pinger;
    const IpAddress more = IpAddress::v4(10, 12, 14, 9);
};

TEST_F(Reload, adds_and_removes_addresses_while_traffic_flows) {
    const auto from_time = wall_clock();
    text.addresses = {"10.12.14.1/24", "10.12.14.9/24"};
    pair->active.reload(text.text());
    EXPECT_TRUE(wait_until([&] { return holds(home.h003, more); }));
    const auto announced = home.lan.await(all({from(home.h003), claims(more)}), 2s);
    EXPECT_TRUE(announced) << "a new address is announced";
    text.addresses = {"10.12.14.1/24"};
    pair->active.reload(text.text());
    EXPECT_TRUE(wait_until([&] { return !holds(home.h003, more); }));
    expect_unnoticed(from_time);
}

TEST_F(Reload, of_the_same_file_does_nothing) {
    const auto from_time = wall_clock();
    const auto addresses = home.h003.must({"ip", "-o", "-4", "address", "show", "dev", "wan0"});
    pair->active.process().signal(SIGHUP);
    EXPECT_TRUE(pair->active.await_log("reloaded: 0 instances added, 0 removed, 1 kept"));
    expect_unnoticed(from_time);
    EXPECT_EQ(home.h003.must({"ip", "-o", "-4", "address", "show", "dev", "wan0"}), addresses);
    EXPECT_EQ(home.lan.count(all({from(home.h003), claims(Home::vip), since(from_time), before(from_time + 300ms)})),
              0u)
        << "nothing to announce";
}

TEST_F(Reload, of_a_file_that_could_not_start_is_refused_and_the_old_one_runs_on) {
    const auto from_time = wall_clock();
    auto broken = text;
    broken.after = "gateway HOME {\n follows LAN\n lan lan0 10.12.14.0/24\n masqerade\n}\n";
    pair->active.reload(broken.text());
    EXPECT_TRUE(pair->active.await_log("masqerade")) << "it must say what is wrong";
    expect_unnoticed(from_time);
    EXPECT_TRUE(pinger->await_answer(1s)) << "masquerading stopped";
}

TEST_F(Reload, changes_nat_rules_in_place) {
    EchoServer service(home.server, {IpAddress::v4(10, 12, 14, 20), 443});
    const auto from_time = wall_clock();
    text.after = GatewayText{.nat = "masquerade\nport_forward tcp 443 to 10.12.14.20:443"}.text();
    pair->active.reload(text.text());
    EXPECT_TRUE(wait_until([&] { return tcp_works(home.internet, {IpAddress::v4(198, 51, 100, 4), 443}, 200ms); }, 3s));
    expect_unnoticed(from_time);
}

TEST_F(Reload, of_a_higher_priority_elsewhere_moves_the_role) {
    text.priority = 250;
    pair->backup.reload(text.text());
    EXPECT_TRUE(becomes_active(home.h001));
}

}  // namespace
}  // namespace lab::reload_test
