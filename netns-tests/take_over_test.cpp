// The gateway dies in every way a machine can, and the next one takes over in time. Times are the captures'.
#include "netns-tests/fixture.hpp"

namespace lab::take_over_test {
namespace {

constexpr auto interval = 100ms;
// Above the arithmetic: what two shared processors may add.
constexpr auto slack = 80ms;

class TakeOver : public HomeTest {
protected:
    void expect_in_time(Time fault) {
        const auto expected = down_interval(interval, 150);
        const auto took = detection(home.h003, home.h001, fault);
        EXPECT_GE(took, expected - 2ms) << milliseconds(took);
        EXPECT_LE(took, expected + slack) << milliseconds(took);
    }
};

TEST_F(TakeOver, power_loss_is_detected_within_the_down_interval) {
    start_pair();
    const auto fault = wall_clock();
    home.h003.lose_power();
    expect_in_time(fault);
    EXPECT_TRUE(becomes_active(home.h001));
    const auto claim = home.lan.await(all({from(home.h001), claims(Home::vip), since(fault)}), 2s);
    ASSERT_TRUE(claim) << "no gratuitous ARP";
    EXPECT_EQ(source_mac(*claim).to_string(), home.h001.mac("lan0"));
}

TEST_F(TakeOver, two_power_losses_reach_the_third) {
    start_pair();
    start(home.h002, {.priority = 100});
    home.h003.lose_power();
    EXPECT_TRUE(becomes_active(home.h001));
    home.h001.lose_power();
    EXPECT_TRUE(becomes_active(home.h002));
}

TEST_F(TakeOver, partition_makes_two_and_healing_makes_one_again) {
    // The default beside a gateway. Without it the one that loses may yield in silence, as keepalived does.
    start_pair({.more = "higher_prio_send_advert"});
    const auto fault = wall_clock();
    home.h003.isolate("lan0");
    expect_in_time(fault);
    EXPECT_TRUE(wait_until([&] { return holds(home.h001); }));
    const auto healed = wall_clock();
    home.h003.rejoin("lan0");
    EXPECT_TRUE(home.await_holder(home.h003));
    // The clients' last word on where .1 is must be the winner's.
    EXPECT_TRUE(home.lan.await(all({from(home.h003), claims(Home::vip), since(healed)}), 3s));
    std::this_thread::sleep_for(1200ms);
    const auto last = home.lan.last(all({claims(Home::vip), since(healed)}));
    ASSERT_TRUE(last);
    EXPECT_EQ(last->port, home.h003.port("lan0"));
}

TEST_F(TakeOver, pulled_cable_is_a_fault_and_plugging_it_in_brings_the_role_back) {
    auto pair = start_pair();
    const auto fault = wall_clock();
    home.h003.unplug("lan0");
    EXPECT_TRUE(home.lan.await(all({from(home.h001), adverts(), no_priority(0), since(fault)}), 3s));
    EXPECT_TRUE(pair.active.await_log("Entering FAULT STATE"));
    EXPECT_TRUE(wait_until([&] { return !holds(home.h003); })) << "an address without a cable is of no use";
    home.h003.plug("lan0");
    EXPECT_TRUE(becomes_active(home.h003));
}

TEST_F(TakeOver, sigterm_hands_over_within_the_skew_time) {
    auto pair = start_pair();
    EXPECT_EQ(pair.active.stop(), 0);
    const auto resigned = home.lan.await(all({from(home.h003), priority(0)}));
    ASSERT_TRUE(resigned) << "no priority 0 was sent";
    const auto taken = home.lan.await(all({from(home.h001), adverts(), since(resigned->at)}), 3s);
    ASSERT_TRUE(taken);
    EXPECT_LE(taken->at - resigned->at, interval * (256 - 150) / 256 + slack);
    EXPECT_TRUE(becomes_active(home.h001));
    EXPECT_FALSE(holds(home.h003));
}

TEST_F(TakeOver, ten_millisecond_adverts_hand_over_in_tens_of_milliseconds) {
    start_pair({.advert_int = "0.01"});
    const auto fault = wall_clock();
    home.h003.lose_power();
    EXPECT_LE(detection(home.h003, home.h001, fault), down_interval(10ms, 150) + slack);
    EXPECT_TRUE(becomes_active(home.h001));
}

TEST_F(TakeOver, version_2_takes_over_after_three_seconds_and_its_skew) {
    start_pair({.version = 2, .advert_int = "1"});
    const auto fault = wall_clock();
    home.h003.lose_power();
    const auto took = detection(home.h003, home.h001, fault);
    EXPECT_GE(took, down_interval(1s, 150) - 2ms) << milliseconds(took);
    EXPECT_LE(took, down_interval(1s, 150) + slack) << milliseconds(took);
    const auto sent = home.lan.last(all({from(home.h001), adverts()}));
    ASSERT_TRUE(sent);
    EXPECT_EQ(advert(*sent)->version, vrrpd::proto::Version::v2);
}

TEST_F(TakeOver, ipv6_address_moves_and_is_announced_as_a_routers) {
    const VrrpText text{.addresses = {"fe80::12:1/64", Home::vip6.to_string() + "/64"}};
    VrrpText active = text, backup = text;
    active.priority = 200;
    backup.priority = 150;
    start(home.h003, active);
    EXPECT_TRUE(wait_until([&] { return holds(home.h003, Home::vip6); }));
    auto& router = start(home.h001, backup);
    EXPECT_TRUE(router.await_log("Entering BACKUP STATE"));
    EXPECT_TRUE(home.lan.await(all({from(home.h003), adverts(), since(wall_clock())})));
    const auto fault = wall_clock();
    home.h003.lose_power();
    expect_in_time(fault);
    EXPECT_TRUE(wait_until([&] { return holds(home.h001, Home::vip6); }));
    const auto claim = home.lan.await(all({from(home.h001), claims(Home::vip6), since(fault)}), 3s);
    ASSERT_TRUE(claim) << "no unsolicited neighbour advertisement";
    EXPECT_EQ(destination(*claim), IpAddress::parse("ff02::1"));
    EXPECT_EQ(home.client.run({"ping", "-6", "-c1", "-W2", Home::vip6.to_string()}).status, 0);
}

// Two instances of VRID 1 on one device: H003 is the better one of IPv4, H001 of IPv6.
TEST_F(TakeOver, VR_010_routers_of_one_vrid_and_two_families_move_each_on_its_own) {
    const auto text = [](int priority4, int priority6) {
        const VrrpText six{
            .name = "SIX", .priority = priority6, .addresses = {"fe80::12:1/64", Home::vip6.to_string() + "/64"}};
        const auto blocks = six.text();
        return VrrpText{.priority = priority4, .after = blocks.substr(blocks.find("vrrp_instance"))};
    };
    const auto stand = [this](const Host& four, const Host& six) {
        return home.holders() == std::vector{four.name()} && home.holders(Home::vip6) == std::vector{six.name()};
    };
    auto& h003 = start(home.h003, text(200, 100));
    auto& h001 = start(home.h001, text(150, 150));
    ASSERT_TRUE(wait_until([&] { return stand(home.h003, home.h001); }, 15s));
    EXPECT_TRUE(stays_false([&] { return !stand(home.h003, home.h001); }, 1s));
    h003.reload(text(120, 100).text());
    EXPECT_TRUE(wait_until([&] { return stand(home.h001, home.h001); }, 5s));
    h001.reload(text(150, 80).text());
    EXPECT_TRUE(wait_until([&] { return stand(home.h001, home.h003); }, 5s));
    EXPECT_TRUE(stays_false([&] { return !stand(home.h001, home.h003); }, 1s));
}

}  // namespace
}  // namespace lab::take_over_test
