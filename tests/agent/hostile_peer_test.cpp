// What others than members, and members that misbehave, can do to a peer link: nothing that lasts, and nothing to
// the others.
#include <gtest/gtest.h>

#include "tests/agent/members.hpp"

namespace vrrpd::agent::hostile_peer_test {
namespace {

using namespace std::chrono_literals;
using namespace test;

constexpr FrameType lease = 20;
constexpr PeerId one = 0, two = 1, three = 2;

// H001 and H002 are connected; H003 is the hostile one.
class HostilePeer : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(stage_.run_until([this] { return a_.connected(two) && b_.connected(one); }));
    }
    void TearDown() override {
        // Whatever happened: these two are still connected, and frames go through.
        EXPECT_TRUE(a_.connected(two) && b_.connected(one));
        const auto before = b_.payloads.size();
        EXPECT_TRUE(a_.link->send(two, lease, Bytes{1}));
        EXPECT_TRUE(stage_.run_until([&] { return b_.payloads.size() > before; }, 3s));
    }
    [[nodiscard]] const IpAddress& hostile() const { return configuration_.members[three].address; }

    // A hello of TLS with this key from the hostile address, for a pair of members ("H003" calls "H001"): it is hung up
    // on without one octet.
    void expect_refused(Key with, const std::string& caller_name) {
        const TlsContext context(std::move(with));
        TlsSession session(context, TlsSession::Side::client, caller_name + '\0' + "H001");
        Bytes hello;
        session.take_output(hello);
        Caller caller(stage_.loop, configuration_, hostile(), one);
        caller.put(hello);
        ASSERT_TRUE(stage_.run_until([&] { return caller.closed; }, 3s));
        EXPECT_TRUE(caller.got.empty());
    }

    Stage stage_;
    config::PeerLink configuration_ = configuration(3);
    Member a_{stage_, configuration_, one};
    Member b_{stage_, configuration_, two};
};

