#include "vrrpd/agent/own_gateways.hpp"

#include <gtest/gtest.h>

namespace vrrpd::agent::own_gateways_test {
namespace {

using namespace std::chrono_literals;
using proto::Role;

class OwnGatewaysTest : public testing::Test {
protected:
    OwnGatewaysTest() {
        config_.gateways.resize(2);
        config_.gateways[0].name = "HOME";
        config_.gateways[1].name = "GUESTS";
        own_.configure(config_);
    }
    [[nodiscard]] GatewaySummary home(Duration time = 0s) const {
        return own_.summary("0.1.0", Instant(time)).gateways.at(0);
    }

    config::Config config_;
    OwnGateways own_;
};

TEST_F(OwnGatewaysTest, nothing_is_promised_before_the_engine_spoke) {
    EXPECT_EQ(home().gateway, "HOME");
    EXPECT_EQ(home().role, Role::initialize);
    EXPECT_EQ(home().obstacles.size(), 1U);
    EXPECT_EQ(own_.summary("0.1.0", {}).gateways.size(), 2U);
}

TEST_F(OwnGatewaysTest, changes_are_told_apart_from_repetitions) {
    EXPECT_TRUE(own_.role({"HOME", Role::backup, false}, Instant(10s)));
    EXPECT_FALSE(own_.role({"HOME", Role::backup, true}, Instant(20s)));
    EXPECT_EQ(home(25s).role_age, 15s);
    EXPECT_TRUE(own_.readiness({"HOME", {}}));
    EXPECT_FALSE(own_.readiness({"HOME", {}}));
    EXPECT_TRUE(own_.dns("HOME", ServiceState::up, ""));
    EXPECT_FALSE(own_.dns("HOME", ServiceState::up, ""));
    EXPECT_TRUE(own_.lan_dhcp("HOME", ServiceState::up, {7}));
    EXPECT_FALSE(own_.lan_dhcp("HOME", ServiceState::up, {7}));
    EXPECT_TRUE(own_.lan_dhcp("HOME", ServiceState::up, {8}));
    EXPECT_EQ(home().lan_dhcp, ServiceState::up);
    EXPECT_EQ(home().term, dhcpsync::Term{8});
    EXPECT_FALSE(own_.lan_dhcp("OTHER", ServiceState::up, {7}));
    EXPECT_FALSE(own_.role({"OTHER", Role::active, false}, Instant(10s)));
    EXPECT_FALSE(own_.dhcp("OTHER", ServiceState::up, ""));
}

TEST_F(OwnGatewaysTest, every_part_may_stand_in_the_way) {
    (void)own_.readiness({"HOME", {"wan0 is down"}});
    (void)own_.dhcp("HOME", ServiceState::down, "its DHCP server is dead");
    (void)own_.dns("HOME", ServiceState::down, "no DNS forwarder answers");
    EXPECT_EQ(home().obstacles,
              (std::vector<std::string>{"wan0 is down", "its DHCP server is dead", "no DNS forwarder answers"}));
    EXPECT_EQ(home().dhcp, ServiceState::down);
}

TEST_F(OwnGatewaysTest, priority_and_age_are_the_engines) {
    EXPECT_TRUE(own_.standing({"HOME", 80, Instant(88500ms)}));
    EXPECT_FALSE(own_.standing({"HOME", 80, Instant(88500ms)}));
    EXPECT_EQ(home(101s).priority, 80);
    EXPECT_EQ(home(101s).role_age, 12500ms);
    EXPECT_FALSE(own_.standing({"OTHER", 80, Instant(88500ms)}));
}

TEST_F(OwnGatewaysTest, a_reload_forgets_what_is_gone_and_keeps_the_rest) {
    (void)own_.role({"HOME", Role::active, false}, Instant(10s));
    (void)own_.readiness({"HOME", {}});
    (void)own_.dns("HOME", ServiceState::down, "no DNS forwarder answers");
    config_.gateways.pop_back();
    own_.configure(config_);
    EXPECT_EQ(home().role, Role::active);
    EXPECT_TRUE(home().obstacles.empty()) << "no dns_failover may be left";
    EXPECT_EQ(own_.role(), Role::active);
    EXPECT_EQ(own_.role("GUESTS"), Role::initialize);
}

}  // namespace
}  // namespace vrrpd::agent::own_gateways_test
