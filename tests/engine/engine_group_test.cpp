// A sync group in a whole engine: lan0 and wan0 of one host move together, over faults, reloads and a crash.
#include <gtest/gtest.h>

#include "tests/engine/advert_frame.hpp"
#include "tests/engine/home.hpp"
#include "tests/engine/values.hpp"
#include "tests/engine/wire.hpp"
#include "tests/proto/router_keys.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/proto/advert.hpp"

namespace vrrpd::engine::engine_group_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ipc::Kind;

class EngineGroup : public Home {
protected:
    static std::string group(const std::string& more = {}) {
        return "vrrp_sync_group G {\ngroup {\nLAN\nWAN\n}\n" + more + "}\n";
    }
    static std::string wan() {
        auto text = instance("WAN", 2, "198.51.100.10/24");
        return text.replace(text.find("lan0"), 4, "wan0");
    }
    static std::string pair(const std::string& more = group()) {
        return instance("LAN", 1, "10.12.14.1/24") + wan() + more;
    }
    static bool on_wan() { return ip_output("-4 -o addr show dev wan0").find("198.51.100.10/24") != std::string::npos; }
    static bool both() { return stands("10.12.14.1/24") && on_wan(); }
    static bool none() { return !stands("10.12.14.1/24") && !on_wan(); }
    static bool both_active(EngineProcess& engine) {
        return engine.await(Kind::ready) && eventually([&] {
                   engine.listen(20ms);
                   return both();
               });
    }
};

TEST_F(EngineGroup, takes_the_role_on_both_devices_and_gives_it_up_on_both) {
    EngineProcess engine(pair());
    ASSERT_TRUE(both_active(engine)) << engine.log();
    engine.listen(200ms);
    EXPECT_EQ(engine.lines_with("VRRP_Group(G) Syncing instances to MASTER state"), 1U) << engine.log();
    engine.stop();
    EXPECT_EQ(engine.wait(), 0);
    EXPECT_TRUE(none());
}

TEST_F(EngineGroup, one_device_without_carrier_holds_both_in_fault) {
    EngineProcess engine(pair());
    ASSERT_TRUE(both_active(engine)) << engine.log();
    netlink::test::run_ip("link set wan0-far down");
    EXPECT_TRUE(eventually([&] { return none(); })) << engine.log();
    engine.listen(500ms);
    EXPECT_EQ(engine.lines_with("(LAN) Entering FAULT STATE: WAN of VRRP_Group(G): wan0 has no carrier"), 1U)
        << engine.log();
    netlink::test::run_ip("link set wan0-far up");
    EXPECT_TRUE(eventually([&] {
        engine.listen(20ms);
        return both();
    })) << engine.log();
}

TEST_F(EngineGroup, begins_in_fault_while_one_device_is_down) {
    netlink::test::run_ip("link set wan0-far down");
    ASSERT_TRUE(eventually([] { return ip_output("link show dev wan0").find("NO-CARRIER") != std::string::npos; }));
    EngineProcess engine(pair());
    ASSERT_TRUE(engine.await(Kind::ready));
    engine.listen(1s);
    EXPECT_TRUE(none());
    EXPECT_EQ(engine.lines_with("(LAN) Entering FAULT STATE: WAN of VRRP_Group(G)"), 1U) << engine.log();
    EXPECT_EQ(engine.lines_with("(WAN) Entering FAULT STATE: wan0 has no carrier; waiting"), 1U) << engine.log();
}

TEST_F(EngineGroup, the_status_shows_it) {
    EngineProcess engine(pair());
    ASSERT_TRUE(both_active(engine)) << engine.log();
    engine.send(Kind::status_wanted);
    const auto status = engine.await_status();
    EXPECT_NE(status.find(R"("sync_groups":[{"name":"G","state":"MASTER")"), std::string::npos) << status;
    EXPECT_NE(status.find(R"("members":["LAN","WAN"])"), std::string::npos) << status;
    EXPECT_NE(status.find(R"("sync_group":"G")"), std::string::npos) << status;
}

TEST_F(EngineGroup, comes_and_goes_by_a_reload_and_the_role_stays) {
    EngineProcess engine(pair(""));
    ASSERT_TRUE(both_active(engine)) << engine.log();
    for (const auto& text : {pair(), pair(""), pair()}) {
        engine.reload(text);
        ASSERT_TRUE(engine.await(Kind::reloaded)) << engine.log();
        engine.listen(500ms);
        EXPECT_TRUE(both()) << engine.log();
    }
    EXPECT_EQ(engine.lines_with("Entering BACKUP STATE"), 2U) << "at the start alone\n" << engine.log();
    netlink::test::run_ip("link set wan0-far down");
    EXPECT_TRUE(eventually([&] { return none(); })) << "the group is back\n" << engine.log();
}

TEST_F(EngineGroup, an_instance_that_a_reload_puts_into_it_takes_its_role_by_itself) {
    EngineProcess engine(instance("LAN", 1, "10.12.14.1/24") + "vrrp_sync_group G {\ngroup {\nLAN\n}\n}\n");
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    engine.reload(pair());
    ASSERT_TRUE(engine.await(Kind::reloaded)) << engine.log();
    EXPECT_TRUE(eventually([&] {
        engine.listen(20ms);
        EXPECT_TRUE(stands("10.12.14.1/24")) << engine.log();
        return both();
    })) << engine.log();
}

