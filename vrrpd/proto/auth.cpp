// See auth.hpp: PASS, AH, and what is common.
#include "vrrpd/proto/auth.hpp"

#include <algorithm>

#include "vrrpd/base/assert.hpp"
#include "vrrpd/proto/hash.hpp"

namespace vrrpd::proto {

namespace {

constexpr std::size_t icv_size = 12;                         // HMAC-MD5-96 (RFC 2403)
constexpr std::size_t icv_offset = ah_size - icv_size;       // RFC 2402 2
constexpr std::uint8_t ah_payload_length = ah_size / 4 - 2;  // in words, less two

// RFC 2402 3.3.3.1.1.1 with keepalived's reading of it (VR-027): of multicast the TTL counts. `headers` and `message`
// follow each other in the packet.
Md5Digest icv_of(const Secret& password, BytesView headers, BytesView message) {
    Bytes text(headers.begin(), headers.end());
    constexpr std::size_t tos = 1, fragment = 6, ttl = 8, checksum = 10, destination = 16;
    for (const auto octet : {tos, fragment, fragment + 1, checksum, checksum + 1}) text[octet] = 0;
    if (!IpAddress::from_bytes(headers.subspan(destination, 4))->is_multicast()) text[ttl] = 0;
    std::fill_n(text.begin() + ipv4_header_size + icv_offset, icv_size, std::uint8_t{0});
    text.insert(text.end(), message.begin(), message.end());
    return hmac_md5(password.reveal(), text);
}

}  // namespace

Authenticator::Authenticator(const Authentication& settings, std::size_t senders) { configure(settings, senders); }

void Authenticator::configure(const Authentication& settings, std::size_t senders) {
    ASSERT(settings.password.reveal().size() <= password_size);
    ASSERT(settings.type == AuthType::none || settings.hmac.keys.empty());
    settings_ = settings;
    most_marks_ = std::max(marks_kept, senders);
}

std::array<std::uint8_t, ah_size> Authenticator::ah_header(const Ipv4Header& ip, BytesView message,
                                                           std::uint32_t sequence) const {
    Bytes headers(ip.begin(), ip.end());
    ByteWriter out(headers);
    // keepalived's SPI is the source address.
    out.u8(ip_protocol).u8(ah_payload_length).u16(0).bytes(BytesView(ip).subspan(12, 4)).u32(sequence).zeros(icv_size);
    const auto icv = icv_of(settings_.password, headers, message);
    std::array<std::uint8_t, ah_size> ah{};
    std::copy_n(headers.begin() + ipv4_header_size, icv_offset, ah.begin());
    std::copy_n(icv.begin(), icv_size, ah.begin() + icv_offset);
    return ah;
}

tl::expected<Proof, Rejection> Authenticator::check(const Presented& presented) const {
    switch (settings_.type) {
        case AuthType::password:
            return check_password(presented);
        case AuthType::ah:
            return check_ah(presented);
        case AuthType::none:
            break;
    }
    return takes_trailer() ? check_hmac(presented) : Proof{};
}

tl::expected<Proof, Rejection> Authenticator::check_password(const Presented& presented) const {
    std::array<std::uint8_t, password_size> ours{};
    const auto octets = settings_.password.reveal();
    std::copy(octets.begin(), octets.end(), ours.begin());
    const bool equal = equal_in_constant_time(presented.message.last(password_size), ours);
    Secret::wipe(ours.data(), ours.size());
    if (!equal) return tl::unexpected(Rejection::wrong_auth_data);
    return Proof{};
}

// Whose it is before its number, unlike RFC 2402 3.4.3: another password is to be told as that, also where the other
// router has counted less far than we.
tl::expected<Proof, Rejection> Authenticator::check_ah(const Presented& presented) const {
    const auto headers = presented.headers;
    if (headers.size() != ipv4_header_size + ah_size) return tl::unexpected(Rejection::wrong_length);
    ByteReader in(headers.subspan(ipv4_header_size));
    const bool well_formed = in.u8() == ip_protocol && in.u8() == ah_payload_length;
    static_cast<void>(in.u16());  // reserved
    const auto spi = in.take(4);
    const auto sequence = in.u32();
    if (!well_formed || IpAddress::from_bytes(spi) != presented.source)
        return tl::unexpected(Rejection::wrong_auth_data);
    const auto icv = icv_of(settings_.password, headers, presented.message);
    if (!equal_in_constant_time(in.take(icv_size), BytesView(icv).first(icv_size)))
        return tl::unexpected(Rejection::wrong_auth_data);
    if (sequence <= memory_.ah_sequence) return tl::unexpected(Rejection::replayed);
    return Proof{sequence, {}};
}

void Authenticator::accept(const IpAddress& source, bool multicast, const Proof& proof) {
    if (proof.sequence == 0) return;
    // One counter of both directions, as keepalived's: who becomes Active goes on from the number last heard.
    if (settings_.type == AuthType::ah) {
        memory_.ah_sequence = static_cast<std::uint32_t>(proof.sequence);
        return;
    }
    auto& marks = memory_.marks;
    std::erase_if(marks, [&](const ReplayMark& mark) { return mark.source == source && mark.multicast == multicast; });
    while (marks.size() >= most_marks_) marks.erase(marks.begin());  // the least lately heard
    marks.push_back({source, multicast, proof.sequence});
}

}  // namespace vrrpd::proto
