// A VRRP message to a router with a password, AH or auth_hmac. The first octet says which, and whether the message is
// made to fit so far that the next check is reached.
#include <algorithm>

#include "tests/fuzz/targets.hpp"
#include "vrrpd/base/assert.hpp"
#include "vrrpd/proto/advert.hpp"

namespace vrrpd::fuzz {

namespace {

using proto::AuthType;

constexpr WallTime noon{std::chrono::seconds(0x68000000)};

proto::Authentication settings_of(std::uint8_t kind) {
    proto::Authentication settings;
    const Bytes key(32, 'k');
    if ((kind & 3) < 2) {
        settings.type = kind & 1 ? AuthType::ah : AuthType::password;
        settings.password = Secret({'p', 'a', 's', 's'});
        return settings;
    }
    settings.hmac.keys = {{1, Secret(key)}};
    settings.hmac.active_key = 1;
    settings.hmac.monotonic = kind & 4;
    settings.hmac.mode = kind & 8 ? proto::HmacMode::permissive : proto::HmacMode::enforce;
    return settings;
}

void hear(BytesView headers, BytesView message, const proto::Envelope& envelope, proto::ReceivePolicy policy,
          proto::Authenticator& authenticator) {
    policy.authenticator = &authenticator;
    const auto before = authenticator.memory();
    const auto got = proto::decode(message, envelope, policy, headers);
    ASSERT(authenticator.memory() == before);
    if (!got) return ASSERT(!proto::name(got.error()).empty());
    authenticator.accept(envelope.source, envelope.destination.is_multicast(), got->proof);
    if (got->proof.sequence == 0) return;
    const auto again = proto::decode(message, envelope, policy, headers);
    ASSERT(!again && again.error() == proto::Rejection::replayed);
}

// What the router's own peer would have said at that place, so that it is taken, and mutations of it are nearly.
void answer(const proto::Authentication& settings, BytesView message, const proto::Envelope& envelope,
            const proto::ReceivePolicy& policy) {
    proto::Authenticator sender(settings), receiver(settings);
    auto plain = policy;
    if (message.size() < 6) return;  // what is chosen by it below
    const auto vrid = proto::peek_vrid(message);
    if (!vrid) return;
    proto::Advertisement advert{policy.version, *vrid, proto::Priority::from_wire(message[2]), policy.interval, {}};
    for (unsigned i = 0; i < 1U + message[3] % 4; ++i)
        advert.addresses.push_back(IpAddress::v4(10, 77, 0, static_cast<std::uint8_t>(i)));
    const auto credentials = sender.seal(advert, envelope.source, policy.now);
    const auto sealed = proto::encode(advert, envelope, proto::ChecksumForm::pseudo_header, credentials);
    Bytes headers;
    if (settings.type == AuthType::ah) {
        const auto ip = proto::ipv4_header(envelope, {proto::ah_protocol, proto::ah_size + sealed.size(), 1});
        const auto ah = sender.ah_header(ip, sealed, credentials.ah_sequence);
        headers.assign(ip.begin(), ip.end());
        headers.insert(headers.end(), ah.begin(), ah.end());
    }
    plain.authenticator = &receiver;
    const auto got = proto::decode(sealed, envelope, plain, headers);
    ASSERT(got && got->advert == advert);
    // One octet that the input chooses is another: never taken as if it were the same.
    auto changed = sealed;
    changed[message[4] % changed.size()] ^= static_cast<std::uint8_t>(1U << message[5] % 8);
    const auto wrong = proto::decode(changed, envelope, plain, headers);
    ASSERT(!wrong || wrong->advert == advert);
}

}  // namespace

int authentication::one_input(Input input) {
    if (input.empty()) return 0;
    const auto kind = input[0];
    const auto settings = settings_of(kind);
    proto::ReceivePolicy policy;
    const bool v2 = settings.type != AuthType::none || kind & 16;
    policy.version = v2 ? proto::Version::v2 : proto::Version::v3;
    policy.now = noon;
    const proto::Envelope envelope{IpAddress::v4(10, 77, 0, 1), proto::multicast_group(Family::ipv4), 255};
    auto rest = input.subspan(1);
    const std::size_t in_front = kind & 32 ? proto::ipv4_header_size + proto::ah_size : 0;
    const auto headers = rest.first(std::min(rest.size(), in_front));
    const auto message = rest.subspan(headers.size());
    proto::Authenticator authenticator(settings);
    hear(headers, message, envelope, policy, authenticator);
    answer(settings, message, envelope, policy);
    return 0;
}

}  // namespace vrrpd::fuzz
