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
#include "vrrpd/proto/auth.hpp"
#include "vrrpd/proto/envelope.hpp"
#include "vrrpd/proto/rejection.hpp"
#include "vrrpd/proto/types.hpp"

namespace vrrpd::proto {

inline constexpr std::size_t checksum_offset = 6;  // RFC 9568 5.1

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

// The complete VRRP message (no IP header). v2 over IPv4 ends in eight octets of authentication data (RFC 3768 5.3.10);
// v2 over IPv6 (a keepalived extension) has none. The trailer of auth_hmac stands behind it all. The IPv6 checksum is
// always over the pseudo-header (RFC 9568 5.2.8) and covers the trailer, v2's over IPv4 never is, and no IPv4 checksum
// covers the trailer (VR-251).
[[nodiscard]] Bytes encode(const Advertisement& advert, const Envelope& envelope, ChecksumForm form,
                           const Credentials& credentials = {});

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
    const Authenticator* authenticator = nullptr;  // none: neither password nor signature
    WallTime now{};                                // for it
};

struct Accepted {
    Advertisement advert;
    ChecksumForm form = ChecksumForm::pseudo_header;  // which form verified (v3 over IPv4)
    Proof proof;                                      // for the authenticator's accept()
};

// The VRID of a message, to find its router before anything else is looked at.
[[nodiscard]] std::optional<Vrid> peek_vrid(BytesView message);

// All checks of RFC 9568 7.1 / RFC 3768 7.1 in the order of VR-140. The caller has found the router by interface,
// family and VRID, so `envelope` is of the policy's family. Safe on any bytes. `headers`: the IPv4 header and the AH in
// front of the message; empty where there is no AH.
[[nodiscard]] tl::expected<Accepted, Rejection> decode(BytesView message, const Envelope& envelope,
                                                       const ReceivePolicy& policy, BytesView headers = {});

}  // namespace vrrpd::proto
