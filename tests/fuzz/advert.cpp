// A VRRP message from anybody on the LAN. The first octet says what kind of router hears it.
#include "vrrpd/proto/advert.hpp"

#include "tests/fuzz/targets.hpp"
#include "vrrpd/base/assert.hpp"

namespace vrrpd::fuzz {

namespace {

// Most random messages end at the checksum: this one is right (RFC 1071, over the message alone).
Bytes with_checksum(Input message) {
    Bytes result(message.begin(), message.end());
    if (result.size() < 8) return result;
    result[6] = result[7] = 0;
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < result.size(); ++i)
        sum += static_cast<std::uint32_t>(result[i]) << (i % 2 == 0 ? 8 : 0);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    result[6] = static_cast<std::uint8_t>(~sum >> 8 & 0xff);
    result[7] = static_cast<std::uint8_t>(~sum & 0xff);
    return result;
}

void hear(BytesView message, const proto::Envelope& envelope, const proto::ReceivePolicy& policy) {
    const auto got = proto::decode(message, envelope, policy);
    if (!got) return ASSERT(!proto::name(got.error()).empty());
    const auto& advert = got->advert;
    ASSERT(advert.interval.count() > 0 && advert.version == policy.version);
    ASSERT(proto::peek_vrid(message) == advert.vrid);
    for (const auto& address : advert.addresses) ASSERT(address.family() == policy.family);
    const auto again = proto::decode(proto::encode(advert, envelope, got->form), envelope, policy);
    ASSERT(again && again->advert == advert);
}

}  // namespace

int advert::one_input(Input input) {
    if (input.empty()) return 0;
    const auto kind = input[0];
    const auto message = input.subspan(1);
    proto::ReceivePolicy policy;
    policy.version = kind & 1 ? proto::Version::v2 : proto::Version::v3;
    policy.family = kind & 2 ? Family::ipv6 : Family::ipv4;
    policy.no_addresses = kind & 4;
    policy.unicast = kind & 8;
    const auto group = proto::multicast_group(policy.family);
    const auto own = policy.family == Family::ipv6 ? *IpAddress::parse("fe80::b") : IpAddress::v4(10, 77, 0, 2);
    const auto source = policy.family == Family::ipv6 ? *IpAddress::parse("fe80::a") : IpAddress::v4(10, 77, 0, 1);
    const proto::Envelope envelope{source, policy.unicast ? own : group, kind & 16 ? -1 : 255};
    hear(message, envelope, policy);
    hear(with_checksum(message), envelope, policy);
    return 0;
}

}  // namespace vrrpd::fuzz
