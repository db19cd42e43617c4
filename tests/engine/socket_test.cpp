// The sockets on a veth pair in a network namespace of the test's own: what leaves, what is heard, what is not said.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>

#include <algorithm>
#include <fstream>

#include "tests/engine/values.hpp"
#include "tests/engine/wire.hpp"
#include "tests/netlink/world.hpp"
#include "vrrpd/engine/advert_socket.hpp"
#include "vrrpd/engine/link_socket.hpp"

namespace vrrpd::engine::socket_test {
namespace {

using test::prefix;
using test::priority;
using test::readable;
using test::vrid;
using test::Wire;
using namespace std::chrono_literals;
using netlink::test::run_ip;
IpAddress address(const char* text) { return test::ip(text); }

bool is_vrrp_v4(const Bytes& frame) {
    return frame.size() > 34 && frame[12] == 8 && frame[13] == 0 && frame[23] == 112;
}
bool is_vrrp_v6(const Bytes& frame) {
    return frame.size() > 54 && frame[12] == 0x86 && frame[13] == 0xdd && frame[20] == 112;
}
// An IGMP or MLD message (ICMPv6 behind a hop-by-hop header) that names the group.
auto reports(const IpAddress& group) {
    return [group](const Bytes& frame) {
        const bool igmp = frame.size() > 34 && frame[12] == 8 && frame[13] == 0 && frame[23] == 2;
        const bool mld = frame.size() > 54 && frame[12] == 0x86 && frame[13] == 0xdd && frame[20] == 0;
        const auto bytes = group.bytes();
        return (igmp || mld) && std::search(frame.begin() + 34, frame.end(), bytes.begin(), bytes.end()) != frame.end();
    };
}
// 224.0.0.x, and so VRRP's own group, is never reported (RFC 3376 6): another one shows who reports.
IpAddress reported_group(Family family) { return address(family == Family::ipv4 ? "224.0.1.18" : "ff02::12"); }

// "lan0" is ours, "far0" the other end of the cable, in the same namespace.
class Sockets : public testing::Test {
protected:
    void SetUp() override {
        if (!namespace_.entered()) GTEST_SKIP() << "SKIPPED: a network namespace of our own needs root";
        run_ip("link add lan0 type veth peer name far0");
        for (const std::string device : {"lan0", "far0"}) {
            run_ip("link set " + device + " addrgenmode none");
            run_ip("link set " + device + " up");
        }
        run_ip("addr add 10.12.14.4/24 dev lan0");
        run_ip("addr add 10.12.14.2/24 dev far0");
        run_ip("addr add fe80::4/64 dev lan0 nodad");
        run_ip("addr add fe80::2/64 dev far0 nodad");
        // Both ends live in one namespace: a packet from the other end carries an address of this host.
        for (const std::string name : {"all", "lan0", "far0"}) {
            std::ofstream("/proc/sys/net/ipv4/conf/" + name + "/rp_filter") << 0;
            std::ofstream("/proc/sys/net/ipv4/conf/" + name + "/accept_local") << 1;
        }
    }
    static netlink::Link device(const char* name) { return test::link(if_nametoindex(name), name); }
    static AdvertSocket open(const char* name, Family family, AdvertSocket::Mode mode = AdvertSocket::Mode::speak,
                             std::uint8_t protocol = proto::ip_protocol) {
        auto socket = AdvertSocket::open(device(name), family, mode, protocol);
        EXPECT_TRUE(socket) << socket.error().describe();
        return std::move(*socket);
    }
    static proto::Envelope multicast(Family family, const char* source) {
        return {address(source), proto::multicast_group(family), proto::sent_ttl};
    }
    static Bytes advert(unsigned value, const proto::Envelope& envelope) {
        const proto::Advertisement content{proto::Version::v3,
                                           vrid(value),
                                           priority(100),
                                           Centiseconds(100),
                                           {envelope.source.is_v4() ? address("10.12.14.1") : address("fe80::1")}};
        return proto::encode(content, envelope, proto::ChecksumForm::pseudo_header);
    }
    // What a socket hears until nothing comes for 100 ms.
    struct Message {
        Bytes bytes;
        proto::Envelope envelope;
    };
    static std::vector<Message> hear(AdvertSocket& socket) {
        Burst burst;
        std::vector<Message> all;
        while (readable(socket.fd(), 100ms))
            (void)socket.receive(burst, [&](const AdvertSocket::Heard& heard) {
                all.push_back({{heard.message.begin(), heard.message.end()}, heard.envelope});
            });
        return all;
    }

