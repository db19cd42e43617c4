// no_accept and vrrp_strict: the address is found and forwards, and answers nothing else; with Debian's keepalived
// beside it for what it is to look like from outside.
#include "netns-tests/fixture.hpp"

namespace lab::accept_test {
namespace {

class Accept : public HomeTest {
protected:
    bool answers(const IpAddress& address = Home::vip) {
        return home.client.run({"ping", "-c1", "-W1", address.to_string() + (address.is_link_local() ? "%lan0" : "")})
            .ok();
    }
    std::string known(const IpAddress& address) {
        return home.client.must({"ip", "neigh", "show", address.to_string()});
    }
    static bool has_table(const Host& host) {
        return host.run({"nft", "list", "table", "inet", "vrrpd-no-accept"}).ok();
    }
    // From the client to a host beyond, by way of the virtual address.
    void make_way() {
        home.h003.netns().set_sysctl("net/ipv4/ip_forward", "1");
        home.internet.must({"ip", "route", "add", "10.12.14.0/24", "via", "198.51.100.4"});
    }
    bool forwards() { return home.client.run({"ping", "-c1", "-W1", "198.51.100.1"}).ok(); }
};

class AcceptSeen : public Accept, public testing::WithParamInterface<Daemon> {};

TEST_P(AcceptSeen, VR_071_VR_115_VR_272_no_accept_answers_nothing_and_forwards_what_is_for_others) {
    make_way();
    start(home.h003, {.priority = 200, .more = "no_accept"}, {}, GetParam());
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    EXPECT_FALSE(answers());
    EXPECT_NE(known(Home::vip).find(home.h003.mac("lan0")), std::string::npos) << "ARP is answered";
    EXPECT_TRUE(answers(IpAddress::v4(10, 12, 14, 4))) << "the host's own address";
    EXPECT_TRUE(forwards());
    const auto to_the_address = [](const Frame& frame) { return destination(frame) == Home::vip; };
    EXPECT_GT(home.lan.count(all({from(home.client), to_the_address})), 0u);
    EXPECT_EQ(home.lan.count(all({from(home.h003), to_the_address})) + home.wan.count(to_the_address), 0u)
        << "what is for the address itself goes nowhere";
}

TEST_P(AcceptSeen, strict_mode_means_no_accept) {
    make_way();
    start(home.h003, {.priority = 200, .more = "strict_mode"}, {}, GetParam());
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    EXPECT_FALSE(answers());
    EXPECT_TRUE(forwards());
}

TEST_P(AcceptSeen, strict_mode_leaves_the_owner_its_address) {
    start(home.h003, {.priority = 255, .more = "strict_mode"}, {}, GetParam());
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    EXPECT_TRUE(answers());
}

TEST_P(AcceptSeen, strict_mode_does_not_answer_an_advert_of_lower_priority) {
    start(home.h003, {.priority = 200, .advert_int = "1", .more = "strict_mode"}, {}, GetParam());
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    // One that hears nobody becomes Active beside it, for a while.
    home.h001.lose_multicast("lan0");
    start(home.h001, {.priority = 100, .advert_int = "1", .more = "strict_mode"}, {}, Daemon::keepalived);
    const auto other = home.lan.await(all({from(home.h001), adverts()}), 10s);
    ASSERT_TRUE(other);
    const auto own = home.lan.await(all({from(home.h003), adverts(), since(other->at)}), 3s);
    ASSERT_TRUE(own);
    EXPECT_GT(own->at - other->at, 20ms) << "at its own time";
    EXPECT_TRUE(holds(home.h003));
}

INSTANTIATE_TEST_SUITE_P(Daemons, AcceptSeen, testing::Values(Daemon::vrrpd, Daemon::keepalived),
                         [](const auto& each) { return each.param == Daemon::keepalived ? "keepalived" : "vrrpd"; });

TEST_F(Accept, VR_071_ipv6_is_found_by_neighbour_discovery_and_answers_nothing) {
    const auto link_local = *IpAddress::parse("fe80::12:1");
    start(home.h003, {.priority = 200, .addresses = {"fe80::12:1/64", "fd00:12:14::1/64"}, .more = "no_accept"});
    ASSERT_TRUE(wait_until([&] { return holds(home.h003, Home::vip6); }, 15s));
    // Another device may have the very same link-local address.
    home.h003.must({"ip", "addr", "add", "fe80::12:1/64", "dev", "wan0", "nodad"});
    for (const auto& address : {Home::vip6, link_local}) {
        home.client.must({"ip", "neigh", "flush", "all"});
        EXPECT_FALSE(answers(address));
        EXPECT_NE(known(address).find(home.h003.mac("lan0")), std::string::npos) << known(address);
    }
    EXPECT_TRUE(home.internet.run({"ping", "-c1", "-W1", "fe80::12:1%wan0"}).ok());
}

TEST_F(Accept, the_rules_are_there_only_while_active_and_are_put_back) {
    auto& router = start(home.h003, {.priority = 200, .more = "no_accept"});
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    EXPECT_TRUE(has_table(home.h003));
    home.h003.must({"nft", "flush", "ruleset"});
    EXPECT_TRUE(wait_until([&] { return has_table(home.h003); }, 2s));
    EXPECT_FALSE(answers());

    auto& backup = start(home.h001, {.priority = 150, .more = "no_accept"});
    ASSERT_TRUE(backup.await_log("Entering BACKUP STATE"));
    EXPECT_FALSE(has_table(home.h001)) << "a stand-in has none";
    router.reload(VrrpText{.priority = 200}.text());
    EXPECT_TRUE(wait_until([&] { return !has_table(home.h003); }, 2s));
    EXPECT_TRUE(answers());
    router.reload(VrrpText{.priority = 200, .more = "no_accept"}.text());
    EXPECT_TRUE(wait_until([&] { return has_table(home.h003); }, 2s));
    EXPECT_EQ(router.stop(), 0);
    EXPECT_FALSE(has_table(home.h003));

    ASSERT_TRUE(becomes_active(home.h001));
    backup.process().kill_all();
    EXPECT_TRUE(has_table(home.h001));
    EXPECT_EQ(backup.command({"--sweep"}).status, 0);
    EXPECT_FALSE(has_table(home.h001));
}

}  // namespace
}  // namespace lab::accept_test