TEST_F(HostilePeer, garbage_is_answered_with_silence_and_the_end) {
    Caller caller(stage_.loop, configuration_, hostile(), one);
    caller.put(Bytes(100'000, 0x47));
    ASSERT_TRUE(stage_.run_until([&] { return caller.closed; }, 3s));
    EXPECT_TRUE(caller.got.empty());
    EXPECT_FALSE(a_.connected(three));
}

TEST_F(HostilePeer, without_the_key_not_one_octet_is_heard) { expect_refused(key('6'), "H003"); }

TEST_F(HostilePeer, with_the_key_but_another_members_address_it_is_refused) { expect_refused(key(), "H002"); }

TEST_F(HostilePeer, a_stranger_is_hung_up_on_and_noted_once) {
    auto bytes = std::array<std::uint8_t, 4>{};
    std::copy_n(hostile().bytes().begin(), 4, bytes.begin());
    bytes[3] = 99;
    for (int i = 0; i < 20; ++i) {
        Caller caller(stage_.loop, configuration_, *IpAddress::from_bytes(bytes), one);
        ASSERT_TRUE(stage_.run_until([&] { return caller.closed; }, 3s));
        EXPECT_TRUE(caller.got.empty());
    }
    EXPECT_EQ(a_.log.count("which is no member"), 1);
}

TEST_F(HostilePeer, a_replayed_stream_is_not_believed) {
    Bytes recorded;
    {
        HandMade peer(stage_, configuration_, three, one);
        peer.say_hello();
        ASSERT_TRUE(stage_.run_until([&] { return a_.connected(three); }));
        peer.say({lease, Bytes{42}});
        ASSERT_TRUE(stage_.run_until([&] { return a_.payloads.size() == 1; }));
        recorded = peer.caller.sent;
    }
    ASSERT_TRUE(stage_.run_until([&] { return !a_.connected(three); }));
    Caller replay(stage_.loop, configuration_, hostile(), one);
    replay.put(recorded);
    ASSERT_TRUE(stage_.run_until([&] { return replay.closed; }, 3s));
    EXPECT_FALSE(a_.connected(three));
    EXPECT_EQ(a_.payloads.size(), 1U);
}

TEST_F(HostilePeer, callers_that_say_nothing_are_few_and_do_not_stay) {
    std::vector<std::unique_ptr<Caller>> callers;
    for (int i = 0; i < 12; ++i)
        callers.push_back(std::make_unique<Caller>(stage_.loop, configuration_, hostile(), one));
    const auto open = [&] {
        return std::count_if(callers.begin(), callers.end(), [](const auto& caller) { return !caller->closed; });
    };
    ASSERT_TRUE(stage_.run_until([&] { return open() == accepted_max; }, 3s));
    // The oldest gave way, so the peer itself gets through.
    Member c(stage_, configuration_, three);
    EXPECT_TRUE(stage_.run_until([&] { return a_.connected(three) && c.connected(one); }, 3s));
    EXPECT_TRUE(stage_.run_until([&] { return open() == 0; }, handshake_limit + 1s));
}

TEST_F(HostilePeer, with_the_key_it_still_has_to_say_who_it_is) {
    HandMade peer(stage_, configuration_, three, one);
    ASSERT_TRUE(stage_.run_until([&] { return peer.caller.closed; }, hello_limit + 1s));
    EXPECT_FALSE(a_.connected(three));
    EXPECT_EQ(a_.log.count("it did not say who it is"), 1);
}

TEST_F(HostilePeer, what_are_no_frames_ends_its_link) {
    HandMade peer(stage_, configuration_, three, one);
    peer.say_hello();
    ASSERT_TRUE(stage_.run_until([&] { return a_.connected(three); }));
    peer.say_octets(Bytes(100, 0xee));
    ASSERT_TRUE(stage_.run_until([&] { return peer.caller.closed; }, 3s));
    EXPECT_EQ(a_.losses, std::vector<Ending>{Ending::malformed});
}

TEST_F(HostilePeer, octets_injected_on_the_way_end_the_link_even_while_it_is_used) {
    unsigned calls = 0;
    a_.on_connected = [&](PeerId peer) {
        ++calls;
        a_.link->send(peer, lease, Bytes{1});  // the failure is known by then, but not yet said
    };
    HandMade peer(stage_, configuration_, three, one);
    peer.say_hello();
    peer.inject(Bytes(100, 0));
    ASSERT_TRUE(stage_.run_until([&] { return peer.caller.closed; }, 3s));
    EXPECT_EQ(calls, 1U);
    EXPECT_EQ(a_.losses, std::vector<Ending>{Ending::closed});
}

TEST_F(HostilePeer, a_newer_version_with_more_fields_and_types_is_understood) {
    HandMade peer(stage_, configuration_, three, one);
    auto hello = encode({77, "H003", "9.9", proto::Role::active, {}}, WallTime{});
    hello.insert(hello.end(), 30, 0xee);
    peer.say({hello_type, hello});
    peer.say({9, Bytes(5000, 1)});    // of the link
    peer.say({200, Bytes{1, 2, 3}});  // of the payload's owner, who skips it
    peer.say({lease, Bytes{42}});
    ASSERT_TRUE(stage_.run_until([&] { return a_.payloads.size() == 2; }, 3s));
    EXPECT_EQ(a_.payloads[0], (Member::Payload{three, 200, {1, 2, 3}}));
    EXPECT_EQ(a_.payloads[1], (Member::Payload{three, lease, {42}}));
    EXPECT_EQ(a_.hellos.at(three).version, "9.9");
    EXPECT_TRUE(a_.losses.empty());
}

TEST_F(HostilePeer, who_sends_without_end_delays_nobody) {
    HandMade peer(stage_, configuration_, three, one);
    peer.say_hello();
    Bytes flood;
    while (flood.size() < 32U << 20) append_frame(flood, {9, Bytes(max_payload, 0)});
    peer.say_octets(flood);
    ASSERT_TRUE(stage_.run_until([&] { return a_.connected(three); }));
    Duration slowest{};
    while (peer.caller.sent.size() < flood.size()) {
        const auto began = boot_now();
        const auto before = b_.payloads.size();
        ASSERT_TRUE(a_.link->send(two, lease, Bytes{1}));
        ASSERT_TRUE(stage_.run_until([&] { return b_.payloads.size() > before; }));
        slowest = std::max(slowest, boot_now() - began);
    }
    EXPECT_LT(slowest, 1s);
    EXPECT_TRUE(a_.connected(three));  // all of it was skipped
}

TEST_F(HostilePeer, who_does_not_read_costs_a_bounded_queue_and_then_its_link) {
    HandMade peer(stage_, configuration_, three, one);
    peer.say_hello();
    ASSERT_TRUE(stage_.run_until([&] { return a_.connected(three); }));
    peer.caller.stop_reading();
    const Bytes chunk(max_payload, 0x5a);
    std::size_t sent = 0;
    const auto stuck = [&] {
        while (a_.link->send(three, lease, chunk)) ++sent;
        return false;
    };
    // It says that it lives, yet takes nothing.
    const auto lives = [&] {
        if (!a_.connected(three)) return true;
        (void)stuck();
        peer.say({keep_alive_type, encode(KeepAlive{WallTime{}})});
        EXPECT_LE(a_.link->status()[1].link->queued, queue_limit + 4096);
        return false;
    };
    ASSERT_TRUE(stage_.run_until(lives, stall_limit + 5s));
    EXPECT_EQ(a_.losses, std::vector<Ending>{Ending::not_reading});
    EXPECT_LT(sent * max_payload, 64U << 20);  // most of it the kernel's buffers
}

}  // namespace
}  // namespace vrrpd::agent::hostile_peer_test
