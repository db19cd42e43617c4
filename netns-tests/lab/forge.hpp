// VRRP packets that no honest router sends.
#pragma once

#include <cstdint>
#include <functional>

#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/ip.hpp"

namespace lab {

struct Forgery {
    vrrpd::IpAddress source;  // IPv4
    std::uint8_t ttl = 255;
    std::uint8_t vrid = 1;
    std::uint8_t priority = 250;
    std::uint16_t interval = 10;  // centiseconds
    std::uint8_t version_and_type = 0x31;
    std::uint8_t count = 1;  // what the field says; there is one address
    vrrpd::IpAddress address = vrrpd::IpAddress::v4(10, 12, 14, 1);
    std::uint16_t checksum_error = 0;  // added to the right one
    int length_error = 0;              // octets too many, or cut off
};

// A whole Ethernet frame to 224.0.0.18. Every checksum is right but for checksum_error.
[[nodiscard]] vrrpd::Bytes forge(const Forgery& forgery);

}  // namespace lab
