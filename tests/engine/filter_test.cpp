// The socket filters, run here by a small interpreter; advert_socket_test.cpp runs them in the kernel.
#include "vrrpd/engine/core/filter.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "tests/engine/bpf.hpp"
#include "tests/engine/values.hpp"
#include "vrrpd/proto/announce.hpp"
#include "vrrpd/proto/dhcp_message.hpp"

namespace vrrpd::engine::filter_test {
namespace {

using namespace test;

// An IPv4 packet of protocol 112, with options where `header` is more than 20, and a VRRP header behind it.
Bytes packet_v4(unsigned value, std::size_t header = 20, std::uint8_t protocol = 112) {
    Bytes bytes(header, 0);
    bytes[0] = static_cast<std::uint8_t>(0x40 | header / 4);
    bytes[9] = protocol;
    ByteWriter(bytes).u8(0x31).u8(static_cast<std::uint8_t>(value)).zeros(10);
    return bytes;
}

Bytes message(unsigned value) { return {0x31, static_cast<std::uint8_t>(value), 100, 1, 0, 100, 0, 0}; }

bool passes(const Filter& filter, BytesView packet) { return Bpf(packet).run(filter) >= packet.size(); }

std::vector<proto::Vrid> vrids(const std::set<unsigned>& values) {
    std::vector<proto::Vrid> result;
    for (const auto value : values) result.push_back(vrid(value));
    return result;
}

// What passes is exactly what is asked for, over all 256 values of the octet.
void expect_exact(const std::set<unsigned>& wanted) {
    const auto v4 = vrid_filter(Family::ipv4, vrids(wanted));
    const auto v6 = vrid_filter(Family::ipv6, vrids(wanted));
    EXPECT_LE(v4.size(), static_cast<std::size_t>(BPF_MAXINSNS));
    for (unsigned value = 0; value < 256; ++value) {
        const bool ours = wanted.count(value) != 0;
        EXPECT_EQ(passes(v4, packet_v4(value)), ours) << value;
        EXPECT_EQ(passes(v4, packet_v4(value, 60)), ours) << value << " behind IP options";
        EXPECT_EQ(passes(v6, message(value)), ours) << value;
    }
}

TEST(VridFilter, VR_152_passes_the_VRIDs_that_we_run_and_no_other) {
    expect_exact({1});
    expect_exact({255});
    expect_exact({7, 8, 9, 200, 254});
}

TEST(AhVridFilter, passes_our_VRIDs_behind_an_AH_as_VRRP_has_it_and_nothing_of_IPsec) {
    const auto packet = [](unsigned value, std::size_t header, std::uint8_t next, std::uint8_t words) {
        Bytes bytes(header, 0);
        bytes[0] = static_cast<std::uint8_t>(0x40 | header / 4);
        bytes[9] = 51;
        ByteWriter(bytes).u8(next).u8(words).zeros(22).u8(0x21).u8(static_cast<std::uint8_t>(value)).zeros(14);
        return bytes;
    };
    const auto some = ah_vrid_filter(vrids({7, 8, 200})), all = ah_vrid_filter({});
    for (unsigned value = 0; value < 256; ++value) {
        const bool ours = value == 7 || value == 8 || value == 200;
        EXPECT_EQ(passes(some, packet(value, 20, 112, 4)), ours) << value;
        EXPECT_EQ(passes(some, packet(value, 60, 112, 4)), ours) << value << " behind IP options";
        EXPECT_TRUE(passes(all, packet(value, 20, 112, 4))) << value;
    }
    for (const auto& filter : {some, all}) {
        EXPECT_FALSE(passes(filter, packet(7, 20, 6, 4))) << "TCP";
        EXPECT_FALSE(passes(filter, packet(7, 20, 112, 7))) << "a longer ICV";
        EXPECT_FALSE(passes(filter, Bytes(20, 0x45)));
    }
}

TEST(VridFilter, takes_all_255_and_their_worst_scattering) {
    std::set<unsigned> all, odd;
    for (unsigned value = 1; value < 256; ++value) {
        all.insert(value);
        if (value % 2) odd.insert(value);
    }
    expect_exact(all);
    expect_exact(odd);
}

TEST(VridFilter, VR_152_is_exact_for_any_set) {
    EXPECT_TRUE(rc::check([] {
        const auto wanted = *rc::gen::nonEmpty(rc::gen::container<std::set<unsigned>>(rc::gen::inRange(1U, 256U)));
        const auto filter = vrid_filter(Family::ipv4, vrids(wanted));
        for (unsigned value = 0; value < 256; ++value)
            RC_ASSERT(passes(filter, packet_v4(value)) == (wanted.count(value) != 0));
    }));
}

TEST(VridFilter, without_VRIDs_everything_passes_so_that_unknown_ones_can_be_named) {
    for (const auto family : {Family::ipv4, Family::ipv6}) {
        const auto filter = vrid_filter(family, {});
        EXPECT_TRUE(passes(filter, packet_v4(77)));
        EXPECT_TRUE(passes(filter, Bytes{1}));
    }
}

TEST(VridFilter, a_packet_too_short_for_a_VRID_is_dropped) {
    const std::vector one{vrid(1)};
    EXPECT_FALSE(passes(vrid_filter(Family::ipv4, one), BytesView(packet_v4(1)).first(21)));
    EXPECT_FALSE(passes(vrid_filter(Family::ipv6, one), Bytes{0x31}));
    EXPECT_EQ(Bpf(Bytes{}).run(vrid_filter(Family::ipv4, one)), 0U);
}

TEST(ObserverFilter, passes_protocol_112_alone) {
    EXPECT_TRUE(passes(vrrp_packets(Family::ipv4), packet_v4(1)));
    EXPECT_FALSE(passes(vrrp_packets(Family::ipv4), packet_v4(1, 20, 6)));
    EXPECT_FALSE(passes(vrrp_packets(Family::ipv4), Bytes{0x45}));
    Bytes v6(48, 0);
    v6[0] = 0x60;
    EXPECT_FALSE(passes(vrrp_packets(Family::ipv6), v6));
    v6[6] = 112;
    EXPECT_TRUE(passes(vrrp_packets(Family::ipv6), v6));
}

const MacAddress mac{{2, 0, 0, 0, 0, 9}};

TEST(ClaimFilter, IPv4_passes_ARP_alone) {
    const auto filter = claim_filter(Family::ipv4, std::nullopt);
    EXPECT_TRUE(passes(filter, proto::gratuitous_arp(ip("10.12.14.1"), mac)));
    auto frame = proto::gratuitous_arp(ip("10.12.14.1"), mac);
    frame[13] = 0;  // EtherType 0x0800
    EXPECT_FALSE(passes(filter, frame));
}

TEST(ClaimFilter, IPv6_passes_neighbour_advertisements_alone) {
    const auto filter = claim_filter(Family::ipv6, std::nullopt);
    EXPECT_TRUE(passes(filter, proto::unsolicited_na(ip("2001:db8::1"), mac, true)));
    EXPECT_FALSE(passes(filter, proto::nd_probe(ip("2001:db8::1"), mac)));
    auto tcp = proto::unsolicited_na(ip("2001:db8::1"), mac, true);
    tcp[14 + 6] = 6;
    EXPECT_FALSE(passes(filter, tcp));
}

TEST(ClaimFilter, can_be_narrowed_to_one_address) {
    const auto v4 = claim_filter(Family::ipv4, ip("10.12.14.1"));
    EXPECT_TRUE(passes(v4, proto::gratuitous_arp(ip("10.12.14.1"), mac)));
    EXPECT_FALSE(passes(v4, proto::gratuitous_arp(ip("10.12.14.2"), mac)));
    const auto v6 = claim_filter(Family::ipv6, ip("2001:db8::1"));
    EXPECT_TRUE(passes(v6, proto::unsolicited_na(ip("2001:db8::1"), mac, false)));
    EXPECT_FALSE(passes(v6, proto::unsolicited_na(ip("2001:db8::2"), mac, false)));
    EXPECT_FALSE(passes(v6, proto::unsolicited_na(ip("2001:db9::1"), mac, false)));
}

TEST(ArpFrom, passes_the_addresses_of_a_range_alone) {
    const auto filter = arp_from(ip("10.12.14.254"), ip("10.12.15.1"));
    for (const auto* inside : {"10.12.14.254", "10.12.14.255", "10.12.15.1"})
        EXPECT_TRUE(passes(filter, proto::gratuitous_arp(ip(inside), mac))) << inside;
    for (const auto* outside : {"10.12.14.253", "10.12.15.2", "0.0.0.0", "255.255.255.255"})
        EXPECT_FALSE(passes(filter, proto::gratuitous_arp(ip(outside), mac))) << outside;
    EXPECT_FALSE(passes(filter, proto::arp_request(ip("10.12.15.0"), ip("10.12.14.4"), mac))) << "that is who asks";
    EXPECT_FALSE(passes(filter, proto::unsolicited_na(ip("2001:db8::1"), mac, true)));
}

TEST(DhcpAnswers, passes_what_a_server_says_to_one_question) {
    const auto filter = dhcp_answers(0x01020304);
    // A question, made an answer by its ports: 68 -> 67.
    const auto answer = [](std::uint32_t xid, bool ip_options = false) {
        auto frame = proto::dhcp_discover({mac, xid});
        std::swap(frame[35], frame[37]);
        if (!ip_options) return frame;
        frame[14] = 0x46;
        frame.insert(frame.begin() + 34, {1, 1, 1, 1});
        return frame;
    };
    EXPECT_TRUE(passes(filter, answer(0x01020304)));
    EXPECT_TRUE(passes(filter, answer(0x01020304, true))) << "behind IP options";
    EXPECT_FALSE(passes(filter, answer(0x01020305)));
    EXPECT_FALSE(passes(filter, proto::dhcp_discover({mac, 0x01020304}))) << "a client";
    for (const auto& [at, value] : {std::pair(23, 6), std::pair(20, 0x20), std::pair(21, 1), std::pair(13, 6)}) {
        auto spoilt = answer(0x01020304);
        spoilt[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(value);
        EXPECT_FALSE(passes(filter, spoilt)) << at;
    }
    EXPECT_FALSE(passes(filter, Bytes(20)));
}

}  // namespace
}  // namespace vrrpd::engine::filter_test
