// Octets of the headers in front of what a captured or a forged frame carries.
#pragma once

#include <cstddef>

namespace lab {

inline constexpr std::size_t ethernet_header_size = 14, ipv4_header_size = 20, ipv6_header_size = 40,
                             udp_header_size = 8;

}  // namespace lab
