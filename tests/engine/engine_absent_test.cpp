// Addresses that come to a router which is Active already, in a whole engine: another machine at the far end of the
// device answers for them, or does not.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/engine/home.hpp"
#include "tests/engine/wire.hpp"
#include "tests/proto/router_keys.hpp"
#include "vrrpd/base/loop.hpp"

namespace vrrpd::engine::engine_absent_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ipc::Kind;

const IpAddress nine = IpAddress::v4(10, 12, 14, 9);
const MacAddress another{{2, 0, 0, 0, 9, 9}};
const std::string refusal = "10.12.14.9 is not added: 02:00:00:00:09:09 answers for it on ";

class EngineAbsent : public Home {
protected:
    // The other machine answers one question.
    static bool answers(Wire& wire, std::chrono::milliseconds limit = 5000ms) {
        if (!wire.hears_arp(nine, IpAddress{}, limit)) return false;
        wire.answer_arp(nine, another, IpAddress{});
        return true;
    }
};

TEST_F(EngineAbsent, what_a_reload_adds_is_asked_for_first) {
    EngineProcess engine(lan("10.12.14.1/24"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    Wire wire("lan0-far");
    engine.reload(lan("10.12.14.1/24\n 10.12.14.9/24"));
    EXPECT_TRUE(wire.hears_arp(nine, IpAddress{}));
    EXPECT_FALSE(stands("10.12.14.9"));
    EXPECT_TRUE(wire.hears_arp(nine, IpAddress{}) && wire.hears_arp(nine, IpAddress{})) << "three questions";
    EXPECT_TRUE(eventually([] { return stands("10.12.14.9/24"); })) << engine.log();
    EXPECT_TRUE(wire.hears_arp(nine, nine)) << "and announced";
    engine.stop();
    EXPECT_EQ(engine.wait(), 0);
    EXPECT_FALSE(stands("10.12.14.9"));
}

TEST_F(EngineAbsent, what_another_machine_answers_for_is_not_taken_until_it_is_free) {
    EngineProcess engine(lan("10.12.14.1/24"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    Wire wire("lan0-far");
    engine.reload(lan("10.12.14.1/24\n 10.12.14.9/24"));
    ASSERT_TRUE(answers(wire)) << engine.log();
    ASSERT_TRUE(engine.await_line("(LAN) " + refusal + "lan0")) << engine.log();
    engine.send(Kind::status_wanted);
    const auto status = engine.await_status();
    EXPECT_NE(status.find("address 10.12.14.9/24 dev lan0: 02:00:00:00:09:09 answers for it"), std::string::npos)
        << status;
    ASSERT_TRUE(answers(wire)) << "asked again";
    engine.listen(300ms);
    EXPECT_FALSE(stands("10.12.14.9"));
    EXPECT_EQ(engine.lines_with("is not added"), 1U) << "said once\n" << engine.log();
    EXPECT_FALSE(wire.hears_arp(nine, nine, 10ms)) << "what does not stand is not announced";
    EXPECT_TRUE(engine.await_line("nobody answers for 10.12.14.9 any more: added")) << engine.log();
    EXPECT_TRUE(eventually([] { return stands("10.12.14.9/24"); }));
    EXPECT_TRUE(wire.hears_arp(nine, nine));
    EXPECT_EQ(engine.lines_with("Entering"), 2U) << "the role stays\n" << engine.log();
}

TEST_F(EngineAbsent, what_left_the_configuration_is_asked_for_no_more) {
    EngineProcess engine(lan("10.12.14.1/24"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    Wire wire("lan0-far");
    engine.reload(lan("10.12.14.1/24\n 10.12.14.9/24"));
    ASSERT_TRUE(answers(wire) && engine.await_line(refusal)) << engine.log();
    engine.reload(lan("10.12.14.1/24"));
    ASSERT_TRUE(engine.await(Kind::reloaded)) << engine.log();
    (void)wire.hears_arp(nine, IpAddress{}, 50ms);
    EXPECT_FALSE(wire.hears_arp(nine, IpAddress{}, 1500ms));
    EXPECT_FALSE(stands("10.12.14.9"));
}

TEST_F(EngineAbsent, a_device_that_comes_late_gets_its_address_when_nobody_answers_there) {
    EngineProcess engine(with_late("late0"));
    ASSERT_TRUE(becomes_active(engine, "10.12.14.1/24")) << engine.log();
    add_device("late0");
    Wire wire("late0-far");
    engine.listen(200ms);
    EXPECT_FALSE(stands_on("late0", "10.12.14.9")) << "down: nobody can be asked";
    run_ip("link set late0 up");
    ASSERT_TRUE(answers(wire)) << engine.log();
    ASSERT_TRUE(engine.await_line(refusal + "late0")) << engine.log();
    EXPECT_FALSE(stands_on("late0", "10.12.14.9"));
    EXPECT_TRUE(eventually([] { return stands_on("late0", "10.12.14.9"); })) << engine.log();
    EXPECT_EQ(engine.lines_with("removed by someone else"), 0U) << engine.log();
}

TEST_F(EngineAbsent, a_static_address_is_asked_for_first) {
    EngineProcess engine(
        "static_ipaddress {\n10.12.14.9/24 dev lan0\n}\nstatic_routes {\n10.77.0.0/16 via 10.12.14.8 src "
        "10.12.14.9 dev lan0\n}\n" +
        lan("10.12.14.1/24"));
    Wire wire("lan0-far");
    ASSERT_TRUE(answers(wire)) << engine.log();
    ASSERT_TRUE(engine.await_line(refusal)) << engine.log();
    EXPECT_FALSE(stands("10.12.14.9"));
    EXPECT_TRUE(eventually([] { return stands("10.12.14.9/24"); })) << engine.log();
    EXPECT_TRUE(eventually([] { return ip_output("route").find("10.77.0.0/16") != std::string::npos; }));
    EXPECT_EQ(engine.lines_with("static entries:"), 0U) << engine.log();
}

TEST_F(EngineAbsent, what_a_crashed_engine_had_not_put_in_place_is_asked_for) {
    EngineProcess engine(lan("10.12.14.1/24\n 10.12.14.9/24"),
                         {.adopt = true, .left_behind = [](ipc::SharedState& state) {
                              run_ip("addr add 10.12.14.1/24 dev lan0");
                              left_active(state, proto::test::key("lan0"), -1s);  // a busy machine
                          }});
    Wire wire("lan0-far");
    ASSERT_TRUE(answers(wire)) << engine.log();
    ASSERT_TRUE(engine.await_line(refusal)) << engine.log();
    EXPECT_TRUE(stands("10.12.14.1/24"));
    EXPECT_TRUE(eventually([] { return stands("10.12.14.9/24"); })) << engine.log();
}

}  // namespace
}  // namespace vrrpd::engine::engine_absent_test
