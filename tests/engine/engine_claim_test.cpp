// Before its first claim a router asks who holds its addresses, in a whole engine: another machine at the far end of
// the device answers, or answers for something else.
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "tests/engine/home.hpp"
#include "tests/engine/wire.hpp"
#include "vrrpd/base/loop.hpp"

namespace vrrpd::engine::engine_claim_test {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ipc::Kind;

const IpAddress one = IpAddress::v4(10, 12, 14, 1);
const MacAddress another{{2, 0, 0, 0, 9, 9}};

using EngineClaim = Home;

TEST_F(EngineClaim, waits_while_another_machine_answers) {
    EngineProcess engine(lan("10.12.14.1/24"));
    Wire wire("lan0-far");
    ASSERT_TRUE(wire.hears_arp(one, IpAddress{}, 5000ms)) << engine.log();
    wire.answer_arp(one, another, IpAddress{});
    EXPECT_TRUE(engine.await_line("10.12.14.1 is held by 02:00:00:00:09:09")) << engine.log();
    EXPECT_FALSE(stands("10.12.14.1"));
    EXPECT_TRUE(engine.await_line("took over")) << "nobody answers any more\n" << engine.log();
}

// Each of a list of two, the link-local one and the global one.
TEST_F(EngineClaim, waits_while_another_machine_answers_for_an_ipv6_address) {
    run_ip("addr add fe80::4/64 dev lan0 nodad");
    for (const auto* held : {"fe80::6", "fd00:99::1"}) {
        EngineProcess engine(
            "vrrp_instance SIX {\n interface lan0\n virtual_router_id 6\n advert_int 0.1\n version 3\n "
            "virtual_ipaddress {\n fe80::6/64\n fd00:99::1/64\n }\n}\n");
        Wire wire("lan0-far");
        ASSERT_TRUE(wire.hears_nd_probe(IpAddress::parse(held).value(), 5000ms)) << held << engine.log();
        wire.answer_nd(IpAddress::parse(held).value(), another);
        EXPECT_TRUE(engine.await_line(std::string(held) + " is held by 02:00:00:00:09:09")) << engine.log();
        EXPECT_EQ(ip_output("-6 -o addr show dev lan0").find("fd00:99::1"), std::string::npos);
        EXPECT_TRUE(engine.await_line("(SIX) took over")) << "nobody answers any more\n" << engine.log();
        engine.stop();
        EXPECT_EQ(engine.wait(), 0);
    }
}

// The same address on another link is another machine's by right: many a provider's router is fe80::1.
TEST_F(EngineClaim, what_is_held_on_another_device_does_not_count) {
    EngineProcess engine(lan("10.12.14.1/24\n 10.12.99.1/24 dev wan0"));
    Wire wan("wan0-far");
    ASSERT_TRUE(wan.hears_arp(IpAddress::v4(10, 12, 99, 1), IpAddress{}, 5000ms)) << engine.log();
    const auto until = boot_now() + 2s;
    for (; boot_now() < until && !stands("10.12.14.1"); std::this_thread::sleep_for(20ms))
        wan.answer_arp(one, another, IpAddress{});
    EXPECT_TRUE(stands("10.12.14.1")) << engine.log();
    EXPECT_EQ(engine.lines_with("is held by"), 0U) << engine.log();
}

// The engine gets no processor when the answer comes, on a LAN where others talk, too.
TEST_F(EngineClaim, an_answer_that_waits_behind_others_is_heard_before_silence_is_believed) {
    EngineProcess engine(lan("10.12.14.1/24"));
    Wire wire("lan0-far");
    for (int round = 0; round < 3; ++round) ASSERT_TRUE(wire.hears_arp(one, IpAddress{}, 5000ms)) << engine.log();
    engine.kill(SIGSTOP);
    for (int i = 0; i < 60; ++i) wire.answer_arp(IpAddress::v4(10, 12, 14, 77), another, IpAddress{});
    wire.answer_arp(one, another, IpAddress{});
    std::this_thread::sleep_for(150ms);  // the rest of the probe
    engine.kill(SIGCONT);
    EXPECT_TRUE(engine.await_line("10.12.14.1 is held by 02:00:00:00:09:09")) << engine.log();
    EXPECT_EQ(engine.lines_with("Entering MASTER"), 0U) << engine.log();
}

}  // namespace
}  // namespace vrrpd::engine::engine_claim_test
