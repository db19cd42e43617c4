// See envelope.hpp.
#include "vrrpd/proto/envelope.hpp"

#include <algorithm>

#include "vrrpd/base/assert.hpp"
#include "vrrpd/base/bytes.hpp"

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

}  // namespace vrrpd::proto
