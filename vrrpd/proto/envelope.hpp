// What the IP layer says of a VRRP message, received or to be sent. Pure.
#pragma once

#include <array>
#include <cstdint>

#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/mac.hpp"

namespace vrrpd::proto {

inline constexpr std::uint8_t ip_protocol = 112;         // RFC 9568 5.1.1.4
inline constexpr std::uint8_t ah_protocol = 51;          // in front of it with AH (RFC 2402)
inline constexpr std::uint8_t sent_ttl = 255;            // RFC 9568 5.1.1.3
inline constexpr std::uint8_t traffic_class = 0xc0;      // CS6, network control (VR-009)
[[nodiscard]] IpAddress multicast_group(Family family);  // 224.0.0.18, ff02::12

struct Envelope {
    IpAddress source;
    IpAddress destination;
    int ttl = sent_ttl;  // hop limit for IPv6; -1 when the kernel did not tell
};

// The IPv4 header of a message of ours, its checksum zero: the kernel fills that in.
inline constexpr std::size_t ipv4_header_size = 20;
inline constexpr std::uint16_t ethertype_ipv4 = 0x0800, ethertype_ipv6 = 0x86dd;
using Ipv4Header = std::array<std::uint8_t, ipv4_header_size>;
struct Ipv4Facts {
    std::uint8_t protocol = ip_protocol;
    std::size_t payload = 0;           // octets behind the header
    std::uint16_t identification = 0;  // counted by the caller per router as keepalived does (VR-009)
};
[[nodiscard]] Ipv4Header ipv4_header(const Envelope& envelope, const Ipv4Facts& facts);

// A whole Ethernet frame to a group, its source a MAC address of our choice (RFC 9568 7.3). IPv6 has no use for the
// identification.
[[nodiscard]] Bytes multicast_frame(const MacAddress& source, BytesView message, const Envelope& envelope,
                                    const Ipv4Facts& facts);

}  // namespace vrrpd::proto
