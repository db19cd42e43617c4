// The whole engine in a network namespace of the test's own, driven as the supervisor drives it. Nobody else is on
// the LAN: what it takes to become Active alone, to keep the role over a reload, and to leave nothing behind.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/engine/home.hpp"
#include "tests/netlink/nft_churn.hpp"
#include "vrrpd/base/heap.hpp"

namespace vrrpd::engine::engine_run_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ipc::Kind;
using netlink::test::run_ip;

using EngineRun = Home;

TEST_F(EngineRun, takes_the_role_alone_and_withdraws_everything_at_stop) {
    EngineProcess engine(lan("10.12.14.1/24\n 10.12.14.9/24"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    EXPECT_TRUE(stands("10.12.14.9/24"));
    EXPECT_NE(on_lan().find("inet 10.12.14.1/24 scope global secondary"), std::string::npos) << on_lan();
    EXPECT_EQ(on_lan().find("sec preferred_lft"), std::string::npos) << "without a gateway they live forever\n"
                                                                     << on_lan();
    engine.stop();
    EXPECT_TRUE(engine.await(Kind::handed_over)) << engine.log();
    EXPECT_EQ(engine.wait(), 0);
    EXPECT_FALSE(stands("10.12.14.1")) << on_lan();
    EXPECT_FALSE(stands("10.12.14.9"));
    EXPECT_TRUE(stands("10.12.14.4")) << "the host's own";
}

TEST_F(EngineRun, hands_over_when_its_supervisor_is_gone) {
    EngineProcess engine(lan("10.12.14.1/24"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    engine.close_channel();
    EXPECT_EQ(engine.wait(), 0);
    EXPECT_FALSE(stands("10.12.14.1"));
}

TEST_F(EngineRun, a_gateways_addresses_end_by_themselves_and_its_route_stands_in_an_own_table) {
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    EXPECT_NE(on_lan().find("valid_lft 5sec"), std::string::npos) << on_lan();
    EXPECT_NE(ip_output("route show table 11200").find("default via 198.51.100.1 dev wan0"), std::string::npos);
    EXPECT_NE(ip_output("rule").find("suppress_prefixlength 0"), std::string::npos);
    EXPECT_EQ(ip_output("route show default"), "") << "the host's default route is not ours to make";

    engine.kill(SIGKILL);
    (void)engine.wait();
    // The kernel looks at lifetimes in its own time: up to a second or two later.
    for (int i = 0; i < 40 && stands("10.12.14.1"); ++i) std::this_thread::sleep_for(250ms);
    EXPECT_FALSE(stands("10.12.14.1")) << "the dead man";
}

TEST_F(EngineRun, a_living_gateway_renews_its_addresses) {
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    for (int i = 0; i < 13; ++i) {
        engine.listen(500ms);
        ASSERT_TRUE(stands("10.12.14.1/24")) << "after " << i * 500 << " ms\n" << engine.log();
    }
    EXPECT_EQ(engine.lines_with("removed by someone else"), 0U) << engine.log();
    engine.stop();
    EXPECT_EQ(engine.wait(), 0);
    EXPECT_EQ(ip_output("rule").find("11200"), std::string::npos);
    EXPECT_EQ(ip_output("route show table 11200 2>/dev/null"), "");
}

TEST_F(EngineRun, a_reload_touches_only_what_changed_and_keeps_the_role) {
    EngineProcess engine(lan("10.12.14.1/24\n 10.12.14.9/24"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    const auto before = ip_output("-d -s -4 -o addr show dev lan0 to 10.12.14.1");
    engine.reload(lan("10.12.14.1/24\n 10.12.14.10/24"));
    ASSERT_TRUE(engine.await(Kind::reloaded)) << engine.log();
    EXPECT_TRUE(eventually([] { return stands("10.12.14.10/24") && !stands("10.12.14.9/24"); })) << on_lan();
    EXPECT_EQ(ip_output("-d -s -4 -o addr show dev lan0 to 10.12.14.1"), before);
    engine.listen(300ms);
    EXPECT_EQ(engine.lines_with("Entering MASTER"), 1U) << engine.log();
    EXPECT_EQ(engine.lines_with("removed by someone else"), 0U) << engine.log();
}

// A thousand lines fill the channel, and the supervisor reads them later; it must hear of the reload all the same.
TEST_F(EngineRun, a_reload_is_answered_when_there_is_room_for_the_answer) {
    EngineProcess engine(lan("10.12.14.1/24"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    std::string many = lan("10.12.14.1/24\n 10.12.14.10/24");
    for (int i = 0; i < 500; ++i)
        many += "vrrp_instance M" + std::to_string(i) + " {\n interface none" + std::to_string(i) +
                "\n virtual_router_id 9\n virtual_ipaddress {\n 10.99.0.1/24\n }\n}\n";
    engine.reload(many);
    ASSERT_TRUE(eventually([&] { return stands("10.12.14.10/24"); }));
    EXPECT_TRUE(engine.await(Kind::reloaded));
}

TEST_F(EngineRun, a_reload_adds_and_removes_instances) {
    EngineProcess engine(lan("10.12.14.1/24") + instance("B", 2, "10.12.14.2/24"));
    ASSERT_TRUE(engine.await_line("(LAN) took over") && engine.await_line("(B) took over")) << engine.log();
    engine.reload(instance("C", 3, "10.12.14.3/24") + instance("RENAMED", 2, "10.12.14.2/24"));
    ASSERT_TRUE(engine.await_line("(C) took over")) << engine.log();
    EXPECT_TRUE(eventually([] { return !stands("10.12.14.1/24"); })) << on_lan();
    EXPECT_TRUE(stands("10.12.14.2/24"));
    EXPECT_EQ(engine.lines_with("(B) Leaving"), 0U) << engine.log();
}

TEST_F(EngineRun, an_address_taken_away_comes_back_and_the_log_says_so) {
    EngineProcess engine(lan("10.12.14.1/24"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    run_ip("addr del 10.12.14.1/24 dev lan0");
    EXPECT_TRUE(eventually([] { return stands("10.12.14.1/24"); }));
    EXPECT_TRUE(engine.await_line("10.12.14.1/24 dev lan0 was removed by someone else: added again")) << engine.log();
}

TEST_F(EngineRun, VR_083_a_cable_that_is_out_is_a_fault_and_its_return_a_start) {
    EngineProcess engine(lan("10.12.14.1/24"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    run_ip("link set lan0-far down");
    EXPECT_TRUE(engine.await_line("Entering FAULT STATE: lan0 has no carrier")) << engine.log();
    EXPECT_TRUE(eventually([] { return !stands("10.12.14.1"); }));
    run_ip("link set lan0-far up");
    EXPECT_TRUE(eventually([] { return stands("10.12.14.1/24"); }));
}

TEST_F(EngineRun, an_interface_that_is_not_there_yet_is_waited_for) {
    run_ip("link del lan0");
    EngineProcess engine(lan("10.12.14.1/24"));
    ASSERT_TRUE(engine.await_line("lan0 does not exist (yet)")) << engine.log();
    engine.listen(300ms);
    EXPECT_EQ(engine.lines_with("does not exist"), 1U) << "said once\n" << engine.log();
    run_ip("link add lan0 type veth peer name lan0-far");
    run_ip("link set lan0-far up");
    run_ip("link set lan0 up");
    run_ip("addr add 10.12.14.4/24 dev lan0");
    EXPECT_TRUE(eventually([] { return stands("10.12.14.1/24"); })) << engine.log();
}

TEST_F(EngineRun, the_heartbeat_goes_on) {
    EngineProcess engine(lan("10.12.14.1/24"));
    ASSERT_TRUE(engine.await(Kind::ready));
    const auto first = engine.state().last_beat();
    EXPECT_TRUE(eventually([&] { return engine.state().last_beat() > first + 1s; }));
}

TEST_F(EngineRun, a_gateway_block_that_leaves_the_file_takes_its_routes_and_lifetimes_along) {
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    engine.reload(lan("10.12.14.1/24"));
    ASSERT_TRUE(engine.await(Kind::reloaded));
    EXPECT_TRUE(eventually([] { return on_lan().find("valid_lft 5sec") == std::string::npos; })) << on_lan();
    EXPECT_TRUE(eventually([] { return ip_output("rule").find("11200") == std::string::npos; }));
    EXPECT_TRUE(stands("10.12.14.1/24"));
    EXPECT_EQ(engine.lines_with("Entering MASTER"), 1U) << engine.log();
    // A fence that nobody opens would mute the address that stays.
    EXPECT_TRUE(engine.await_line("removed the fence of an earlier configuration")) << engine.log();
    EXPECT_EQ(output_of("nft list ruleset"), "");
}

TEST_F(EngineRun, a_fence_that_was_left_behind_mutes_no_instance_without_a_gateway) {
    {
        EngineProcess before(lan("10.12.14.1/24", gateway()));
        ASSERT_TRUE(becomes_active(before, "10.12.14.1/24")) << before.log();
    }  // killed
    run_ip("addr flush dev lan0");
    run_ip("addr add 10.12.14.4/24 dev lan0");
    ASSERT_NE(output_of("nft list table netdev vrrpd"), "");
    EngineProcess engine(lan("10.12.14.1/24"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    EXPECT_EQ(engine.lines_with("removed the fence of an earlier configuration"), 1U) << engine.log();
    EXPECT_EQ(output_of("nft list ruleset"), "");
}

TEST_F(EngineRun, a_gateway_that_crashed_and_is_not_adopted_shuts_its_fence_at_once) {
    auto slow = lan("10.12.14.1/24", gateway());
    slow.replace(slow.find("advert_int 0.1"), 14, "advert_int 2");
    const auto open = [] {
        return output_of("nft list set netdev vrrpd open_HOME").find("elements") != std::string::npos;
    };
    {
        EngineProcess before(slow);
        ASSERT_TRUE(before.await(Kind::ready) && before.await_line("Entering BACKUP STATE"));
        EXPECT_TRUE(before.await<ipc::RoleChange>(
            Kind::role_change, [](const auto& change) { return change.role == proto::Role::active; }, 10s));
        ASSERT_TRUE(eventually(open));
    }  // killed
    EngineProcess engine(slow);
    ASSERT_TRUE(engine.await_line("leftovers of an earlier run")) << engine.log();
    EXPECT_TRUE(eventually([&] { return !open(); }));
    EXPECT_EQ(engine.lines_with("Entering MASTER"), 0U) << engine.log();
}

TEST_F(EngineRun, a_daemon_with_a_name_leaves_the_fence_of_the_one_beside_it_alone) {
    EngineProcess gate(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(becomes_active(gate, "10.12.14.1/24")) << gate.log();
    EngineProcess other("instance other\n" + instance("OTHER", 7, "10.12.14.7/24"));
    ASSERT_TRUE(becomes_active(other, "10.12.14.7/24")) << other.log();
    gate.listen(300ms);
    EXPECT_EQ(gate.lines_with("changed or removed"), 0U) << gate.log();
    EXPECT_EQ(other.lines_with("fence"), 0U) << other.log();
}

TEST_F(EngineRun, an_address_may_move_between_instances_in_a_reload) {
    EngineProcess engine(lan("10.12.14.1/24\n 10.12.14.9/24") + instance("B", 2, "10.12.14.2/24"));
    ASSERT_TRUE(engine.await_line("(LAN) took over") && engine.await_line("(B) took over")) << engine.log();
    engine.reload(lan("10.12.14.1/24") + instance("B", 2, "10.12.14.2/24\n 10.12.14.9/24"));
    ASSERT_TRUE(engine.await(Kind::reloaded));
    engine.reload(lan("10.12.14.1/24\n 10.12.14.9/24") + instance("B", 2, "10.12.14.2/24"));
    ASSERT_TRUE(engine.await(Kind::reloaded));
    engine.listen(300ms);
    EXPECT_TRUE(stands("10.12.14.9/24")) << engine.log();
    EXPECT_EQ(engine.lines_with("removed by someone else"), 0U) << engine.log();
}

TEST_F(EngineRun, an_owner_of_a_gateway_speaks_only_when_its_socket_is_there) {
    EngineProcess engine(lan("10.12.14.1/24", gateway(), 255));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    EXPECT_EQ(engine.lines_with("no socket"), 0U) << engine.log();
}

TEST_F(EngineRun, a_default_route_that_goes_leaves_nothing_of_ours_behind) {
    run_ip("route add default via 198.51.100.1 dev wan0");
    EngineProcess engine(lan("10.12.14.1/24", gateway("auto")));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    EXPECT_NE(ip_output("route show table 11200").find("via 198.51.100.1"), std::string::npos);
    run_ip("route replace default via 198.51.100.2 dev wan0");
    EXPECT_TRUE(eventually([] {
        return ip_output("route show table 11200").find("via 198.51.100.2") != std::string::npos;
    })) << engine.log();
    run_ip("route del default");
    engine.listen(200ms);
    engine.stop();
    EXPECT_EQ(engine.wait(), 0);
    EXPECT_EQ(ip_output("rule").find("11200"), std::string::npos) << ip_output("rule");
    EXPECT_EQ(ip_output("route show table 11200 2>/dev/null"), "");
}

TEST_F(EngineRun, a_route_that_cannot_be_added_degrades_the_take_over_and_fills_no_log) {
    EngineProcess engine(
        "vrrp_instance LAN {\n interface lan0\n virtual_router_id 1\n advert_int 0.1\n version 3\n "
        "virtual_ipaddress {\n 10.12.14.1/24\n }\n virtual_routes {\n 192.0.2.0/24 via 203.0.113.9\n "
        "}\n}\n");
    ASSERT_TRUE(engine.await_line("DEGRADED")) << engine.log();
    EXPECT_TRUE(stands("10.12.14.1/24"));
    run_ip("addr add 10.12.14.55/24 dev lan0");  // news from the kernel, and so an audit
    engine.listen(2000ms);
    EXPECT_LE(engine.lines_with("192.0.2.0/24"), 4U) << engine.log();
    const auto missing = [&engine] {
        engine.send(ipc::Kind::status_wanted);
        const auto status = engine.await_status();
        const auto at = status.find("\"missing\":");
        return at == std::string::npos ? status : status.substr(at, status.find(']', at) + 1 - at);
    };
    EXPECT_EQ(missing(), R"("missing":["route 192.0.2.0/24 via 203.0.113.9"])");
    run_ip("addr add 203.0.113.7/24 dev lan0");  // now it can be reached
    EXPECT_TRUE(eventually([&] { return missing() == R"("missing":[])"; })) << missing();
}

TEST_F(EngineRun, a_foreign_rule_in_the_way_of_one_gateway_says_nothing_about_another) {
    for (const std::string device : {"lan1", "wan1"}) {
        run_ip("link add " + device + " type veth peer name " + device + "-far");
        run_ip("link set " + device + "-far up");
        run_ip("link set " + device + " up");
    }
    run_ip("addr add 10.12.15.4/24 dev lan1");
    run_ip("addr add 192.0.2.7/24 dev wan1");
    ASSERT_EQ(std::system("nft 'table ip filter { chain FORWARD { type filter hook forward priority 0;"
                          " iifname \"lan1\" oifname \"wan1\" drop; }; }'"),
              0);
    const std::string guests =
        "vrrp_instance LAN1 {\n interface lan1\n virtual_router_id 2\n advert_int 0.1\n version 3\n "
        "virtual_ipaddress {\n 10.12.15.1/24\n }\n}\n"
        "gateway GUESTS {\n follows LAN1\n lan lan1 10.12.15.0/24\n wan wan1 {\n address own\n via 192.0.2.1\n }\n "
        "nat {\n masquerade\n }\n}\n";
    EngineProcess engine(lan("10.12.14.1/24", gateway() + guests));
    ASSERT_TRUE(engine.await_line("gateway GUESTS: NOT ready: ip filter FORWARD drops lan1->wan1")) << engine.log();
    engine.listen(300ms);
    EXPECT_EQ(engine.lines_with("gateway HOME: NOT ready"), 0U) << engine.log();
}

TEST_F(EngineRun, a_take_over_does_not_wait_for_the_rules_of_others_to_be_read) {
    if (sanitized) GTEST_SKIP() << "ten times slower, the engine reads nothing between two changes";
    const nft_test::Churn others(3000);
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    engine.listen(1s);
    const auto stands_again = [](const char* state) {
        const auto began = std::chrono::steady_clock::now();
        run_ip(std::string("link set lan0-far ") + state);
        EXPECT_TRUE(eventually([&] { return stands("10.12.14.1/24") == (state == std::string("up")); }));
        return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
    };
    for (int round = 0; round < 3; ++round) {
        const auto gone = stands_again("down"), back = stands_again("up");
        std::printf("gone in %.0f ms, back in %.0f ms\n", gone, back);
        EXPECT_LT(gone, 1000);
        EXPECT_LT(back, 2000) << "the down interval, 0.36 s, and what a busy machine adds\n" << engine.log();
        engine.listen(100ms);
    }
    ASSERT_EQ(std::system("nft flush table inet vrrpd && nft delete table inet vrrpd"), 0);
    EXPECT_TRUE(eventually([] {
        return output_of("nft list table inet vrrpd 2>&1").find("masquerade") != std::string::npos;
    })) << engine.log();
}

// Silence is what a stand-in's fence is for: it is shut again, not opened.
TEST_F(EngineRun, the_fence_of_a_stand_in_that_is_taken_away_comes_back_shut) {
    const auto fence = [] { return output_of("nft list table netdev vrrpd 2>&1"); };
    EngineProcess engine(
        "vrrp_instance LAN {\n interface lan0\n virtual_router_id 1\n advert_int 40\n version 3\n "
        "virtual_ipaddress {\n 10.12.14.1/24\n }\n}\n" +
        gateway());
    ASSERT_TRUE(engine.await(Kind::ready)) << engine.log();
    ASSERT_TRUE(eventually([&] { return fence().find("hook egress") != std::string::npos; })) << engine.log();
    const auto before = fence();
    for (const auto* how : {"nft flush ruleset", "nft flush table netdev vrrpd", "nft delete table netdev vrrpd"}) {
        ASSERT_EQ(std::system(how), 0);
        EXPECT_TRUE(eventually([&] { return fence() == before; })) << how << "\n" << fence() << engine.log();
        engine.listen(200ms);
    }
    EXPECT_EQ(output_of("nft list set netdev vrrpd open_HOME").find("lan0"), std::string::npos);
    EXPECT_EQ(engine.lines_with("changed or removed"), 3U) << engine.log();
}

TEST_F(EngineRun, rules_that_are_taken_away_in_a_loop_come_back_and_it_is_not_said_each_time) {
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    for (int round = 0; round < 40; ++round) {
        ASSERT_EQ(std::system("nft flush ruleset"), 0);
        engine.listen(50ms);
    }
    EXPECT_TRUE(eventually([&] {
        engine.listen(10ms);
        return output_of("nft list table inet vrrpd 2>&1").find("masquerade") != std::string::npos &&
               output_of("nft list set netdev vrrpd open_HOME 2>&1").find("lan0") != std::string::npos;
    })) << engine.log();
    EXPECT_GE(engine.lines_with("were changed or removed"), 2U) << engine.log();
    EXPECT_LE(engine.lines_with("were changed or removed"), 4U) << engine.log();
    EXPECT_LE(engine.lines_with("again and again"), 3U) << engine.log();  // one in 10 s
}

TEST_F(EngineRun, a_gateway_whose_rules_cannot_be_installed_is_not_ready) {
    FILE* other = ::popen("nft -i >/dev/null 2>&1", "w");  // owns the table for as long as it runs
    ASSERT_NE(other, nullptr);
    std::fputs("add table inet vrrpd { flags owner; }\n", other);
    std::fflush(other);
    ASSERT_TRUE(eventually([] { return !output_of("nft list tables").empty(); }));
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    EXPECT_TRUE(engine.await_line("gateway HOME: NOT ready: its packet rules cannot be installed")) << engine.log();
    std::fputs("quit\n", other);  // the engine has the pipe, too
    ::pclose(other);
    EXPECT_TRUE(engine.await_line("gateway HOME: ready")) << engine.log();
    EXPECT_EQ(engine.lines_with("changed or removed"), 0U) << engine.log();
}

// The far end of wan0 is the provider's router: it answers while it has the address.
TEST_F(EngineRun, a_next_hop_that_falls_silent_counts_only_when_the_kernel_has_no_proof_of_its_life_either) {
    run_ip("addr add 198.51.100.1/32 dev wan0-far");
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    engine.listen(1500ms);
    run_ip("addr del 198.51.100.1/32 dev wan0-far");
    engine.listen(6000ms);
    run_ip("neigh replace 198.51.100.1 lladdr 02:00:00:00:00:01 nud reachable dev wan0");
    engine.listen(7000ms);  // our own questions are out of answers by now
    EXPECT_EQ(engine.lines_with("is silent"), 0U) << engine.log();
    run_ip("neigh del 198.51.100.1 dev wan0");
    EXPECT_TRUE(engine.await_line("wan0 reaches no next hop: 198.51.100.1 is silent")) << engine.log();
    run_ip("addr add 198.51.100.1/32 dev wan0-far");
    EXPECT_TRUE(engine.await_line("gateway HOME: ready")) << engine.log();
}

// ---- observing

TEST_F(EngineRun, observing_survives_a_reload_and_takes_nothing_for_stolen) {
    const auto two = lan("10.12.14.1/24") + instance("B", 2, "10.12.14.2/24");
    EngineProcess engine(two, {.observe = true});
    ASSERT_TRUE(engine.await_line("(LAN) [observing]") && engine.await_line("(B) [observing]")) << engine.log();
    engine.listen(400ms);
    engine.reload(lan("10.12.14.1/24") + instance("B", 2, "10.12.14.2/24\n 10.12.14.3/24"));
    EXPECT_TRUE(engine.await(Kind::reloaded)) << engine.log();
    run_ip("addr add 10.12.14.66/24 dev lan0");
    run_ip("addr del 10.12.14.66/24 dev lan0");
    engine.listen(300ms);
    EXPECT_EQ(engine.lines_with("removed by someone else"), 0U) << engine.log();
    engine.stop();
    EXPECT_EQ(engine.wait(), 0);
}

TEST_F(EngineRun, observing_changes_nothing_and_says_what_it_would_do) {
    const auto kernel = [] {
        return ip_output("-4 -o addr") + ip_output("rule") + ip_output("-4 route show table all");
    };
    const auto before = kernel();
    EngineProcess engine(lan("10.12.14.1/24", gateway()), {.observe = true});
    ASSERT_TRUE(engine.await_line("would have asked who holds the addresses, then: Entering MASTER STATE"))
        << engine.log();
    engine.listen(500ms);
    EXPECT_EQ(kernel(), before);
    engine.stop();
    EXPECT_EQ(engine.wait(), 0);
}

}  // namespace
}  // namespace vrrpd::engine::engine_run_test
