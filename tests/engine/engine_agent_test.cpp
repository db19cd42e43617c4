// What the whole engine tells the agent, and what it does for it.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/engine/home.hpp"
#include "tests/engine/wire.hpp"
#include "tests/proto/router_keys.hpp"
#include "vrrpd/base/loop.hpp"

namespace vrrpd::engine::engine_agent_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ipc::Kind;
using proto::Role;

IpAddress address(const char* text) { return IpAddress::parse(text).value(); }

class EngineAgent : public Home {
protected:
    static bool hears(EngineProcess& engine, Role role, bool resumed = false) {
        return engine.await<ipc::RoleChange>(Kind::role_change, [&](const auto& change) {
            return change == ipc::RoleChange{"HOME", role, resumed};
        });
    }
    static bool hears(EngineProcess& engine, const std::vector<std::string>& obstacles) {
        return engine.await<ipc::Readiness>(Kind::readiness, [&](const auto& readiness) {
            return readiness == ipc::Readiness{"HOME", obstacles};
        });
    }
    static bool hears_priority(EngineProcess& engine, int priority) {
        return engine.await<ipc::Standing>(Kind::standing, [&](const auto& standing) {
            return standing.gateway == "HOME" && standing.priority == priority && standing.since > Instant();
        });
    }
};

TEST_F(EngineAgent, hears_each_role_of_a_gateway_and_the_last_when_it_is_given_up) {
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(engine.await(Kind::ready));
    EXPECT_TRUE(hears(engine, Role::backup)) << engine.log();
    EXPECT_TRUE(hears(engine, Role::active)) << engine.log();
    EXPECT_TRUE(stands("10.12.14.1/24")) << "told when the take-over is through";
    run_ip("link set lan0-far down");
    EXPECT_TRUE(hears(engine, Role::initialize)) << engine.log();
    run_ip("link set lan0-far up");
    EXPECT_TRUE(hears(engine, Role::active)) << engine.log();
    engine.stop();
    EXPECT_TRUE(hears(engine, Role::initialize)) << engine.log();
    EXPECT_TRUE(engine.await(Kind::handed_over));
}

TEST_F(EngineAgent, hears_that_an_adopted_role_goes_on) {
    const auto slow =
        "vrrp_instance LAN {\n interface lan0\n virtual_router_id 1\n advert_int 4\n version 3\n "
        "virtual_ipaddress {\n 10.12.14.1/24\n }\n}\n";
    const auto active_just_now = [](ipc::SharedState& state) { left_active(state, proto::test::key("lan0")); };
    EngineProcess engine(slow + gateway(), {.adopt = true, .left_behind = active_just_now});
    EXPECT_TRUE(hears(engine, Role::active, true)) << engine.log();
}

// Its last advert must be younger than two intervals (here 10 s): whoever waited longer may have taken over.
TEST_F(EngineAgent, hears_of_an_adopted_role_only_where_nobody_else_can_have_it) {
    const auto after = [](Duration silence) {
        const auto left = [silence](ipc::SharedState& state) { left_active(state, proto::test::key("lan0"), silence); };
        EngineProcess engine(
            "vrrp_instance LAN {\n interface lan0\n virtual_router_id 1\n advert_int 5\n version 3\n "
            "virtual_ipaddress {\n 10.12.14.1/24\n }\n}\n" +
                gateway(),
            {.adopt = true, .left_behind = left});
        return engine.await_line("Entering") && engine.lines_with("Entering MASTER STATE") == 1;
    };
    EXPECT_TRUE(after(7s)) << "and up to three seconds that a busy machine takes";
    EXPECT_FALSE(after(10s));
}

