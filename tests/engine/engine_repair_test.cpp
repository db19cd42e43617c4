// What stands is remembered, whatever becomes of its device, and what is taken away comes back: in a whole engine.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/engine/home.hpp"

namespace vrrpd::engine {
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
            ip("link set " + device + " down");
            ip("link set " + device + " name " + name);
        }
        ip("link set " + name + " up");
    }
    static void take_away() { (void)std::system("ip addr del 10.12.14.1/24 dev lan0 2>/dev/null"); }
};

TEST_F(EngineRepair, an_address_on_a_device_that_was_renamed_goes_with_the_role) {
    add_device("late0");
    ip("link set late0 up");
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
    ip("addr add 10.12.14.44/24 dev new0");
    rename("lan0", "old0");
    rename("new0", "lan0");
    EXPECT_TRUE(eventually([] { return stands("10.12.14.1/24"); })) << engine.log();
    EXPECT_TRUE(eventually([] { return !stands_on("old0", "10.12.14.1"); })) << ip_output("addr") << engine.log();
    engine.stop();
    EXPECT_EQ(engine.wait(), 0);
    EXPECT_FALSE(stands("10.12.14.1"));
}

TEST_F(EngineRepair, what_is_put_back_makes_nothing_forgotten_that_stands) {
    ip("route add default via 198.51.100.1 dev wan0");
    EngineProcess engine(lan("10.12.14.1/24", gateway("auto")));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    ASSERT_NE(ip_output("rule").find("11200"), std::string::npos);
    ip("route del default");
    ip("addr del 10.12.14.1/24 dev lan0");
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
    EXPECT_TRUE(engine.await_line("(LAN) removed by someone else: 10.12.14.1/24 dev lan0")) << engine.log();
    EXPECT_TRUE(engine.await_line("Entering BACKUP STATE: something that goes with the role was removed"))
        << engine.log();
    EXPECT_TRUE(eventually([] { return stands("10.12.14.1/24"); })) << engine.log();
    EXPECT_EQ(engine.lines_with("added again"), 0U) << engine.log();
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
    ip("route add default via 198.51.100.1 dev wan0 metric 100");
    EngineProcess engine(lan("10.12.14.1/24", gateway("auto")));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    engine.listen(300ms);
    ip("route add default via 198.51.100.2 dev wan0 metric 50");
    EXPECT_TRUE(eventually([] {
        return ip_output("route show table 11200").find("via 198.51.100.2") != std::string::npos;
    })) << engine.log();
    EXPECT_TRUE(engine.await_line("dev wan0 table 11200 led elsewhere: put right")) << engine.log();
}

}  // namespace
}  // namespace vrrpd::engine
