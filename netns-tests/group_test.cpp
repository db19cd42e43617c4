// A sync group of two instances, one on each network of the home: LAN and WAN side move together. The same file and the
// same faults for vrrpd, for Debian's keepalived, and for one of each in both roles: the same end states. Then the home
// whose NAT follows the group.
#include <ostream>

#include "netns-tests/fixture.hpp"

namespace lab::group_test {
namespace {

const auto wan_vip = IpAddress::v4(198, 51, 100, 10);
// Twice a down interval of 100 ms adverts, with room for a busy machine.
constexpr auto settles_in = 5s;

VrrpText lan_and_wan(int priority, const std::string& group_more = {}, const std::string& after = {}) {
    const VrrpText wan{.name = "WAN",
                       .interface = "wan0",
                       .vrid = 2,
                       .priority = priority,
                       .addresses = {wan_vip.to_string() + "/24"}};
    const std::string group =
        "vrrp_sync_group HOME_GROUP {\n    group {\n        LAN\n        WAN\n    }\n" + group_more + "}\n";
    return {.priority = priority, .after = wan.text() + group + after};
}

class GroupTest : public HomeTest {
protected:
    [[nodiscard]] bool holds_both(const Host& host) const { return holds(host) && holds(host, wan_vip); }
    [[nodiscard]] bool holds_none(const Host& host) const { return !holds(host) && !holds(host, wan_vip); }
    [[nodiscard]] std::string who() const {
        std::string text;
        for (const auto* host : {&home.h003, &home.h001})
            text += host->name() + (holds(*host) ? " LAN" : "") + (holds(*host, wan_vip) ? " WAN" : "") + "; ";
        return text;
    }
    void expect_moves_to(const Host& winner, const Host& loser, const std::string& why) {
        EXPECT_TRUE(wait_until([&] { return holds_both(winner) && holds_none(loser); }, settles_in))
            << why << ": " << who();
    }
    // And nothing moves any more.
    void expect_stays_with(const Host& winner, const Host& loser, const std::string& why) {
        std::this_thread::sleep_for(1s);
        EXPECT_TRUE(holds_both(winner) && holds_none(loser)) << why << ": " << who();
    }
};

struct Daemons {
    Daemon h003, h001;
};
std::string name_of(const Daemons& daemons) {
    const auto name = [](Daemon daemon) { return daemon == Daemon::vrrpd ? std::string("vrrpd") : "keepalived"; };
    return name(daemons.h003) + "_and_" + name(daemons.h001);
}
void PrintTo(const Daemons& daemons, std::ostream* out) { *out << name_of(daemons); }

class GroupPair : public GroupTest, public testing::WithParamInterface<Daemons> {
protected:
    void SetUp() override {
        first = &start(home.h003, lan_and_wan(200), {}, GetParam().h003);
        ASSERT_TRUE(wait_until([&] { return holds_both(home.h003); }, 15s)) << who();
        second = &start(home.h001, lan_and_wan(100), {}, GetParam().h001);
        ASSERT_TRUE(second->await_log("Entering BACKUP STATE"));
        expect_stays_with(home.h003, home.h001, "start");
    }
    Router* first = nullptr;
    Router* second = nullptr;
};

TEST_P(GroupPair, a_cable_of_one_side_moves_both_and_they_come_back) {
    home.h003.unplug("wan0");
    expect_moves_to(home.h001, home.h003, "without the WAN cable");
    EXPECT_TRUE(first->await_log("Entering FAULT STATE"));
    expect_stays_with(home.h001, home.h003, "settled");
    home.h003.plug("wan0");
    expect_moves_to(home.h003, home.h001, "the cable is back");
    expect_stays_with(home.h003, home.h001, "settled again");
}

TEST_P(GroupPair, adverts_lost_on_one_side_only_move_nobody) {
    home.h001.isolate("wan0");
    expect_stays_with(home.h003, home.h001, "a deaf stand-in on the WAN");
    home.h001.rejoin("wan0");
    expect_stays_with(home.h003, home.h001, "whole again");
}

TEST_P(GroupPair, an_orderly_stop_hands_both_over_at_once) {
    EXPECT_EQ(first->stop(), 0);
    expect_moves_to(home.h001, home.h003, "stopped");
    EXPECT_TRUE(home.lan.await(all({from(home.h003), priority(0)}), 1s)) << "no farewell on the LAN";
    EXPECT_TRUE(home.wan.await(all({from(home.h003), priority(0)}), 1s)) << "no farewell on the WAN";
}

TEST_P(GroupPair, power_loss_moves_both) {
    home.h003.lose_power();
    EXPECT_TRUE(wait_until([&] { return holds_both(home.h001); }, settles_in)) << who();
}

// A third router, alone on the LAN side and better: the members that could go on must not.
TEST_P(GroupPair, a_better_router_on_one_side_takes_both_from_them) {
    start(home.h002, {.priority = 250}, {}, Daemon::keepalived);
    EXPECT_TRUE(
        wait_until([&] { return holds(home.h002) && holds_none(home.h003) && holds_none(home.h001); }, settles_in))
        << who();
    std::this_thread::sleep_for(1s);
    EXPECT_TRUE(holds_none(home.h003) && holds_none(home.h001)) << who();
}

INSTANTIATE_TEST_SUITE_P(Daemons, GroupPair,
                         testing::Values(Daemons{Daemon::vrrpd, Daemon::vrrpd},
                                         Daemons{Daemon::keepalived, Daemon::keepalived},
                                         Daemons{Daemon::vrrpd, Daemon::keepalived},
                                         Daemons{Daemon::keepalived, Daemon::vrrpd}),
                         [](const auto& each) { return name_of(each.param); });

// ---- the gateway that follows a group ----------------------------------------------------------------

class GroupGateway : public GroupTest {
protected:
    static VrrpText text(int priority) {
        return lan_and_wan(priority, {},
                           "gateway HOME {\n    follows HOME_GROUP\n    lan lan0 10.12.14.0/24\n    wan wan0 {\n"
                           "        via 198.51.100.1\n    }\n    nat {\n        masquerade\n    }\n}\n");
    }
    void SetUp() override {
        first = &start(home.h003, text(200));
        ASSERT_TRUE(wait_until([&] { return holds_both(home.h003); }, 15s)) << who();
        ASSERT_TRUE(start(home.h001, text(100)).await_log("Entering BACKUP STATE"));
    }
    Router* first = nullptr;
    EchoServer echo{home.internet, {Home::internet_address}};
};

TEST_F(GroupGateway, clients_come_from_the_address_of_the_wan_side_and_connections_survive) {
    Conversation conversation(home.client, {Home::internet_address});
    ASSERT_TRUE(conversation.goes_on()) << "it must work before it can survive";
    home.h003.lose_power();
    EXPECT_TRUE(wait_until([&] { return holds_both(home.h001); }, settles_in)) << who();
    EXPECT_TRUE(conversation.goes_on()) << "the connection broke";
    Pinger pinger(home.client, {Home::internet_address});
    EXPECT_TRUE(pinger.await_answer());
    EXPECT_EQ(echo.askers(), std::vector{wan_vip}) << "translated to the virtual address of the WAN side";
}

TEST_F(GroupGateway, a_wan_cable_moves_the_whole_gateway) {
    Pinger pinger(home.client, {Home::internet_address});
    ASSERT_TRUE(pinger.await_answer());
    home.h003.unplug("wan0");
    expect_moves_to(home.h001, home.h003, "without the WAN cable");
    EXPECT_TRUE(pinger.await_answer());
    EXPECT_EQ(home.h003.must({"ip", "rule"}).find("11200"), std::string::npos) << "nothing of the gateway stays behind";
}

TEST_F(GroupGateway, the_status_shows_the_group) {
    const auto status = first->status({"--json"});
    EXPECT_NE(status.text.find("HOME_GROUP"), std::string::npos) << status.text;
}

}  // namespace
}  // namespace lab::group_test
