// DHCP as far as asking whether a server is there goes: a DISCOVER goes out, OFFERs come in (RFC 2131, 2132). An offer
// is never taken up, so no lease comes of it. Pure; the engine's.
#pragma once

#include <cstdint>

#include <tl/expected.hpp>

#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/mac.hpp"

namespace vrrpd::proto {

// Whose question it was: an answer carries both back.
struct DhcpQuestion {
    MacAddress mac;         // chaddr
    std::uint32_t xid = 0;  // RFC 2131 4.1: chosen at random
};

// A whole Ethernet frame, from 0.0.0.0 to everybody. Answers are to be broadcast, since nobody here has the address
// that is offered; no address is asked for.
[[nodiscard]] Bytes dhcp_discover(const DhcpQuestion& question);

enum class NoOffer : std::uint8_t {
    not_ours,   // no DHCP answer, or one to somebody else, or no OFFER
    malformed,  // an answer to us that cannot be read, or that names no server
};
// The server identifier (option 54) of an OFFER in an Ethernet frame. The UDP checksum is not looked at: a frame from
// this very host or over a veth has none yet. Safe on any bytes.
[[nodiscard]] tl::expected<IpAddress, NoOffer> read_dhcp_offer(BytesView ethernet_frame, const DhcpQuestion& question);

}  // namespace vrrpd::proto
