// What stands is remembered, whatever becomes of its device, and what is taken away comes back: in a whole engine.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/engine/home.hpp"

namespace vrrpd::engine::engine_repair_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ipc::Kind;

class EngineRepair : public Home {
protected:
    // Before Linux 6.2 only while it is down.
    static void rename(const std::string& device, const std::string& name) {
        const auto live = "ip link set " + device + " name " + name + " 2>/dev/null";
        if (std::system(live.c_str()) != 0) {
            run_ip("link set " + device + " down");
            run_ip("link set " + device + " name " + name);
        }
        run_ip("link set " + name + " up");
    }
    static std::string with_route_and_rule() {
        auto text = lan("10.12.14.1/24");
        return text.insert(text.rfind('}'),
                           " virtual_routes {\n 10.7.0.0/24 via 10.12.14.9 dev lan0 table 77\n }\n"
                           " virtual_rules {\n from 10.7.0.0/24 table 77 preference 777\n }\n");
    }
    static constexpr const char* take_route = "route del 10.7.0.0/24 table 77";
    static constexpr const char* take_rule = "rule del preference 777";
    static bool routed() {
        return ip_output("route show table 77 2>/dev/null").find("10.7.0.0/24 via 10.12.14.9 dev lan0") !=
               std::string::npos;
    }
    static bool ruled() { return ip_output("rule").find("777:\tfrom 10.7.0.0/24 lookup 77") != std::string::npos; }
    static void take_away() { (void)std::system("ip addr del 10.12.14.1/24 dev lan0 2>/dev/null"); }
};

