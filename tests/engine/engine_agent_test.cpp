// What the whole engine tells the agent, and what it does for it.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/engine/home.hpp"
#include "vrrpd/base/loop.hpp"

namespace vrrpd::engine {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ipc::Kind;
using proto::Role;

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
};

TEST_F(EngineAgent, hears_each_role_of_a_gateway_and_the_last_when_it_is_given_up) {
    EngineProcess engine(lan("10.12.14.1/24", gateway()));
    ASSERT_TRUE(engine.await(Kind::ready));
    EXPECT_TRUE(hears(engine, Role::backup)) << engine.log();
    EXPECT_TRUE(hears(engine, Role::active)) << engine.log();
    EXPECT_TRUE(stands("10.12.14.1/24")) << "told when the take-over is through";
    ip("link set lan0-far down");
    EXPECT_TRUE(hears(engine, Role::initialize)) << engine.log();
    ip("link set lan0-far up");
    EXPECT_TRUE(hears(engine, Role::active)) << engine.log();
    engine.stop();
    EXPECT_TRUE(hears(engine, Role::initialize)) << engine.log();
    EXPECT_TRUE(engine.await(Kind::handed_over));
}

TEST_F(EngineAgent, hears_that_an_adopted_role_goes_on) {
    const auto slow =
        "vrrp_instance LAN {\n interface lan0\n virtual_router_id 1\n advert_int 4\n version 3\n "
        "virtual_ipaddress {\n 10.12.14.1/24\n }\n}\n";
    const auto active_just_now = [](ipc::SharedState& state) {
        auto* record = state.record("lan0", Family::ipv4, *proto::Vrid::make(1));
        record->active = 1;
        record->last_advert = boot_now().time_since_epoch().count();
    };
    EngineProcess engine(slow + gateway(), {.adopt = true, .left_behind = active_just_now});
    EXPECT_TRUE(hears(engine, Role::active, true)) << engine.log();
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
    ip("link set wan0 down");
    EXPECT_TRUE(hears(engine, {"wan0 is down"})) << engine.log();
    ip("addr del 10.12.14.4/24 dev lan0");
    EXPECT_TRUE(hears(engine, {"wan0 is down", "lan0 has no IPv4 address besides the virtual ones"})) << engine.log();
    ip("addr add 10.12.14.4/24 dev lan0");
    ip("link set wan0 up");
    EXPECT_TRUE(hears(engine, std::vector<std::string>{})) << engine.log();
}

TEST_F(EngineAgent, an_observer_is_no_gateway) {
    EngineProcess engine(lan("10.12.14.1/24", gateway()), {.observe = true});
    const auto is_active = [](const ipc::RoleChange& change) { return change.role == Role::active; };
    ASSERT_TRUE(engine.await_line("would have asked who holds the addresses")) << engine.log();
    EXPECT_FALSE(engine.await<ipc::RoleChange>(Kind::role_change, is_active, 500ms)) << engine.log();
}

}  // namespace
}  // namespace vrrpd::engine