TEST_F(EngineGroup, a_gateway_that_follows_it_has_its_route_from_the_address_of_the_wan_side) {
    EngineProcess engine(pair() +
                         "gateway HOME {\nfollows G\nlan lan0 10.12.14.0/24\nwan wan0 {\nvia 198.51.100.1\n}\n"
                         "nat {\nmasquerade\n}\n}\n");
    ASSERT_TRUE(both_active(engine)) << engine.log();
    EXPECT_TRUE(eventually([] {
        return ip_output("route show table 11200").find("src 198.51.100.10") != std::string::npos;
    })) << ip_output("route show table 11200")
        << engine.log();
    EXPECT_NE(on_lan().find("valid_lft 5sec"), std::string::npos) << "the dead man\n" << on_lan();
    EXPECT_NE(ip_output("-4 -o addr show dev wan0").find("valid_lft 5sec"), std::string::npos);
    engine.stop();
    EXPECT_EQ(engine.wait(), 0);
    EXPECT_TRUE(none());
    EXPECT_EQ(ip_output("rule").find("11200"), std::string::npos);
}

// One more member comes in front of the others, and waits for its role: the one that is Active goes on as the gateway,
// and keeps its fence open.
TEST_F(EngineGroup, a_gateway_stays_one_while_a_reload_puts_a_member_in_front) {
    const auto home = [](const std::string& members) {
        return "vrrp_sync_group G {\ngroup {\n" + members +
               "}\n}\n"
               "gateway HOME {\nfollows G\nlan lan0 10.12.14.0/24\nwan wan0 {\nvia 198.51.100.1\n}\n"
               "nat {\nmasquerade\n}\n}\n";
    };
    const auto first = instance("LAN", 1, "10.12.14.1/24");
    auto slow = instance("SECOND", 2, "10.12.14.2/24");
    slow.replace(slow.find("advert_int 0.1"), 14, "advert_int 10");
    const auto left = [] {  // of the fence's opening, in ms
        return output_of("nft -j list set netdev vrrpd open_HOME | sed -n 's/.*\"expires\": \\([0-9]*\\).*/\\1/p'");
    };
    const auto rules = [] { return ip_output("rule"); };
    const auto is_gateway = [&] { return !left().empty() && rules().find("11201") != std::string::npos; };

    EngineProcess engine(first + home("LAN\n"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    EXPECT_TRUE(eventually(is_gateway));
    engine.reload(slow + first + home("SECOND\nLAN\n"));
    ASSERT_TRUE(engine.await(Kind::reloaded)) << engine.log();
    for (int look = 0; look < 25; ++look) {  // longer than an opening lasts
        engine.listen(250ms);
        ASSERT_TRUE(is_gateway()) << "look " << look << "\n" << rules() << engine.log();
    }
    EXPECT_FALSE(stands("10.12.14.2/24")) << "it had its role already; then this proves nothing";
    engine.reload(first + home("LAN\n"));
    ASSERT_TRUE(engine.await(Kind::reloaded)) << engine.log();
    engine.listen(100ms);
    EXPECT_TRUE(is_gateway()) << rules() << engine.log();
}

// VR-125. Whoever was misled about the one address may be about the others: keepalived, likewise.
TEST_F(EngineGroup, an_advert_of_lower_priority_to_one_member_has_the_others_announce_again) {
    const auto on_lan = ip("10.12.14.1"), on_wan = ip("198.51.100.10");
    EngineProcess engine("global_defs {\nvrrp_garp_master_delay 0\n}\n" + pair());
    ASSERT_TRUE(both_active(engine)) << engine.log();
    engine.listen(500ms);
    Wire lan_side("lan0-far"), wan_side("wan0-far");
    ASSERT_FALSE(wan_side.hears_arp(on_wan, on_wan, 500ms)) << "the announcements of the take-over are over";
    const proto::Envelope envelope{ip("10.12.14.2"), proto::multicast_group(Family::ipv4)};
    const proto::Advertisement lower{proto::Version::v3, vrid(1), priority(50), Centiseconds(10), {on_lan}};
    lan_side.send(advert_frame(proto::encode(lower, envelope, proto::ChecksumForm::pseudo_header), envelope));
    EXPECT_TRUE(engine.await_line("with lower priority 50")) << engine.log();
    EXPECT_TRUE(lan_side.hears_arp(on_lan, on_lan));
    EXPECT_TRUE(wan_side.hears_arp(on_wan, on_wan));
}

// The engine before it crashed while Active on both: the group goes on as it was.
TEST_F(EngineGroup, is_adopted_whole) {
    const auto active_just_now = [](ipc::SharedState& state) {
        left_active(state, proto::test::key("lan0", 1U));
        left_active(state, proto::test::key("wan0", 2U));
    };
    auto slow = pair();  // enough time for the new engine to come up
    for (auto at = slow.find("advert_int 0.1"); at != std::string::npos; at = slow.find("advert_int 0.1"))
        slow.replace(at, 14, "advert_int 2");
    EngineProcess engine(slow, {.adopt = true, .left_behind = active_just_now});
    ASSERT_TRUE(both_active(engine)) << engine.log();
    engine.listen(200ms);
    EXPECT_EQ(engine.lines_with("Entering MASTER STATE: adopted"), 2U) << engine.log();
    EXPECT_EQ(engine.lines_with("BACKUP"), 0U) << engine.log();
}

}  // namespace
}  // namespace vrrpd::engine::engine_group_test