TEST_F(EngineRepair, an_address_on_a_device_that_was_renamed_goes_with_the_role) {
    add_device("late0");
    run_ip("link set late0 up");
    EngineProcess engine(with_late("late0"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    ASSERT_TRUE(eventually([] { return stands_on("late0", "10.12.14.9"); })) << engine.log();
    rename("late0", "gone0");
    engine.listen(200ms);
    engine.stop();
    EXPECT_EQ(engine.wait(), 0);
    EXPECT_FALSE(stands_on("gone0", "10.12.14.9")) << ip_output("addr");
}

TEST_F(EngineRepair, an_interface_that_is_renamed_keeps_no_virtual_address) {
    EngineProcess engine(lan("10.12.14.1/24"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    rename("lan0", "old0");
    EXPECT_TRUE(engine.await_line("Entering FAULT STATE")) << engine.log();
    EXPECT_TRUE(eventually([] { return !stands_on("old0", "10.12.14.1"); })) << engine.log();
    EXPECT_TRUE(stands_on("old0", "10.12.14.4")) << "the host's own";
}

TEST_F(EngineRepair, another_device_in_the_place_of_the_interface_is_a_new_start) {
    EngineProcess engine(lan("10.12.14.1/24"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    add_device("new0");
    run_ip("addr add 10.12.14.44/24 dev new0");
    rename("lan0", "old0");
    rename("new0", "lan0");
    EXPECT_TRUE(eventually([] { return stands("10.12.14.1/24"); })) << engine.log();
    EXPECT_TRUE(eventually([] { return !stands_on("old0", "10.12.14.1"); })) << ip_output("addr") << engine.log();
    engine.stop();
    EXPECT_EQ(engine.wait(), 0);
    EXPECT_FALSE(stands("10.12.14.1"));
}

TEST_F(EngineRepair, what_is_put_back_makes_nothing_forgotten_that_stands) {
    run_ip("route add default via 198.51.100.1 dev wan0");
    EngineProcess engine(lan("10.12.14.1/24", gateway("auto")));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    ASSERT_NE(ip_output("rule").find("11200"), std::string::npos);
    run_ip("route del default");
    run_ip("addr del 10.12.14.1/24 dev lan0");
    ASSERT_TRUE(engine.await_line("was removed by someone else: added again")) << engine.log();
    ASSERT_TRUE(eventually([] { return stands("10.12.14.1/24"); }));
    engine.stop();
    EXPECT_EQ(engine.wait(), 0);
    EXPECT_EQ(ip_output("rule").find("11200"), std::string::npos) << ip_output("rule");
}

TEST_F(EngineRepair, what_goes_while_something_is_being_written_comes_back_too) {
    std::string many;
    for (int i = 0; i < 250; ++i) many += "\n 10.12.13." + std::to_string(i + 1) + "/24";
    EngineProcess engine(lan("10.12.14.1/24"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    for (int round = 0; round < 4; ++round) {
        engine.reload(lan("10.12.14.1/24" + many));
        ASSERT_TRUE(eventually([] { return stands("10.12.13."); })) << engine.log();
        take_away();
        EXPECT_TRUE(eventually([] { return stands("10.12.14.1/24"); })) << engine.log();
        engine.reload(lan("10.12.14.1/24"));
        ASSERT_TRUE(eventually([] { return !stands("10.12.13."); })) << engine.log();
    }
}

// keepalived says so and stays MASTER; every other router with this file would be refused, too.
TEST_F(EngineRepair, an_address_that_the_kernel_calls_invalid_costs_no_role) {
    EngineProcess engine(lan("10.12.14.1/24\n 10.12.14.9/24 scope link"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    EXPECT_TRUE(engine.await_line("DEGRADED")) << engine.log();
    engine.listen(2s);
    EXPECT_TRUE(stands("10.12.14.1/24"));
    EXPECT_EQ(engine.lines_with("BACKUP STATE: a virtual address"), 0U) << engine.log();
    EXPECT_GE(engine.lines_with("10.12.14.9"), 1U) << "it is said which\n" << engine.log();
}

TEST_F(EngineRepair, lost_address_give_up_role_is_keepalived_s_cycle) {
    EngineProcess engine("global_defs {\nlost_address give_up_role\n}\n" + lan("10.12.14.1/24"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    take_away();
    EXPECT_TRUE(engine.await_line("(LAN) removed by someone else: address 10.12.14.1/24 dev lan0")) << engine.log();
    EXPECT_TRUE(engine.await_line("Entering BACKUP STATE: something that goes with the role was removed"))
        << engine.log();
    EXPECT_TRUE(eventually([] { return stands("10.12.14.1/24"); })) << engine.log();
    EXPECT_EQ(engine.lines_with("added again"), 0U) << engine.log();
}

// Of several in a row the first one is told: so each has an engine of its own.
TEST_F(EngineRepair, a_route_and_a_rule_come_back_at_once_and_go_with_the_role) {
    const std::pair<const char*, const char*> taken_and_told[] = {
        {take_route, "(LAN) route 10.7.0.0/24 via 10.12.14.9 dev lan0 table 77 had gone: added again"},
        {take_rule, "(LAN) rule 777: from 10.7.0.0/24 lookup 77 had gone: added again"}};
    for (const auto& [take, told] : taken_and_told) {
        EngineProcess engine(with_route_and_rule());
        ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
        ASSERT_TRUE(eventually([] { return routed() && ruled(); })) << ip_output("rule") << engine.log();
        run_ip(take);
        EXPECT_TRUE(engine.await_line(told)) << ip_output("rule") << engine.log();
        EXPECT_TRUE(eventually([] { return routed() && ruled(); })) << engine.log();
        EXPECT_EQ(engine.lines_with("(LAN) Entering MASTER"), 1U) << "the role stayed\n" << engine.log();
        engine.stop();
        EXPECT_EQ(engine.wait(), 0);
        EXPECT_FALSE(routed()) << ip_output("route show table 77");
        EXPECT_FALSE(ruled()) << ip_output("rule");
    }
}

TEST_F(EngineRepair, lost_address_give_up_role_is_for_a_route_and_a_rule_too) {
    EngineProcess engine("global_defs {\nlost_address give_up_role\n}\n" + with_route_and_rule());
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    std::size_t times = 0;
    for (const auto* take : {take_route, take_rule}) {
        ASSERT_TRUE(eventually([] { return routed() && ruled(); })) << take << engine.log();
        engine.listen(200ms);
        run_ip(take);
        ++times;
        EXPECT_TRUE(eventually([&] {
            engine.listen(20ms);
            return engine.lines_with("(LAN) took over") == times + 1;
        })) << take
            << engine.log();
        EXPECT_EQ(engine.lines_with("Entering BACKUP STATE: something that goes with the role was removed"), times)
            << take << engine.log();
    }
    EXPECT_TRUE(eventually([] { return stands("10.12.14.1/24") && routed() && ruled(); })) << engine.log();
    EXPECT_EQ(engine.lines_with("added again"), 0U) << engine.log();
}

// Their removals from the one and their additions to the other are many messages of the kernel.
TEST_F(EngineRepair, addresses_that_a_reload_moves_to_another_router_are_not_taken_for_stolen) {
    std::string many;
    for (int i = 0; i < 200; ++i) many += "\n 10.12.13." + std::to_string(i + 1) + "/24";
    EngineProcess engine(lan("10.12.14.1/24" + many) + instance("B", 2, "10.12.14.2/24"));
    ASSERT_TRUE(engine.await_line("(LAN) took over") && engine.await_line("(B) took over")) << engine.log();
    for (int round = 0; round < 3; ++round) {
        engine.reload(lan("10.12.14.1/24") + instance("B", 2, "10.12.14.2/24" + many));
        ASSERT_TRUE(engine.await(Kind::reloaded)) << engine.log();
        engine.listen(500ms);
        engine.reload(lan("10.12.14.1/24" + many) + instance("B", 2, "10.12.14.2/24"));
        ASSERT_TRUE(engine.await(Kind::reloaded)) << engine.log();
        engine.listen(500ms);
    }
    EXPECT_TRUE(stands("10.12.13.1/24") && stands("10.12.13.200/24"));
    EXPECT_EQ(engine.lines_with("removed by someone else"), 0U) << engine.log();
    EXPECT_EQ(engine.lines_with("the role is given up"), 0U) << engine.log();
}

TEST_F(EngineRepair, an_address_that_does_not_stay_costs_the_role) {
    EngineProcess engine(lan("10.12.14.1/24"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    for (int i = 0; i < 200 && engine.lines_with("the role is given up") == 0; ++i) {
        take_away();
        engine.listen(50ms);
    }
    EXPECT_EQ(engine.lines_with("10.12.14.1/24 dev lan0 was put back 5 times in a row and is gone again"), 1U)
        << engine.log();
    EXPECT_TRUE(engine.await_line("Entering BACKUP STATE: a virtual address could not be added, or did not stay"));
    // Nobody else is there.
    EXPECT_TRUE(eventually([] { return stands("10.12.14.1/24"); })) << engine.log();
    for (int i = 0; i < 80; ++i) {
        take_away();
        engine.listen(50ms);
    }
    EXPECT_EQ(engine.lines_with("the role is given up"), 1U) << "not for ever to and fro\n" << engine.log();
}

TEST_F(EngineRepair, the_gateways_route_follows_the_hosts_at_once) {
    run_ip("route add default via 198.51.100.1 dev wan0 metric 100");
    EngineProcess engine(lan("10.12.14.1/24", gateway("auto")));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    engine.listen(300ms);
    run_ip("route add default via 198.51.100.2 dev wan0 metric 50");
    EXPECT_TRUE(eventually([] {
        return ip_output("route show table 11200").find("via 198.51.100.2") != std::string::npos;
    })) << engine.log();
    EXPECT_TRUE(engine.await_line("dev wan0 table 11200 led elsewhere: put right")) << engine.log();
}

// The kernel drops what a reader leaves lying too long. Nobody else was told of the address that went meanwhile.
TEST_F(EngineRepair, what_went_in_a_flood_of_events_that_were_lost_comes_back) {
    EngineProcess engine(
        "vrrp_instance LAN {\n interface lan0\n virtual_router_id 1\n priority 255\n advert_int 40\n version 3\n "
        "virtual_ipaddress {\n 10.12.14.1/24\n }\n}\n");
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    engine.listen(200ms);
    engine.kill(SIGSTOP);
    add_device("flood0");
    run_ip("link set flood0 up");
    ASSERT_EQ(std::system("for i in $(seq 1 12000); do echo link set flood0 alias a$i; done | ip -batch -"), 0);
    take_away();
    run_ip("link del flood0");
    engine.kill(SIGCONT);
    EXPECT_TRUE(engine.await_line("the kernel's event queue overran: reading everything again")) << engine.log();
    EXPECT_TRUE(engine.await_line("10.12.14.1/24 dev lan0 was removed by someone else: added again")) << engine.log();
    EXPECT_TRUE(eventually([] { return stands("10.12.14.1/24"); }));
}

// The kernel takes IPv6 addresses away with the link, and gives none back.
TEST_F(EngineRepair, an_IPv6_address_comes_back_with_its_link) {
    const auto stands6 = [] {
        return ip_output("-6 -o addr show dev wan0").find("fd00:99::1/64") != std::string::npos;
    };
    EngineProcess engine(
        "vrrp_instance LAN {\n interface lan0\n virtual_router_id 1\n advert_int 0.1\n version 3\n "
        "virtual_ipaddress {\n 10.12.14.1/24\n }\n virtual_ipaddress_excluded {\n "
        "fd00:99::1/64 dev wan0 no_track\n }\n}\n");
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    ASSERT_TRUE(eventually(stands6)) << engine.log();
    run_ip("link set wan0 down");
    engine.listen(500ms);
    run_ip("link set wan0 up");
    engine.listen(500ms);
    EXPECT_TRUE(eventually(stands6)) << ip_output("-6 addr show dev wan0") << engine.log();
    EXPECT_EQ(engine.lines_with("(LAN) Entering MASTER"), 1U) << "the role stayed\n" << engine.log();
}

TEST_F(EngineRepair, a_virtual_router_of_IPv6_takes_its_address_again_when_its_link_is_back) {
    run_ip("addr add fe80::4/64 dev lan0 nodad");
    EngineProcess engine(
        "vrrp_instance SIX {\n interface lan0\n virtual_router_id 6\n advert_int 0.1\n version 3\n "
        "virtual_ipaddress {\n fe80::6/64\n fd00:99::1/64\n }\n}\n");
    const auto stands6 = [] {
        return ip_output("-6 -o addr show dev lan0").find("fd00:99::1/64") != std::string::npos;
    };
    ASSERT_TRUE(engine.await_line("(SIX) took over")) << engine.log();
    run_ip("link set lan0 down");
    ASSERT_TRUE(engine.await_line("Entering FAULT STATE: lan0 is down")) << engine.log();
    EXPECT_FALSE(stands6());
    run_ip("link set lan0 up");  // which gives it a link-local address of its own
    EXPECT_TRUE(eventually(stands6)) << ip_output("-6 addr show dev lan0") << engine.log();
}

// Another program owns the table (nft(8), "flags owner"), until it ends.
TEST_F(EngineRepair, a_take_over_behind_a_fence_that_does_not_open_is_degraded_until_it_does) {
    FILE* owner = ::popen("nft -i >/dev/null 2>&1", "w");
    ASSERT_NE(owner, nullptr);
    std::fputs("add table netdev vrrpd { flags owner; }\n", owner);
    std::fflush(owner);
    ASSERT_TRUE(eventually([] { return output_of("nft list tables").find("netdev vrrpd") != std::string::npos; }));
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    EXPECT_TRUE(engine.await_line(", DEGRADED: 1 addresses")) << engine.log();
    EXPECT_TRUE(engine.await_line("gateway HOME: NOT ready: its fence does not open: ")) << engine.log();
    engine.send(Kind::status_wanted);
    const auto degraded = engine.await_status();
    EXPECT_NE(degraded.find(R"("fence":"shut")"), std::string::npos) << degraded;
    EXPECT_NE(degraded.find(R"("ready":false)"), std::string::npos) << degraded;
    std::fputs("quit\n", owner);  // the engine has the other end of the pipe, too
    ::pclose(owner);
    EXPECT_TRUE(engine.await_line("gateway HOME: ready")) << engine.log();
    engine.send(Kind::status_wanted);
    const auto healed = engine.await_status();
    EXPECT_NE(healed.find(R"("fence":"open")"), std::string::npos) << healed;
    EXPECT_EQ(engine.lines_with("its fence does not open"), 1U) << engine.log();
}

// What a gateway's addresses end by, their lifetime, is renewed; and it is said when the kernel does not take that.
TEST_F(EngineRepair, a_renewal_that_the_kernel_refuses_is_said_once_and_its_end_too) {
    EngineProcess engine(
        "vrrp_instance LAN {\n interface lan0\n virtual_router_id 1\n advert_int 0.1\n version 3\n "
        "virtual_ipaddress {\n 10.12.14.1/24\n }\n virtual_ipaddress_excluded {\n fd00:99::1/64 dev lan0\n }\n}\n" +
        gateway());
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    ASSERT_EQ(std::system("sysctl -qw net.ipv6.conf.lan0.disable_ipv6=1"), 0);
    ASSERT_TRUE(engine.await_line("(LAN) its addresses end by themselves, and the kernel does not renew them all: "))
        << engine.log();
    engine.listen(4s);
    EXPECT_EQ(engine.lines_with("does not renew them all"), 1U) << engine.log();
    ASSERT_EQ(std::system("sysctl -qw net.ipv6.conf.lan0.disable_ipv6=0"), 0);
    EXPECT_TRUE(engine.await_line("(LAN) its addresses are renewed again")) << engine.log();
}

}  // namespace
}  // namespace vrrpd::engine::engine_repair_test
