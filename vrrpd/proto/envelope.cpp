// See envelope.hpp.
#include "vrrpd/proto/envelope.hpp"

#include <algorithm>

#include "vrrpd/base/assert.hpp"
#include "vrrpd/base/bytes.hpp"
#include "vrrpd/proto/checksum.hpp"

namespace vrrpd::proto {

IpAddress multicast_group(Family family) {
    if (family == Family::ipv4) return IpAddress::v4(224, 0, 0, 18);
    constexpr std::uint8_t ff02_12[16] = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12};
    return *IpAddress::from_bytes(ff02_12);
}

Ipv4Header ipv4_header(const Envelope& envelope, const Ipv4Facts& facts) {
    constexpr std::uint8_t version_and_words = 0x45;
    ASSERT(envelope.source.is_v4() && envelope.destination.is_v4());
    Bytes header;
    ByteWriter out(header);
    out.u8(version_and_words).u8(traffic_class).u16(static_cast<std::uint16_t>(ipv4_header_size + facts.payload));
    out.u16(facts.identification).u16(0).u8(static_cast<std::uint8_t>(envelope.ttl)).u8(facts.protocol).u16(0);
    out.bytes(envelope.source.bytes()).bytes(envelope.destination.bytes());
    Ipv4Header result{};
    std::copy(header.begin(), header.end(), result.begin());
    return result;
}

namespace {

// RFC 1112 6.4, RFC 2464 7.
MacAddress group_mac(const IpAddress& group) {
    const auto low = group.bytes().last(4);
    if (group.is_v6()) return {{0x33, 0x33, low[0], low[1], low[2], low[3]}};
    return {{0x01, 0x00, 0x5e, static_cast<std::uint8_t>(low[1] & 0x7f), low[2], low[3]}};
}

void put_ipv4_header(ByteWriter& out, const Envelope& envelope, const Ipv4Facts& facts) {
    constexpr std::size_t header_checksum_offset = 10;
    const auto header = ipv4_header(envelope, facts);
    Bytes bytes(header.begin(), header.end());
    store_checksum(bytes, header_checksum_offset, InternetSum().add(bytes).checksum());
    out.bytes(bytes);
}

void put_ipv6_header(ByteWriter& out, const Envelope& envelope, const Ipv4Facts& facts) {
    constexpr std::uint32_t version_and_class = 0x60000000U | std::uint32_t{traffic_class} << 20;
    out.u32(version_and_class).u16(static_cast<std::uint16_t>(facts.payload)).u8(facts.protocol);
    out.u8(static_cast<std::uint8_t>(envelope.ttl));
    out.bytes(envelope.source.bytes()).bytes(envelope.destination.bytes());
}

}  // namespace

Bytes multicast_frame(const MacAddress& source, BytesView message, const Envelope& envelope, const Ipv4Facts& facts) {
    ASSERT(envelope.destination.is_multicast());
    const bool v4 = envelope.destination.is_v4();
    Bytes frame;
    ByteWriter out(frame);
    out.bytes(group_mac(envelope.destination).bytes).bytes(source.bytes).u16(v4 ? ethertype_ipv4 : ethertype_ipv6);
    v4 ? put_ipv4_header(out, envelope, facts) : put_ipv6_header(out, envelope, facts);
    out.bytes(message);
    return frame;
}

}  // namespace vrrpd::proto
