// VRRP packets that no honest router sends.
#pragma once

#include <cstdint>
#include <optional>

#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/mac.hpp"

namespace lab {

struct Forgery {
    vrrpd::IpAddress source;  // its family is the packet's
    std::uint8_t ttl = 255;
    std::uint8_t vrid = 1;
    std::uint8_t priority = 250;
    std::uint16_t interval = 10;           // version 2: seconds; else centiseconds
    std::uint8_t version_and_type = 0x31;  // of version 2 the layout is version 2's, too
    std::uint8_t auth_type = 0;            // of version 2
    std::uint8_t count = 1;                // what the field says; there is one address
    vrrpd::IpAddress address = vrrpd::IpAddress::v4(10, 12, 14, 1);
    std::uint16_t checksum_error = 0;  // added to the right one
    int length_error = 0;              // octets too many, or cut off
    // Unicast, instead of to VRRP's group.
    struct Receiver {
        vrrpd::IpAddress address;
        vrrpd::MacAddress mac;
    };
    std::optional<Receiver> to = {};
};

// A whole Ethernet frame. Every checksum is right but for checksum_error.
[[nodiscard]] vrrpd::Bytes forge(const Forgery& forgery);

}  // namespace lab
