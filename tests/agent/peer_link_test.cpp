// The peer link as its members see it, over 127.x addresses.
#include "vrrpd/agent/peer/peer_link.hpp"

#include <gtest/gtest.h>

#include "tests/agent/members.hpp"

namespace vrrpd::agent::peer_link_test {
namespace {

using namespace std::chrono_literals;
using namespace test;

constexpr FrameType lease = 20;
constexpr PeerId one = 0, two = 1, three = 2;

class PeerLinkTest : public testing::Test {
protected:
    [[nodiscard]] bool meet(Member& a, PeerId id_of_a, Member& b, PeerId id_of_b) {
        return stage_.run_until([&] { return a.connected(id_of_b) && b.connected(id_of_a); });
    }

    Stage stage_;
    config::PeerLink configuration_ = configuration(3);
};

TEST_F(PeerLinkTest, members_find_each_other_and_say_who_they_are) {
    Member a(stage_, configuration_, one);
    Member b(stage_, configuration_, two);
    a.link->set_self(proto::Role::active, {{"vrrp", {}}});
    ASSERT_TRUE(meet(a, one, b, two));
    EXPECT_EQ(b.hellos.at(one).name, "H001");
    EXPECT_EQ(b.hellos.at(one).version, "0.1.0");
    EXPECT_EQ(b.hellos.at(one).role, proto::Role::active);
    EXPECT_EQ(b.hellos.at(one).fingerprints.size(), 1U);
    EXPECT_EQ(a.log.count("peer H002 (" + configuration_.members[1].address.to_string() + "): connected"), 1);

    b.link->set_self(proto::Role::backup, {});
    EXPECT_TRUE(stage_.run_until([&] {
        const auto status = a.link->status();
        return status[0].link && status[0].link->hello.role == proto::Role::backup;
    }));
}

TEST_F(PeerLinkTest, payload_goes_both_ways_in_order) {
    Member a(stage_, configuration_, one);
    Member b(stage_, configuration_, two);
    EXPECT_FALSE(a.link->send(two, lease, Bytes{1}));  // not yet
    ASSERT_TRUE(meet(a, one, b, two));
    for (std::uint8_t i = 0; i < 50; ++i) {
        EXPECT_TRUE(a.link->send(two, lease, Bytes{i}));
        EXPECT_TRUE(b.link->send(one, lease, Bytes{i, i}));
    }
    ASSERT_TRUE(stage_.run_until([&] { return a.payloads.size() == 50 && b.payloads.size() == 50; }));
    for (std::uint8_t i = 0; i < 50; ++i) {
        EXPECT_EQ(b.payloads[i], (Member::Payload{one, lease, {i}}));
        EXPECT_EQ(a.payloads[i], (Member::Payload{two, lease, {i, i}}));
    }
}

TEST_F(PeerLinkTest, three_are_all_connected_and_a_broadcast_reaches_the_others) {
    Member a(stage_, configuration_, one);
    Member b(stage_, configuration_, two);
    Member c(stage_, configuration_, three);
    ASSERT_TRUE(meet(a, one, b, two) && meet(a, one, c, three) && meet(b, two, c, three));
    EXPECT_TRUE(c.link->broadcast(lease, Bytes{7}));
    ASSERT_TRUE(stage_.run_until([&] { return !a.payloads.empty() && !b.payloads.empty(); }));
    stage_.run(50ms);
    EXPECT_EQ(a.payloads.size() + b.payloads.size(), 2U);
    EXPECT_TRUE(c.payloads.empty());
    EXPECT_TRUE(a.losses.empty() && b.losses.empty() && c.losses.empty());
}

TEST_F(PeerLinkTest, who_was_killed_is_lost_at_once_and_found_again) {
    for (const PeerId killed : {one, two}) {
        const auto survivor = killed == one ? two : one;
        Member a(stage_, configuration_, survivor);
        auto b = std::make_unique<Member>(stage_, configuration_, killed);
        ASSERT_TRUE(meet(a, survivor, *b, killed));
        const auto incarnation = a.hellos.at(killed).incarnation;
        b.reset();
        ASSERT_TRUE(stage_.run_until([&] { return !a.connected(killed); }, 3s));
        EXPECT_EQ(a.losses, std::vector<Ending>{Ending::closed});
        EXPECT_FALSE(a.link->send(killed, lease, Bytes{1}));
        stage_.run(300ms);
        b = std::make_unique<Member>(stage_, configuration_, killed);
        ASSERT_TRUE(meet(a, survivor, *b, killed));
        EXPECT_NE(a.hellos.at(killed).incarnation, incarnation);
    }
}

TEST_F(PeerLinkTest, a_peer_that_is_frozen_is_lost_after_four_seconds) {
    Member a(stage_, configuration_, one);
    Member b(stage_, configuration_, two);
    ASSERT_TRUE(meet(a, one, b, two));
    std::erase(stage_.links, b.link.get());  // its time does not pass any more
    const auto frozen = boot_now();
    ASSERT_TRUE(stage_.run_until([&] { return !a.connected(two); }, 6s));
    EXPECT_GE(boot_now() - frozen, silence_limit - keep_alive_interval);
    EXPECT_EQ(a.losses, std::vector<Ending>{Ending::silent});
}

TEST_F(PeerLinkTest, drift_is_said_once_and_shown) {
    Fingerprint::Digest other{};
    other.fill(1);
    Member a(stage_, configuration_, one);
    Member b(stage_, configuration_, two);
    a.link->set_self(proto::Role::active, {{"vrrp", {}}, {"dnsmasq", {}}});
    b.link->set_self(proto::Role::backup, {{"vrrp", {}}, {"dnsmasq", other}});
    ASSERT_TRUE(meet(a, one, b, two));
    a.link->set_self(proto::Role::backup, {{"vrrp", {}}, {"dnsmasq", {}}});
    stage_.run(50ms);
    EXPECT_EQ(a.log.count("peer H002: its settings differ from ours: dnsmasq"), 1);
    EXPECT_EQ(b.log.count("peer H001: its settings differ from ours: dnsmasq"), 1);
    EXPECT_EQ(a.link->status()[0].link->drift, std::vector<std::string>{"dnsmasq"});
    b.link->set_self(proto::Role::backup, {{"vrrp", {}}, {"dnsmasq", {}}});
    EXPECT_TRUE(stage_.run_until([&] { return a.log.count("like ours again") == 1; }));
}

TEST_F(PeerLinkTest, the_status_tells_who_is_there_and_why_not) {
    Member a(stage_, configuration_, one);
    Member b(stage_, configuration_, two);
    ASSERT_TRUE(meet(a, one, b, two));
    ASSERT_TRUE(stage_.run_until([&] { return !a.link->status()[1].trouble.empty(); }));
    const auto status = a.link->status();
    ASSERT_EQ(status.size(), 2U);
    EXPECT_EQ(status[0].name, "H002");
    ASSERT_TRUE(status[0].link);
    EXPECT_LE(status[0].link->since, boot_now());
    EXPECT_EQ(status[0].link->hello.version, "0.1.0");
    EXPECT_LT(std::chrono::abs(status[0].link->clock_offset), 1s);
    EXPECT_EQ(status[0].link->queued, 0U);
    EXPECT_EQ(status[0].trouble, "");
    EXPECT_EQ(status[1].name, "H003");
    EXPECT_FALSE(status[1].link);
    EXPECT_EQ(status[1].trouble, "cannot connect: Connection refused");
}

TEST_F(PeerLinkTest, an_unreachable_peer_is_said_once) {
    Member a(stage_, configuration_, one);
    stage_.run(1500ms);
    EXPECT_EQ(a.log.count("peer H002"), 1);
    EXPECT_EQ(a.log.count("cannot connect: Connection refused"), 2);  // H002 and H003
}

TEST_F(PeerLinkTest, a_peer_that_answers_nothing_may_be_behind_a_firewall) {
    const auto deaf = listen_at({configuration_.members[two].address, configuration_.port});
    ASSERT_TRUE(deaf);
    Member a(stage_, configuration_, one);
    const auto hint = "no answer in time; is it up, and does its firewall let in TCP port " +
                      std::to_string(configuration_.port) + "?";
    EXPECT_TRUE(stage_.run_until([&] { return a.log.count(hint) == 1; }, handshake_limit + 2s));
}

TEST_F(PeerLinkTest, another_key_does_not_connect_and_both_say_why) {
    Member a(stage_, configuration_, one);
    Member b(stage_, configuration_, two, key('6'));
    stage_.run(1500ms);
    EXPECT_FALSE(a.connected(two) || b.connected(one));
    EXPECT_EQ(a.log.count("peer H002"), 2);  // once as the one who dials, once as the one who is called
    EXPECT_EQ(a.log.count("cannot connect: closed during the handshake; has it another key"), 1);
    EXPECT_EQ(b.log.count("refused a connection from its address: "), 1);
}

TEST_F(PeerLinkTest, another_name_for_the_same_address_does_not_connect) {
    auto renamed = configuration_;
    renamed.members[1].name = "H009";
    Member a(stage_, configuration_, one);
    Member b(stage_, renamed, two);
    stage_.run(1500ms);
    EXPECT_FALSE(a.connected(two) || b.connected(one));
}

TEST_F(PeerLinkTest, the_port_is_taken_as_soon_as_it_is_free) {
    auto busy = std::make_unique<Fd>(listen_at({configuration_.members[one].address, configuration_.port}).value());
    Member a(stage_, configuration_, one);
    EXPECT_EQ(a.log.count("Address already in use; trying on"), 1);
    stage_.run(100ms);
    busy.reset();
    // A caller, not a member: that one would be dialled.
    const auto& from = configuration_.members[three].address;
    ASSERT_TRUE(stage_.run_until(
        [&] {
            return dial(from, {configuration_.members[one].address, configuration_.port}).has_value() &&
                   a.log.count("H003 (" + from.to_string() + "): refused a connection") > 0;
        },
        listen_again + 2s));
}

TEST_F(PeerLinkTest, an_address_that_is_not_there_yet_is_no_hindrance) {
    configuration_.members[one].address = IpAddress::v4(192, 0, 2, 1);
    Member a(stage_, configuration_, one);
    EXPECT_EQ(a.log.count("listen"), 0);
    EXPECT_TRUE(
        stage_.run_until([&] { return a.log.count("connect from 192.0.2.1: Cannot assign requested address") == 2; }));
}

TEST_F(PeerLinkTest, sockets_speak_ipv6_too) {
    const auto loopback = *IpAddress::parse("::1");
    const auto listener = listen_at({loopback, configuration_.port});
    if (!listener) GTEST_SKIP() << listener.error().describe();
    const auto caller = dial(loopback, {loopback, configuration_.port});
    ASSERT_TRUE(caller);
    const auto accepted = accept_next(listener->get());
    ASSERT_TRUE(accepted && *accepted);
    EXPECT_EQ((*accepted)->from, loopback);
}

TEST_F(PeerLinkTest, a_snapshot_larger_than_the_queue_is_sent_as_room_comes) {
    Member a(stage_, configuration_, one);
    Member b(stage_, configuration_, two);
    ASSERT_TRUE(meet(a, one, b, two));
    const Bytes chunk(max_payload, 0x5a);
    constexpr std::size_t chunks = 400;  // 25 MB
    std::size_t sent = 0, most_queued = 0;
    unsigned refusals = 0;
    const auto go_on = [&] {
        while (sent < chunks && a.link->send(two, lease, chunk)) ++sent;
        if (sent < chunks) ++refusals;
        most_queued = std::max(most_queued, a.link->status()[0].link->queued);
    };
    ASSERT_TRUE(stage_.run_until(
        [&] {
            go_on();
            return b.octets == chunks * max_payload;
        },
        30s));
    EXPECT_GT(refusals, 1U);
    EXPECT_LE(most_queued, queue_limit + 4096);  // and what TLS adds
    EXPECT_TRUE(a.losses.empty());
}

}  // namespace
}  // namespace vrrpd::agent::peer_link_test
