// The VRRP message: bytes <-> Advertisement (RFC 3768 5.1, RFC 9568 5.1). Pure. Everything the
// receiver must check before an advert may touch state is here, in the order of VR-140; the state
// machine sees only what passed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/ip.hpp"
#include "vrrpd/proto/types.hpp"

namespace vrrpd::proto {

inline constexpr std::uint8_t ip_protocol = 112;         // RFC 9568 5.1.1.4
inline constexpr std::uint8_t sent_ttl = 255;            // RFC 9568 5.1.1.3
[[nodiscard]] IpAddress multicast_group(Family family);  // 224.0.0.18, ff02::12

// One message. `interval` is whole seconds in v2 (1..255 s) and 1..4095 cs in v3.
struct Advertisement {
    Version version = Version::v3;
    Vrid vrid;
    Priority priority;
    Centiseconds interval{100};
    std::vector<IpAddress> addresses;  // in the configured order (VR-049)

    bool operator==(const Advertisement&) const = default;
};

// How the v3 checksum over IPv4 is formed: RFC 9568 5.2.8 leaves the pseudo-header out, keepalived
// and FRR include it (VR-045). We send `pseudo_header` unless v3_checksum_as_v2, and accept both.
enum class ChecksumForm : std::uint8_t { pseudo_header, message_only };

// What the IP layer said of a received message, or will say of a sent one.
struct Envelope {
    IpAddress source;
    IpAddress destination;
    int ttl = sent_ttl;  // hop limit for IPv6; -1 when the kernel did not tell
};

// The complete VRRP message (no IP header). v2 over IPv4 ends in eight zero octets of authentication
// data (RFC 3768 5.3.10); v2 over IPv6 (a keepalived extension) has none. The IPv6 checksum is always
// over the pseudo-header (RFC 9568 5.2.8), v2's over IPv4 never is.
[[nodiscard]] Bytes encode(const Advertisement& advert, const Envelope& envelope, ChecksumForm form);

// Why a message was refused. Order and names are those of VR-140; each has its counter.
enum class Rejection : std::uint8_t {
    wrong_ttl,       // multicast: not 255; unicast: outside the peer's range
    too_short,       // less than the fixed header
    unknown_vrid,    // no router of ours (counted by the receiver, not by decode)
    own_source,      // our own address: looped or duplicated (VR-127)
    foreign_source,  // unicast: not one of the peers (VR-151)
    wrong_version,   // RFC 9568 7.1
    wrong_type,      // not ADVERTISEMENT (RFC 9568 5.2.2)
    wrong_length,    // shorter or longer than the count says, trailing bytes included
    zero_addresses,  // RFC 9568 5.2.5, erratum 8299
    wrong_checksum,
    wrong_auth_type,  // v2: an authentication type other than ours (RFC 3768 5.3.6)
    wrong_interval,   // v2: differs from ours (RFC 3768 7.1); v3: zero (erratum 8301)
    wrong_cast,       // unicast to a multicast router, or the other way round (VR-011)
};
inline constexpr std::size_t rejection_kinds = static_cast<std::size_t>(Rejection::wrong_cast) + 1;
[[nodiscard]] std::string_view name(Rejection kind);  // "checksum", for counters and logs

// One place a unicast advert may come from. TTL bounds as keepalived's min_ttl / max_ttl.
struct Peer {
    IpAddress address;
    std::uint8_t min_ttl = 0;
    std::uint8_t max_ttl = 255;

    bool operator==(const Peer&) const = default;
};

// What one virtual router accepts.
struct ReceivePolicy {
    Version version = Version::v3;
    Family family = Family::ipv4;
    Centiseconds interval{100};              // v2 must match it exactly
    bool unicast = false;                    // peers instead of the group
    bool check_unicast_source = false;       // refuse unicast from outside `peers`
    std::span<const Peer> peers;             // unicast peers
    std::span<const IpAddress> also_from;    // peer_link members: unicast copies are taken beside multicast
    std::span<const IpAddress> own_sources;  // our own addresses
    // no_virtual_ipaddress: we announce no address, so peers of the same file may not either (VR-043).
    bool no_addresses = false;
};

struct Accepted {
    Advertisement advert;
    ChecksumForm form = ChecksumForm::pseudo_header;  // which form verified (v3 over IPv4)
};

// The VRID of a message, to find its router before anything else is looked at.
[[nodiscard]] std::optional<Vrid> peek_vrid(BytesView message);

// All checks of RFC 9568 7.1 / RFC 3768 7.1 in the order of VR-140. The caller has found the router by interface,
// family and VRID, so `envelope` is of the policy's family. Safe on any bytes.
[[nodiscard]] tl::expected<Accepted, Rejection> decode(BytesView message, const Envelope& envelope,
                                                       const ReceivePolicy& policy);

}  // namespace vrrpd::proto
