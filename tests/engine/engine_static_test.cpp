// static_ipaddress, static_routes and static_rules in a whole engine: there whatever the role, put back, taken away at
// the stop.
#include <gtest/gtest.h>

#include "tests/engine/home.hpp"

namespace vrrpd::engine::engine_static_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ipc::Kind;

class EngineStatics : public Home {
protected:
    static std::string statics(const std::string& address,
                               const std::string& route = "10.77.0.0/16 via 10.12.14.9 dev lan0",
                               const std::string& rule = "from 10.1.0.0/16 table 51 preference 7000") {
        return "static_ipaddress {\n" + address + "\n}\nstatic_routes {\n" + route + "\n}\nstatic_rules {\n" + rule +
               "\n}\n";
    }
    static bool routed(const std::string& to = "10.77.0.0/16") {
        return ip_output("route").find(to) != std::string::npos;
    }
    static bool ruled(const std::string& from = "10.1.0.0/16") {
        return ip_output("rule").find(from) != std::string::npos;
    }
};

TEST_F(EngineStatics, stand_from_the_start_and_go_at_the_stop) {
    EngineProcess engine(statics("10.12.14.77/24 dev lan0") + "global_defs {\nvrrp_startup_delay 30\n}\n" +
                         lan("10.12.14.1/24"));
    ASSERT_TRUE(engine.await(Kind::ready)) << engine.log();
    EXPECT_TRUE(eventually([] { return stands("10.12.14.77/24") && routed() && ruled(); })) << on_lan() << engine.log();
    EXPECT_EQ(engine.lines_with("Entering"), 0U) << "whatever the role\n" << engine.log();
    engine.stop();
    EXPECT_EQ(engine.wait(), 0);
    EXPECT_FALSE(stands("10.12.14.77"));
    EXPECT_FALSE(routed());
    EXPECT_FALSE(ruled());
    EXPECT_TRUE(stands("10.12.14.4")) << "the host's own";
}

TEST_F(EngineStatics, are_put_back) {
    EngineProcess engine(statics("10.12.14.77/24 dev lan0") + lan("10.12.14.1/24"));
    ASSERT_TRUE(engine.await(Kind::ready)) << engine.log();
    ASSERT_TRUE(eventually([] { return stands("10.12.14.77/24") && routed() && ruled(); })) << engine.log();
    netlink::test::run_ip("addr del 10.12.14.77/24 dev lan0");
    EXPECT_TRUE(eventually([] { return stands("10.12.14.77/24"); })) << engine.log();
    netlink::test::run_ip("route del 10.77.0.0/16");
    EXPECT_TRUE(eventually([] { return routed(); })) << engine.log();
    netlink::test::run_ip("rule del preference 7000");
    EXPECT_TRUE(eventually([] { return ruled(); })) << engine.log();
}

TEST_F(EngineStatics, a_reload_changes_what_changed) {
    EngineProcess engine(statics("10.12.14.77/24 dev lan0") + lan("10.12.14.1/24"));
    ASSERT_TRUE(engine.await(Kind::ready)) << engine.log();
    ASSERT_TRUE(eventually([] { return stands("10.12.14.77/24") && routed() && ruled(); })) << engine.log();
    engine.reload(statics("10.12.14.78/24 dev lan0", "10.78.0.0/16 via 10.12.14.9 dev lan0") + lan("10.12.14.1/24"));
    ASSERT_TRUE(engine.await(Kind::reloaded)) << engine.log();
    EXPECT_TRUE(eventually([] { return stands("10.12.14.78/24") && !stands("10.12.14.77"); })) << on_lan();
    EXPECT_TRUE(eventually([] { return routed("10.78.0.0/16") && !routed("10.77.0.0/16"); })) << ip_output("route");
    EXPECT_TRUE(ruled());
    engine.reload(lan("10.12.14.1/24"));
    ASSERT_TRUE(engine.await(Kind::reloaded)) << engine.log();
    EXPECT_TRUE(eventually([] { return !stands("10.12.14.78") && !routed("10.78.0.0/16") && !ruled(); })) << on_lan();
}

// It was there before us: it is what was asked for, and it is not ours to take.
TEST_F(EngineStatics, an_address_of_the_hosts_own_stays) {
    netlink::test::run_ip("addr add 10.12.14.77/24 dev lan0");
    EngineProcess engine(statics("10.12.14.77/24 dev lan0") + lan("10.12.14.1/24"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    engine.stop();
    EXPECT_EQ(engine.wait(), 0);
    EXPECT_TRUE(stands("10.12.14.77/24"));
}

TEST_F(EngineStatics, may_be_what_adverts_are_sent_from) {
    netlink::test::run_ip("addr flush dev lan0");
    EngineProcess engine(statics("10.12.14.77/24 dev lan0") + lan("10.12.14.1/24"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
}

// The kernel tells of each in several messages, and more than one turn of the loop is needed to read them all.
TEST_F(EngineStatics, many_at_once_are_not_taken_for_stolen) {
    std::string many;
    for (int i = 0; i < 300; ++i)
        many += "10.99." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1) + "/32 dev lan0\n";
    EngineProcess engine("static_ipaddress {\n" + many + "}\n" + lan("10.12.14.1/24"));
    ASSERT_TRUE(engine.await(Kind::ready)) << engine.log();
    EXPECT_TRUE(eventually([&] {
        engine.listen(10ms);
        return stands("10.99.0.1/32") && stands("10.99.1.50/32");
    })) << engine.log();
    engine.listen(300ms);
    EXPECT_EQ(engine.lines_with("removed by someone else"), 0U) << engine.log();
}

TEST_F(EngineStatics, wait_for_their_device) {
    EngineProcess engine(statics("10.12.14.77/24 dev late0") + lan("10.12.14.1/24"));
    ASSERT_TRUE(engine.await(Kind::ready)) << engine.log();
    netlink::test::run_ip("link add late0 type veth peer name late0-far");
    netlink::test::run_ip("link set late0-far up");
    netlink::test::run_ip("link set late0 up");
    EXPECT_TRUE(eventually([] { return ip_output("addr show dev late0").find("10.12.14.77/24") != std::string::npos; }))
        << engine.log();
}

}  // namespace
}  // namespace vrrpd::engine::engine_static_test
