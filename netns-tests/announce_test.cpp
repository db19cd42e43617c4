// When and how far apart virtual addresses are announced, beside a real keepalived.
#include "netns-tests/fixture.hpp"
#include "netns-tests/lab/forge.hpp"

namespace lab::announce_test {
namespace {

class Announcements : public HomeTest {
protected:
    // Active alone, its frames told apart by its port.
    Router& begin(Host& host, Daemon daemon, const std::string& last, const std::string& globals) {
        VrrpText text;
        text.priority = 200;
        text.addresses = {"10.12.14." + last + "/24", "198.51.100." + last + "/24 dev wan0",
                          "198.51.100.1" + last + "/24 dev wan0"};
        text.after = "global_defs {\n    vrrp_garp_master_repeat 1\n    vrrp_garp_master_delay 0\n" + globals + "}\n";
        return start(host, text, {}, daemon);
    }
    static IpAddress wan_address(const std::string& last) { return *IpAddress::parse("198.51.100." + last); }
};

// Seen with 2.2.7: one frame each 2 s, of the first address of each device without adverts, and none elsewhere.
TEST_F(Announcements, garp_extra_if_all_is_one_frame_of_each_device_without_adverts) {
    for (const auto daemon : {Daemon::keepalived, Daemon::vrrpd}) {
        auto& host = daemon == Daemon::vrrpd ? home.h003 : home.h001;
        const std::string last = daemon == Daemon::vrrpd ? "33" : "31";
        auto& router = begin(host, daemon, last, "    vrrp_garp_extra_if all 1\n");
        const auto first = all({from(host), claims(wan_address(last))});
        ASSERT_TRUE(home.wan.await(first)) << "the claim itself";
        const auto claimed = home.wan.first(first)->at;
        std::this_thread::sleep_for(3500ms);
        router.stop();
        EXPECT_EQ(home.wan.count(all({first, before(claimed + 3400ms)})), 1u + 3u);
        EXPECT_EQ(home.wan.count(all({from(host), claims(wan_address("1" + last))})), 1u);
        EXPECT_EQ(home.lan.count(all({from(host), claims(*IpAddress::parse("10.12.14." + last))})), 1u);
    }
}

// While it was out nobody's switch knew where its unicast adverts are to go.
class OutOfFault : public HomeTest, public testing::WithParamInterface<const char*> {};

TEST_P(OutOfFault, unicast_announces_its_own_source) {
    const std::string network = GetParam();
    for (const auto daemon : {Daemon::keepalived, Daemon::vrrpd}) {
        auto& host = daemon == Daemon::vrrpd ? home.h003 : home.h001;
        const auto own = network + (daemon == Daemon::vrrpd ? "4" : "2");
        VrrpText text;
        if (network[0] == 'f') text.addresses = {"fe80::12:1/64"};
        text.more = "unicast_src_ip " + own + "\n unicast_peer {\n " + network + "99\n }\n";
        auto& router = start(host, text, {}, daemon);
        ASSERT_TRUE(router.await_log("Entering MASTER STATE"));
        host.unplug("lan0");
        ASSERT_TRUE(router.await_log("Entering FAULT STATE"));
        const auto plugged = wall_clock();
        host.plug("lan0");
        EXPECT_TRUE(home.lan.await(all({from(host), claims(*IpAddress::parse(own)), since(plugged)}), 5s)) << own;
        router.stop();
    }
}

INSTANTIATE_TEST_SUITE_P(BothFamilies, OutOfFault, testing::Values("10.12.14.", "fd00:12:14::"));

// Over all routers of a device: two instances with two addresses each share the distance.
TEST_F(Announcements, garp_interval_holds_over_all_routers_of_a_device) {
    for (const auto daemon : {Daemon::keepalived, Daemon::vrrpd}) {
        auto& host = daemon == Daemon::vrrpd ? home.h003 : home.h001;
        VrrpText text;
        text.priority = 200;
        text.addresses = {"10.12.14.40/24", "10.12.14.41/24"};
        text.after =
            "global_defs {\n    vrrp_garp_master_repeat 2\n    vrrp_garp_master_delay 0\n}\n"
            "garp_group {\n    garp_interval 0.1\n    interfaces {\n        lan0\n    }\n}\n"
            "vrrp_instance SECOND {\n    interface lan0\n    virtual_router_id 2\n    priority 200\n    advert_int "
            "0.1\n    virtual_ipaddress {\n        10.12.14.42/24\n        10.12.14.43/24\n    }\n}\n";
        auto& router = start(host, text, {}, daemon);
        const auto claim = [&](const Frame& frame) {
            for (const auto* address : {"10.12.14.40", "10.12.14.41", "10.12.14.42", "10.12.14.43"})
                if (claims(*IpAddress::parse(address))(frame)) return true;
            return false;
        };
        const auto ours = all({from(host), claim});
        // 2.2.7 leaves a repeat out while the first one of its address waits.
        const std::size_t all_of_them = daemon == Daemon::vrrpd ? 8 : 4;
        ASSERT_TRUE(wait_until([&] { return home.lan.count(ours) >= all_of_them; })) << home.lan.count(ours);
        const auto frames = home.lan.frames(ours);
        for (std::size_t i = 1; i < frames.size(); ++i)
            EXPECT_GE(frames[i].at - frames[i - 1].at, 95ms) << frames[i].describe();
        router.stop();
        std::this_thread::sleep_for(300ms);
        if (daemon == Daemon::vrrpd) {
            EXPECT_EQ(home.lan.count(ours), all_of_them);
        }
    }
}

// garp_lower_prio_repeat 0: keepalived's answer to an advert of lower priority is an advert alone, and so is ours.
TEST_F(Announcements, lower_prio_repeat_0_announces_nothing) {
    const Injector injector(home.client, "lan0");
    for (const auto daemon : {Daemon::keepalived, Daemon::vrrpd}) {
        auto& host = daemon == Daemon::vrrpd ? home.h003 : home.h001;
        VrrpText text;
        text.vrid = daemon == Daemon::vrrpd ? 3 : 1;
        text.priority = 200;
        text.advert_int = "1";
        text.addresses = {daemon == Daemon::vrrpd ? "10.12.14.33/24" : "10.12.14.31/24"};
        text.after =
            "global_defs {\n    vrrp_garp_master_repeat 1\n    vrrp_garp_master_delay 0\n"
            "    vrrp_garp_lower_prio_repeat 0\n}\n";
        auto& router = start(host, text, {}, daemon);
        const auto address = *IpAddress::parse(text.addresses[0].substr(0, text.addresses[0].find('/')));
        ASSERT_TRUE(home.lan.await(all({from(host), claims(address)})));
        std::this_thread::sleep_for(300ms);
        const auto asked = wall_clock();
        injector.send(forge({.source = IpAddress::v4(10, 12, 14, 99),
                             .vrid = static_cast<std::uint8_t>(text.vrid),
                             .priority = 50,
                             .interval = 100,
                             .address = address}));
        ASSERT_TRUE(home.lan.await(all({from(host), adverts(), since(asked)})));
        std::this_thread::sleep_for(1500ms);
        EXPECT_EQ(home.lan.count(all({from(host), claims(address), since(asked)})), 0u);
        router.stop();
    }
}

}  // namespace
}  // namespace lab::announce_test
