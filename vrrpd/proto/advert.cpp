// VRRP messages to bytes and back; see advert.hpp.
#include "vrrpd/proto/advert.hpp"

#include <algorithm>

#include "vrrpd/base/assert.hpp"
#include "vrrpd/proto/checksum.hpp"

namespace vrrpd::proto {

namespace {

constexpr std::size_t fixed_header = 8;
constexpr std::size_t authentication_data = password_size;  // RFC 3768 5.3.10
constexpr std::uint8_t advertisement_type = 1;
constexpr Centiseconds::rep longest_interval = 4095;  // RFC 9568 5.2.7: twelve bits
constexpr std::chrono::seconds longest_v2_interval{255};

bool has_authentication_data(Version version, Family family) {
    return version == Version::v2 && family == Family::ipv4;
}

std::size_t message_size(Version version, Family family, std::size_t addresses) {
    return fixed_header + addresses * address_size(family) +
           (has_authentication_data(version, family) ? authentication_data : 0);
}

// Which checksums may be right: IPv6 has one form; v2 over IPv4 another; v3 over IPv4 both.
bool uses_pseudo_header(Version version, Family family, ChecksumForm form) {
    if (family == Family::ipv6) return true;
    return version == Version::v3 && form == ChecksumForm::pseudo_header;
}

std::uint16_t checksum_of(BytesView message, const Envelope& envelope, bool pseudo_header) {
    InternetSum sum;
    if (pseudo_header) sum.add_pseudo_header(envelope.source, envelope.destination, ip_protocol, message.size());
    return sum.add(message).checksum();
}

void put_interval(ByteWriter& out, const Advertisement& advert, AuthType type) {
    if (advert.version == Version::v2) {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(advert.interval);
        ASSERT(seconds == advert.interval && seconds.count() >= 1 && seconds <= longest_v2_interval);
        out.u8(static_cast<std::uint8_t>(type)).u8(static_cast<std::uint8_t>(seconds.count()));
        return;
    }
    ASSERT(advert.interval.count() >= 1 && advert.interval.count() <= longest_interval);
    out.u16(static_cast<std::uint16_t>(advert.interval.count()));
}

bool contains(std::span<const IpAddress> list, const IpAddress& address) {
    return std::find(list.begin(), list.end(), address) != list.end();
}

const Peer* find_peer(const ReceivePolicy& policy, const IpAddress& address) {
    const auto at = std::find_if(policy.peers.begin(), policy.peers.end(),
                                 [&](const Peer& peer) { return peer.address == address; });
    return at == policy.peers.end() ? nullptr : &*at;
}

// VR-005. A unicast router trusts the TTL only as far as its peer's bounds say; everything else that is not
// 255 was forwarded by somebody, or its TTL is unknown.
bool ttl_allowed(const Envelope& envelope, const ReceivePolicy& policy) {
    if (!policy.unicast || envelope.destination.is_multicast()) return envelope.ttl == sent_ttl;
    const Peer* peer = find_peer(policy, envelope.source);
    const bool bounded = peer && (peer->min_ttl > 0 || peer->max_ttl < 255);
    return !bounded || (envelope.ttl >= peer->min_ttl && envelope.ttl <= peer->max_ttl);
}

bool source_allowed(const Envelope& envelope, const ReceivePolicy& policy) {
    return !policy.unicast || !policy.check_unicast_source || find_peer(policy, envelope.source);
}

bool cast_allowed(const Envelope& envelope, const ReceivePolicy& policy) {
    const bool multicast = envelope.destination.is_multicast();
    if (policy.unicast) return !multicast;
    return multicast || contains(policy.also_from, envelope.source);
}

// The checks that need no more than the IP header and the router's policy.
std::optional<Rejection> check_envelope(BytesView message, const Envelope& envelope, const ReceivePolicy& policy) {
    if (!ttl_allowed(envelope, policy)) return Rejection::wrong_ttl;
    if (message.size() < fixed_header) return Rejection::too_short;
    if (contains(policy.own_sources, envelope.source)) return Rejection::own_source;
    if (!source_allowed(envelope, policy)) return Rejection::foreign_source;
    if (!cast_allowed(envelope, policy)) return Rejection::wrong_cast;
    return std::nullopt;
}

// The checks of the message's own form, before its checksum.
std::optional<Rejection> check_form(BytesView message, const ReceivePolicy& policy) {
    if (message[0] >> 4 != static_cast<int>(policy.version)) return Rejection::wrong_version;
    if ((message[0] & 0x0f) != advertisement_type) return Rejection::wrong_type;
    const std::size_t count = message[3];
    const auto size = message_size(policy.version, policy.family, count);
    const bool with_trailer =
        policy.authenticator && policy.authenticator->takes_trailer() && message.size() == size + trailer_size;
    if (message.size() != size && !with_trailer) return Rejection::wrong_length;
    if (count == 0 && !policy.no_addresses) return Rejection::zero_addresses;
    return std::nullopt;
}

// A message whose form was checked, without its trailer (VR-255: the length alone says whether there is one).
BytesView without_trailer(BytesView message, const ReceivePolicy& policy) {
    return message.first(message_size(policy.version, policy.family, message[3]));
}

std::optional<ChecksumForm> verify_checksum(BytesView message, const Envelope& envelope, const ReceivePolicy& policy) {
    if (policy.family == Family::ipv4) message = without_trailer(message, policy);  // VR-251
    for (const auto form : {ChecksumForm::pseudo_header, ChecksumForm::message_only}) {
        const bool pseudo_header = uses_pseudo_header(policy.version, policy.family, form);
        if (checksum_of(message, envelope, pseudo_header) == 0) return form;
    }
    return std::nullopt;
}

std::optional<Rejection> check_interval(const Advertisement& advert, const ReceivePolicy& policy) {
    // Erratum 8301 for v3, RFC 3768 7.1 for v2 (which our own interval, never 0, covers).
    const bool acceptable =
        policy.version == Version::v2 ? advert.interval == policy.interval : advert.interval > Centiseconds::zero();
    return acceptable ? std::nullopt : std::optional(Rejection::wrong_interval);
}

// Type first, then what the type asks for (RFC 2338 7.1).
tl::expected<Proof, Rejection> check_authentication(BytesView message, const Envelope& envelope,
                                                    const ReceivePolicy& policy, BytesView headers) {
    const auto* authenticator = policy.authenticator;
    const auto ours = authenticator ? authenticator->type() : AuthType::none;
    if (headers.empty() == (ours == AuthType::ah)) return tl::unexpected(Rejection::wrong_auth_type);
    if (policy.version == Version::v2 && message[4] != static_cast<std::uint8_t>(ours)) {
        const bool known = message[4] <= static_cast<std::uint8_t>(AuthType::ah);
        return tl::unexpected(known ? Rejection::wrong_auth_type : Rejection::invalid_auth_type);
    }
    if (!authenticator) return Proof{};
    const auto pdu = without_trailer(message, policy);
    const auto trailer = message.subspan(pdu.size());
    const bool multicast = envelope.destination.is_multicast();
    // VR-258: only a peer's trailer is worth computing.
    if (!trailer.empty() && policy.unicast && !find_peer(policy, envelope.source))
        return tl::unexpected(Rejection::foreign_source);
    return authenticator->check({headers, pdu, trailer, envelope.source, multicast, policy.now});
}

// A message whose form was checked; the authentication octet is left to the caller.
Advertisement read(BytesView message, const ReceivePolicy& policy) {
    ByteReader in(message.subspan(1));
    const auto vrid = Vrid::make(in.u8());
    const auto priority = Priority::from_wire(in.u8());
    const std::size_t count = in.u8();
    const std::uint16_t interval = in.u16();
    static_cast<void>(in.u16());  // the checksum
    ASSERT(vrid);                 // the receiver found our router by it
    Advertisement advert{policy.version, *vrid, priority, {}, {}};
    // v3: four reserved bits, ignored on receipt (VR-041). v2: the low octet, in seconds.
    advert.interval = policy.version == Version::v2 ? Centiseconds(std::chrono::seconds(interval & 0xff))
                                                    : Centiseconds(interval & 0x0fff);
    advert.addresses.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto address = IpAddress::from_bytes(in.take(address_size(policy.family)));
        ASSERT(address);  // the length was checked
        advert.addresses.push_back(*address);
    }
    ASSERT(in.ok());
    return advert;
}

}  // namespace

