// The Internet checksum (RFC 1071), as VRRP and ICMPv6 use it. For vrrpd/proto alone.
#pragma once

#include <cstdint>

#include "vrrpd/base/assert.hpp"
#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/ip.hpp"

namespace vrrpd::proto {

// The one's complement sum, fed part by part. Every part but the last has an even length.
class InternetSum {
public:
    InternetSum& add(BytesView part) {
        for (std::size_t i = 0; i < part.size(); ++i) {
            total_ += static_cast<std::uint32_t>(i % 2 == 0 ? part[i] << 8 : part[i]);
        }
        return *this;
    }
    // RFC 8200 8.1 for IPv6; for IPv4 the shorter form that VRRPv3 is deployed with (VR-045).
    InternetSum& add_pseudo_header(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                                   std::size_t length) {
        ASSERT(source.family() == destination.family());
        ASSERT(length <= 0xffff);
        add(source.bytes()).add(destination.bytes());
        total_ += protocol;
        total_ += static_cast<std::uint32_t>(length);
        return *this;
    }
    // What goes into the checksum field. Over a message with its checksum in place: 0 if it is right.
    [[nodiscard]] std::uint16_t checksum() const {
        std::uint32_t folded = total_;
        while (folded > 0xffff) folded = (folded & 0xffff) + (folded >> 16);
        return static_cast<std::uint16_t>(~folded);
    }

private:
    std::uint32_t total_ = 0;  // 65,535 octets of 0xff add up to less than 2^31
};

// Writes `checksum` at `offset` of a message whose checksum field was zero.
inline void store_checksum(Bytes& message, std::size_t offset, std::uint16_t checksum) {
    ASSERT(offset + 2 <= message.size());
    message[offset] = static_cast<std::uint8_t>(checksum >> 8);
    message[offset + 1] = static_cast<std::uint8_t>(checksum);
}

}  // namespace vrrpd::proto