    netlink::test::OwnNamespace namespace_;
};

TEST_F(Sockets, VR_001_VR_002_VR_004_VR_009_an_IPv4_advert_leaves_with_the_header_that_it_must_have) {
    auto socket = open("lan0", Family::ipv4);
    Wire tap("far0");
    const auto envelope = multicast(Family::ipv4, "10.12.14.4");
    const auto message = advert(1, envelope);
    for (std::uint16_t id = 1; id <= 3; ++id) {
        ASSERT_TRUE(socket.send(message, envelope, id));
        const auto frame = tap.next(is_vrrp_v4);
        ASSERT_FALSE(frame.empty());
        EXPECT_EQ(Bytes(frame.begin(), frame.begin() + 6), (Bytes{0x01, 0x00, 0x5e, 0, 0, 18}));
        EXPECT_EQ(frame[14], 0x45) << "no IP options";
        EXPECT_EQ(frame[15], 0xc0) << "network control";
        EXPECT_EQ(frame[18] << 8 | frame[19], id);
        EXPECT_EQ(frame[20], 0) << "fragmenting is not forbidden";
        EXPECT_EQ(frame[22], 255) << "TTL";
        EXPECT_EQ(Bytes(frame.begin() + 26, frame.begin() + 34), (Bytes{10, 12, 14, 4, 224, 0, 0, 18}));
        EXPECT_EQ(Bytes(frame.begin() + 34, frame.begin() + 34 + static_cast<std::ptrdiff_t>(message.size())), message);
    }
}

TEST_F(Sockets, VR_001_VR_003_VR_004_VR_009_an_IPv6_advert_leaves_with_the_header_that_it_must_have) {
    auto socket = open("lan0", Family::ipv6);
    Wire tap("far0");
    const auto envelope = multicast(Family::ipv6, "fe80::4");
    const auto message = advert(1, envelope);
    const auto sent = socket.send(message, envelope, 1);
    ASSERT_TRUE(sent) << sent.error().describe();
    const auto frame = tap.next(is_vrrp_v6);
    ASSERT_FALSE(frame.empty());
    EXPECT_EQ(Bytes(frame.begin(), frame.begin() + 6), (Bytes{0x33, 0x33, 0, 0, 0, 18}));
    EXPECT_EQ((frame[14] & 0x0f) << 4 | frame[15] >> 4, 0xc0) << "traffic class";
    EXPECT_EQ(frame[21], 255) << "hop limit";
    EXPECT_EQ(IpAddress::from_bytes(BytesView(frame).subspan(22, 16)), address("fe80::4"));
    EXPECT_EQ(IpAddress::from_bytes(BytesView(frame).subspan(38, 16)), address("ff02::12"));
    EXPECT_EQ(Bytes(frame.begin() + 54, frame.end()), message);
}

TEST_F(Sockets, adverts_are_heard_with_their_envelope) {
    for (const auto& [family, from] : {std::pair(Family::ipv4, "10.12.14.2"), std::pair(Family::ipv6, "fe80::2")}) {
        auto ours = open("lan0", family);
        auto theirs = open("far0", family);
        ASSERT_TRUE(ours.join(proto::multicast_group(family)));
        const auto envelope = multicast(family, from);
        const auto message = advert(7, envelope);
        ASSERT_TRUE(theirs.send(message, envelope, 1));
        const auto heard = hear(ours);
        ASSERT_EQ(heard.size(), 1U);
        EXPECT_EQ(heard[0].bytes, message);
        EXPECT_EQ(heard[0].envelope.source, envelope.source);
        EXPECT_EQ(heard[0].envelope.destination, envelope.destination);
        EXPECT_EQ(heard[0].envelope.ttl, 255);
    }
}

TEST_F(Sockets, VR_127_nobody_hears_himself) {
    for (const auto& [family, from] : {std::pair(Family::ipv4, "10.12.14.4"), std::pair(Family::ipv6, "fe80::4")}) {
        auto socket = open("lan0", family);
        ASSERT_TRUE(socket.join(proto::multicast_group(family)));
        const auto envelope = multicast(family, from);
        ASSERT_TRUE(socket.send(advert(1, envelope), envelope, 1));
        EXPECT_TRUE(hear(socket).empty());
    }
}

TEST_F(Sockets, without_membership_the_group_is_not_heard) {
    for (const auto& [family, from] : {std::pair(Family::ipv4, "10.12.14.2"), std::pair(Family::ipv6, "fe80::2")}) {
        auto ours = open("lan0", family);
        auto theirs = open("far0", family);
        const auto envelope = multicast(family, from);
        ASSERT_TRUE(theirs.send(advert(1, envelope), envelope, 1));
        EXPECT_TRUE(hear(ours).empty());
    }
}

TEST_F(Sockets, joining_the_same_group_twice_is_one_membership) {
    auto socket = open("lan0", Family::ipv4);
    EXPECT_TRUE(socket.join(address("224.0.0.18")));
    EXPECT_TRUE(socket.join(address("224.0.0.18")));
    EXPECT_TRUE(socket.join(address("224.0.0.77")));
}

TEST_F(Sockets, the_kernel_runs_the_VRID_filter_as_we_mean_it) {
    for (const auto& [family, from] : {std::pair(Family::ipv4, "10.12.14.2"), std::pair(Family::ipv6, "fe80::2")}) {
        auto ours = open("lan0", family);
        auto theirs = open("far0", family);
        ASSERT_TRUE(ours.join(proto::multicast_group(family)));
        const std::vector wanted{vrid(3), vrid(4), vrid(200)};
        ASSERT_TRUE(ours.narrow(wanted));
        const auto envelope = multicast(family, from);
        for (const unsigned value : {1U, 2U, 3U, 4U, 5U, 199U, 200U, 201U, 255U})
            ASSERT_TRUE(theirs.send(advert(value, envelope), envelope, 1));
        std::vector<int> heard;
        for (const auto& message : hear(ours)) heard.push_back(message.bytes[1]);
        EXPECT_EQ(heard, (std::vector<int>{3, 4, 200}));

        ASSERT_TRUE(ours.narrow({}));
        ASSERT_TRUE(theirs.send(advert(99, envelope), envelope, 1));
        EXPECT_EQ(hear(ours).size(), 1U);
    }
}

TEST_F(Sockets, at_most_64_packets_are_read_in_one_wakeup) {
    auto ours = open("lan0", Family::ipv4);
    auto theirs = open("far0", Family::ipv4);
    ASSERT_TRUE(ours.join(proto::multicast_group(Family::ipv4)));
    const auto envelope = multicast(Family::ipv4, "10.12.14.2");
    const auto message = advert(1, envelope);
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(theirs.send(message, envelope, 1));
    ASSERT_TRUE(readable(ours.fd()));
    Burst burst;
    unsigned heard = 0;
    const auto count = [&](const AdvertSocket::Heard&) { ++heard; };
    EXPECT_TRUE(ours.receive(burst, count)) << "more may wait";
    EXPECT_EQ(heard, packets_a_wakeup);
    EXPECT_FALSE(ours.receive(burst, count));
    EXPECT_EQ(heard, 100U);
}

TEST_F(Sockets, VR_026_AH_leaves_and_comes_in_as_protocol_51) {
    constexpr auto ah = proto::ah_protocol;
    proto::Authentication settings;
    settings.type = proto::AuthType::ah;
    settings.password = Secret(Bytes{'s', 'e', 'c', 'r', 'e', 't'});
    proto::Authenticator sender(settings);
    const proto::Authenticator receiver(settings);
    const auto envelope = multicast(Family::ipv4, "10.12.14.2");
    const proto::Advertisement content{
        proto::Version::v2, vrid(3), priority(100), Centiseconds(100), {address("10.12.14.1")}};
    const auto credentials = sender.seal(content, envelope.source, {});
    auto packet = proto::encode(content, envelope, proto::ChecksumForm::pseudo_header, credentials);
    const auto header = proto::ipv4_header(envelope, {ah, proto::ah_size + packet.size(), 9});
    const auto front = sender.ah_header(header, packet, credentials.ah_sequence);
    packet.insert(packet.begin(), front.begin(), front.end());

    auto theirs = open("far0", Family::ipv4, AdvertSocket::Mode::speak, ah);
    for (const auto mode : {AdvertSocket::Mode::speak, AdvertSocket::Mode::observe}) {
        auto ours = open("lan0", Family::ipv4, mode, ah), plain = open("lan0", Family::ipv4);
        const std::vector wanted{vrid(3)};
        ASSERT_TRUE(ours.narrow(wanted));
        ASSERT_TRUE(ours.join(envelope.destination));
        ASSERT_TRUE(plain.join(envelope.destination));
        ASSERT_TRUE(theirs.send(packet, envelope, 9));
        ASSERT_TRUE(readable(ours.fd()));
        Burst burst;
        unsigned heard = 0;
        (void)ours.receive(burst, [&](const AdvertSocket::Heard& message) {
            ++heard;
            proto::ReceivePolicy policy;
            policy.version = proto::Version::v2;
            policy.authenticator = &receiver;
            const auto got = proto::decode(message.message, message.envelope, policy, message.headers);
            ASSERT_TRUE(got) << proto::name(got.error());
            EXPECT_EQ(got->advert, content);
            EXPECT_EQ(got->proof.sequence, 1u);
        });
        EXPECT_EQ(heard, 1u);
        EXPECT_TRUE(hear(plain).empty());
    }
}

// ---- observing

TEST_F(Sockets, the_observer_hears_adverts_and_reports_no_membership) {
    for (const auto& [family, from] : {std::pair(Family::ipv4, "10.12.14.2"), std::pair(Family::ipv6, "fe80::2")}) {
        const auto reported = reported_group(family);
        auto theirs = open("far0", family);
        Wire tap("far0");
        auto observer = open("lan0", family, AdvertSocket::Mode::observe);
        ASSERT_TRUE(observer.join(proto::multicast_group(family)));
        const auto envelope = multicast(family, from);
        const auto message = advert(7, envelope);
        ASSERT_TRUE(theirs.send(message, envelope, 1));
        const auto heard = hear(observer);
        ASSERT_EQ(heard.size(), 1U);
        EXPECT_EQ(heard[0].bytes, message);
        EXPECT_EQ(heard[0].envelope.source, envelope.source);
        EXPECT_EQ(heard[0].envelope.destination, envelope.destination);
        EXPECT_EQ(heard[0].envelope.ttl, 255);
        ASSERT_TRUE(observer.join(reported));
        EXPECT_TRUE(tap.next(reports(reported), 500ms).empty());
    }
}

TEST_F(Sockets, the_speaker_does_report_its_membership) {  // else the test above would prove nothing
    for (const auto family : {Family::ipv4, Family::ipv6}) {
        Wire tap("far0");
        auto socket = open("lan0", family);
        ASSERT_TRUE(socket.join(reported_group(family)));
        EXPECT_FALSE(tap.next(reports(reported_group(family)), 3000ms).empty());
    }
}

// ---- whole frames

TEST_F(Sockets, announcements_leave_as_they_are_and_are_heard_as_claims) {
    auto sender = FrameSender::open();
    ASSERT_TRUE(sender) << sender.error().describe();
    const MacAddress mac{{2, 0, 0, 0, 0, 9}};
    const IfIndex far{if_nametoindex("far0")}, lan{if_nametoindex("lan0")};
    for (const auto& [target, frame] :
         {std::pair(address("10.12.14.1"), proto::gratuitous_arp(address("10.12.14.1"), mac)),
          std::pair(address("fe80::1"), proto::unsolicited_na(address("fe80::1"), mac, true))}) {
        auto listener = ClaimListener::open(lan, target.family());
        ASSERT_TRUE(listener);
        Wire tap("lan0");
        ASSERT_TRUE(sender->send(far, frame));
        EXPECT_EQ(tap.next([&, &sent = frame](const Bytes& seen) { return seen == sent; }), frame);

        ASSERT_TRUE(readable(listener->fd()));
        Burst burst;
        std::vector<proto::AddressClaim> claims;
        listener->receive(burst, [&](const auto& claim) { claims.push_back(claim); });
        EXPECT_EQ(claims, (std::vector<proto::AddressClaim>{{target, mac}}));
    }
}

// Who answers behind thirty others is heard all the same.
TEST_F(Sockets, all_claims_that_wait_are_heard_at_once) {
    auto sender = FrameSender::open().value();
    const MacAddress mac{{2, 0, 0, 0, 0, 9}};
    const IfIndex far{if_nametoindex("far0")}, lan{if_nametoindex("lan0")};
    auto listener = ClaimListener::open(lan, Family::ipv4).value();
    for (int i = 0; i < 40; ++i) ASSERT_TRUE(sender.send(far, proto::gratuitous_arp(address("10.12.14.1"), mac)));
    Burst burst;
    int claims = 0;
    EXPECT_FALSE(listener.receive(burst, [&](const auto&) { ++claims; })) << "no more wait";
    EXPECT_EQ(claims, 40);
    for (unsigned i = 0; i < packets_a_wakeup + 1; ++i)
        ASSERT_TRUE(sender.send(far, proto::gratuitous_arp(address("10.12.14.1"), mac)));
    EXPECT_TRUE(listener.receive(burst, [&](const auto&) { ++claims; })) << "more may wait";
    EXPECT_EQ(claims, 40 + static_cast<int>(packets_a_wakeup));
}

TEST_F(Sockets, a_narrowed_listener_is_not_woken_by_others) {
    auto sender = FrameSender::open().value();
    const MacAddress mac{{2, 0, 0, 0, 0, 9}};
    const IfIndex far{if_nametoindex("far0")}, lan{if_nametoindex("lan0")};
    auto listener = ClaimListener::open(lan, Family::ipv4, address("10.12.14.1")).value();
    ASSERT_TRUE(sender.send(far, proto::gratuitous_arp(address("10.12.14.77"), mac)));
    EXPECT_FALSE(readable(listener.fd(), 100ms));
    ASSERT_TRUE(sender.send(far, proto::gratuitous_arp(address("10.12.14.1"), mac)));
    EXPECT_TRUE(readable(listener.fd()));
}

TEST_F(Sockets, an_interface_that_goes_is_an_error_and_no_endless_wakeup) {
    auto socket = open("lan0", Family::ipv4);
    ASSERT_TRUE(socket.join(proto::multicast_group(Family::ipv4)));
    run_ip("link del lan0");
    Burst burst;
    for (int i = 0; i < 3 && readable(socket.fd(), 100ms); ++i) (void)socket.receive(burst, [](const auto&) {});
    EXPECT_FALSE(readable(socket.fd(), 100ms));
    const auto envelope = multicast(Family::ipv4, "10.12.14.4");
    EXPECT_FALSE(socket.send(advert(1, envelope), envelope, 1));
}

}  // namespace
}  // namespace vrrpd::engine::socket_test
