// Socket filters (classic BPF) as values. They drop only what can never concern us, so that every other
// packet can be counted by its kind (VR-152, RFC 9568 7.1). Pure.
#pragma once

#include <linux/filter.h>

#include <optional>
#include <span>
#include <vector>

#include "vrrpd/base/ip.hpp"
#include "vrrpd/proto/envelope.hpp"
#include "vrrpd/proto/types.hpp"

namespace vrrpd::engine {

using Filter = std::vector<sock_filter>;

// For a raw socket of protocol 112: passes adverts of these VRIDs. Empty: passes all (log_unknown_vrids).
// An IPv4 raw socket's filter sees the packet from its IP header on, an IPv6 one's from the VRRP header on.
[[nodiscard]] Filter vrid_filter(Family family, std::span<const proto::Vrid> vrids);
// ... of protocol 51 over IPv4: adverts behind an AH as VRRP has it. The host's own IPsec does not concern us.
[[nodiscard]] Filter ah_vrid_filter(std::span<const proto::Vrid> vrids);

// For a packet socket (SOCK_DGRAM, so from the IP header on): this protocol alone. The observer's socket.
[[nodiscard]] Filter vrrp_packets(Family family, std::uint8_t protocol = proto::ip_protocol);

// For a packet socket that awaits claims to addresses (SOCK_RAW): ARP for IPv4, neighbour advertisements for
// IPv6; of one address alone where it is given.
[[nodiscard]] Filter claim_filter(Family family, const std::optional<IpAddress>& only);

// ... ARP from addresses of this range alone, both ends included.
[[nodiscard]] Filter arp_from(const IpAddress& first, const IpAddress& last);

// For a packet socket (SOCK_RAW): what DHCP servers answer to the question with this number, in one piece.
[[nodiscard]] Filter dhcp_answers(std::uint32_t xid);

}  // namespace vrrpd::engine