TEST_F(EngineAgent, hears_of_a_gateway_that_a_reload_adds) {
    EngineProcess engine(lan("10.12.14.1/24"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    engine.reload(lan("10.12.14.1/24", gateway()));
    EXPECT_TRUE(hears(engine, Role::active)) << engine.log();
    EXPECT_TRUE(hears(engine, std::vector<std::string>{})) << engine.log();
    EXPECT_TRUE(engine.await(Kind::reloaded));
}

TEST_F(EngineAgent, hears_why_a_gateway_is_not_ready_and_that_it_is_again) {
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    EXPECT_TRUE(hears(engine, std::vector<std::string>{})) << engine.log();
    run_ip("link set wan0 down");
    EXPECT_TRUE(hears(engine, {"wan0 is down"})) << engine.log();
    run_ip("addr del 10.12.14.4/24 dev lan0");
    EXPECT_TRUE(hears(engine, {"wan0 is down", "lan0 has no IPv4 address besides the virtual ones"})) << engine.log();
    run_ip("addr add 10.12.14.4/24 dev lan0");
    run_ip("link set wan0 up");
    EXPECT_TRUE(hears(engine, std::vector<std::string>{})) << engine.log();
}

TEST_F(EngineAgent, hears_once_of_a_device_that_has_two_networks) {
    add_device("lan1");
    forward("lan1", true);
    EngineProcess engine(
        lan("10.12.14.1/24",
            "gateway HOME {\n follows LAN\n lan lan0 10.12.14.0/24\n lan lan1 10.12.15.0/24\n lan lan1 "
            "10.12.16.0/24\n wan wan0 {\n address own\n via 198.51.100.1\n }\n}\n"));
    EXPECT_TRUE(hears(engine, {"lan1 is down"})) << engine.log();
    EXPECT_EQ(engine.lines_with("NOT ready: lan1 is down"), 1U) << engine.log();
}

TEST_F(EngineAgent, hears_what_its_priority_is_and_that_it_is_another) {
    EngineProcess engine(lan("10.12.14.1/24", gateway(), 200));
    EXPECT_TRUE(hears_priority(engine, 200)) << engine.log();
    run_ip("link set wan0 down");
    EXPECT_TRUE(hears_priority(engine, 80)) << engine.log();
}

TEST_F(EngineAgent, hears_that_the_kernel_does_not_forward_and_what_to_do) {
    forward("lan0", false);
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    EXPECT_TRUE(hears(engine, {"lan0 does not forward IPv4; run: sysctl -w net.ipv4.conf.lan0.forwarding=1"}))
        << engine.log();
    forward("lan0", true);
    EXPECT_TRUE(engine.await<ipc::Readiness>(
        Kind::readiness, [](const auto& readiness) { return readiness.obstacles.empty(); }, 15s))
        << engine.log();
}

// ---- DNS

class EngineDns : public EngineAgent {
protected:
    static std::string failover(const std::string& more = {}) {
        return "dns_failover {\n follows HOME\n forwarder H003 10.12.14.4\n forwarder H001 10.12.14.2\n" + more + "}\n";
    }
    static std::string text(const std::string& tracked, const std::string& dns = failover()) {
        return "vrrp_instance LAN {\n interface lan0\n virtual_router_id 1\n advert_int 0.1\n version 3\n" + tracked +
               " virtual_ipaddress {\n 10.12.14.1/24\n }\n}\n" + gateway() + dns;
    }
    static bool sends_dns_to(const std::string& address) {
        return eventually([&] { return ruleset().find(": " + address + " . 53") != std::string::npos; });
    }
    static std::string ruleset() { return output_of("nft list table inet vrrpd 2>&1"); }
};

TEST_F(EngineDns, a_tracked_forwarder_weighs_while_it_does_not_work) {
    EngineProcess engine(text(" track_dns {\n HOME weight -50\n }\n"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    EXPECT_EQ(engine.lines_with("DNS of HOME down"), 0U) << "unknown counts as up";
    engine.send(Kind::dns_health, encode(ipc::DnsHealth{"HOME", false}));
    EXPECT_TRUE(engine.await_line("(LAN) Changing effective priority from 100 to 50: DNS of HOME down"))
        << engine.log();
    engine.send(Kind::dns_health, encode(ipc::DnsHealth{"HOME", true}));
    EXPECT_TRUE(engine.await_line("(LAN) Changing effective priority from 50 to 100: DNS of HOME up")) << engine.log();
}

TEST_F(EngineDns, a_tracked_forwarder_without_weight_is_a_fault_over_a_reload_too) {
    const auto tracking = text(" track_dns {\n HOME\n }\n");
    EngineProcess engine(tracking);
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    engine.send(Kind::dns_health, encode(ipc::DnsHealth{"HOME", false}));
    EXPECT_TRUE(engine.await_line("Entering FAULT STATE: this host's DNS forwarder of HOME does not work"))
        << engine.log();
    engine.reload(tracking + instance("B", 2, "10.12.14.2/24"));
    ASSERT_TRUE(engine.await(Kind::reloaded));
    EXPECT_TRUE(eventually([] { return !stands("10.12.14.1/24"); })) << engine.log();
    engine.send(Kind::dns_health, encode(ipc::DnsHealth{"HOME", true}));
    EXPECT_TRUE(engine.await_line("took over")) << engine.log();
}

TEST_F(EngineDns, questions_go_to_the_chosen_one_until_the_configuration_names_it_no_more) {
    EngineProcess engine(text({}));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    engine.send(Kind::dns_choice, encode(ipc::DnsChoice{"HOME", IpAddress::v4(192, 0, 2, 1), 53}));
    engine.send(Kind::dns_choice, encode(ipc::DnsChoice{"HOME", IpAddress::v4(10, 12, 14, 4), 53}));
    EXPECT_TRUE(sends_dns_to("10.12.14.4")) << ruleset();
    engine.send(Kind::dns_choice, encode(ipc::DnsChoice{"HOME", IpAddress::v4(10, 12, 14, 2), 53}));
    EXPECT_TRUE(sends_dns_to("10.12.14.2")) << ruleset();
    EXPECT_EQ(ruleset().find("192.0.2.1"), std::string::npos) << "that one is no forwarder of ours";
    engine.send(Kind::dns_choice, encode(ipc::DnsChoice::nobody("HOME", Family::ipv6)));
    engine.send(Kind::dns_choice, encode(ipc::DnsChoice::nobody("HOME", Family::ipv4)));
    EXPECT_TRUE(eventually([] { return ruleset().find("10.12.14.2") == std::string::npos; })) << ruleset();
    engine.send(Kind::dns_choice, encode(ipc::DnsChoice{"HOME", IpAddress::v4(10, 12, 14, 2), 53}));
    EXPECT_TRUE(sends_dns_to("10.12.14.2")) << ruleset();
    engine.reload(text({}, failover(" when_dead demote -60\n")));
    ASSERT_TRUE(engine.await(Kind::reloaded));
    EXPECT_TRUE(eventually([] { return ruleset().find("dns4_HOME") == std::string::npos; })) << ruleset();
}

TEST_F(EngineDns, a_weight_goes_with_the_words_that_wanted_it) {
    EngineProcess engine(text({}, failover(" when_dead demote -60\n")));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    engine.send(Kind::service_weight, encode(ipc::ServiceWeight{"HOME", "dns", -60}));
    EXPECT_TRUE(engine.await_line("Changing effective priority from 100 to 40: dns down")) << engine.log();
    engine.send(Kind::service_weight, encode(ipc::ServiceWeight{"HOME", "dns", 0}));
    EXPECT_TRUE(engine.await_line("Changing effective priority from 40 to 100: dns up")) << engine.log();
    engine.send(Kind::service_weight, encode(ipc::ServiceWeight{"HOME", "dns", -50}));
    EXPECT_TRUE(engine.await_line("Changing effective priority from 100 to 50: dns down")) << engine.log();
    engine.reload(text({}));
    EXPECT_TRUE(engine.await_line("Changing effective priority from 50 to 100: reconfigured")) << engine.log();
    engine.send(Kind::service_weight, encode(ipc::ServiceWeight{"HOME", "dns", 0}));
    engine.listen(100ms);
    EXPECT_EQ(engine.lines_with("dns up"), 1U) << engine.log();
}

// ---- what it asks for

// Far more routers than fit into one turn, and a reload while it is made.
TEST_F(EngineAgent, answers_with_a_status_of_all_routers) {
    std::string many;
    for (unsigned vrid = 2; vrid < 200; ++vrid)
        many += instance("I" + std::to_string(vrid), vrid, "10.12.15." + std::to_string(vrid) + "/32");
    EngineProcess engine(lan("10.12.14.1/24", gateway() + many));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    for (const bool reloading : {false, true}) {
        engine.send(Kind::status_wanted);
        if (reloading) engine.reload(lan("10.12.14.1/24", many + gateway()));
        const auto status = engine.await_status();  // before the reload is done, or after it
        std::size_t instances = 0;
        for (auto at = status.find("advert_interval"); at != std::string::npos;
             at = status.find("advert_interval", at + 1))
            ++instances;
        EXPECT_EQ(instances, 199U);
        EXPECT_NE(status.find(R"("gateways":[{"name":"HOME","follows":"LAN","state":"MASTER")"), std::string::npos)
            << status;
    }
}

TEST_F(EngineAgent, announces_again_when_told_and_active) {
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(engine.await(Kind::ready));
    engine.send(Kind::announce_again, "HOME");  // no more than a stand-in yet
    ASSERT_TRUE(engine.await_line("took over") && stands("10.12.14.1/24")) << engine.log();
    EXPECT_EQ(engine.lines_with("again"), 0U) << engine.log();
    engine.listen(200ms);
    Wire neighbour("lan0-far");
    engine.send(Kind::announce_again, "ANOTHER");
    engine.send(Kind::announce_again, "HOME");
    EXPECT_TRUE(neighbour.hears_arp(address("10.12.14.1"), address("10.12.14.1")));
    EXPECT_TRUE(engine.await_line("(LAN) announcing its addresses again: another router had been Active too"));
}

TEST_F(EngineAgent, gives_no_leases_while_it_is_told_so) {
    const auto drops_dhcp = [] {
        return output_of("nft list table netdev vrrpd 2>&1").find("\t\tmeta protocol ip udp sport 67") !=
               std::string::npos;
    };
    const auto is_open = [] {
        return output_of("nft list set netdev vrrpd open_HOME 2>&1").find("lan0") != std::string::npos;
    };
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    engine.send(Kind::dhcp_silence, encode(ipc::DhcpSilence{"HOME", true}));
    EXPECT_TRUE(eventually(drops_dhcp));
    EXPECT_TRUE(is_open()) << "for all else";
    engine.send(Kind::dhcp_silence, encode(ipc::DhcpSilence{"HOME", false}));
    EXPECT_TRUE(eventually([&] { return !drops_dhcp(); }));
    EXPECT_TRUE(is_open());
}

// Its server lacks leases: when the role comes, it says so too late.
TEST_F(EngineAgent, a_stand_in_that_was_told_so_gives_no_leases_when_its_fence_opens) {
    const auto fence = [] { return output_of("nft list table netdev vrrpd 2>&1"); };
    const std::string dropped = "\t\tmeta protocol ip udp sport 67";
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(engine.await(Kind::ready));
    engine.send(Kind::dhcp_silence, encode(ipc::DhcpSilence{"HOME", true}));
    ASSERT_TRUE(engine.await_line("took over") && stands("10.12.14.1/24")) << engine.log();
    EXPECT_NE(fence().find(dropped), std::string::npos) << fence();
    engine.send(Kind::dhcp_silence, encode(ipc::DhcpSilence{"HOME", false}));
    EXPECT_TRUE(eventually([&] { return fence().find(dropped) == std::string::npos; }));
}

TEST_F(EngineAgent, an_observer_is_no_gateway) {
    EngineProcess engine(lan("10.12.14.1/24", gateway()), {.observe = true});
    const auto is_active = [](const ipc::RoleChange& change) { return change.role == Role::active; };
    ASSERT_TRUE(engine.await_line("would have asked who holds the addresses")) << engine.log();
    EXPECT_FALSE(engine.await<ipc::RoleChange>(Kind::role_change, is_active, 500ms)) << engine.log();
}

}  // namespace
}  // namespace vrrpd::engine::engine_agent_test