Bytes encode(const Advertisement& advert, const Envelope& envelope, ChecksumForm form, const Credentials& credentials) {
    const Family family = envelope.source.family();
    ASSERT(envelope.destination.family() == family);
    ASSERT(advert.addresses.size() <= 255);
    ASSERT(credentials.type == AuthType::none || has_authentication_data(advert.version, family));
    Bytes message;
    message.reserve(message_size(advert.version, family, advert.addresses.size()) + trailer_size);
    ByteWriter out(message);
    out.u8(static_cast<std::uint8_t>(static_cast<unsigned>(advert.version) << 4 | advertisement_type));
    out.u8(advert.vrid.value()).u8(advert.priority.value());
    out.u8(static_cast<std::uint8_t>(advert.addresses.size()));
    put_interval(out, advert, credentials.type);
    out.u16(0);
    for (const auto& address : advert.addresses) {
        ASSERT(address.family() == family);  // VR-010
        out.bytes(address.bytes());
    }
    if (has_authentication_data(advert.version, family)) out.bytes(credentials.data);
    const auto size = message.size();
    if (credentials.trailer) out.bytes(*credentials.trailer);
    const bool pseudo_header = uses_pseudo_header(advert.version, family, form);
    const auto summed = family == Family::ipv4 ? BytesView(message).first(size) : BytesView(message);
    store_checksum(message, checksum_offset, checksum_of(summed, envelope, pseudo_header));
    return message;
}

std::optional<Vrid> peek_vrid(BytesView message) { return message.size() < 2 ? std::nullopt : Vrid::make(message[1]); }

tl::expected<Accepted, Rejection> decode(BytesView message, const Envelope& envelope, const ReceivePolicy& policy,
                                         BytesView headers) {
    ASSERT(envelope.source.family() == policy.family && envelope.destination.family() == policy.family);
    if (const auto refused = check_envelope(message, envelope, policy)) return tl::unexpected(*refused);
    if (!peek_vrid(message)) return tl::unexpected(Rejection::unknown_vrid);
    if (const auto refused = check_form(message, policy)) return tl::unexpected(*refused);
    const auto form = verify_checksum(message, envelope, policy);
    if (!form) return tl::unexpected(Rejection::wrong_checksum);
    const auto proof = check_authentication(message, envelope, policy, headers);
    if (!proof) return tl::unexpected(proof.error());
    Accepted accepted{read(message, policy), *form, *proof};
    if (const auto refused = check_interval(accepted.advert, policy)) return tl::unexpected(*refused);
    return accepted;
}

}  // namespace vrrpd::proto
