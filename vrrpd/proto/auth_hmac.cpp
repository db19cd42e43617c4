// See auth.hpp: keepalived's auth_hmac (VR-250 to VR-258).
#include <algorithm>

#include "vrrpd/base/assert.hpp"
#include "vrrpd/proto/advert.hpp"
#include "vrrpd/proto/auth.hpp"
#include "vrrpd/proto/hash.hpp"

namespace vrrpd::proto {

namespace {

constexpr std::uint8_t hmac_sha256_128 = 1;  // the extension type
constexpr std::size_t tag_size = 16, tag_offset = trailer_size - tag_size;

// VR-253: seconds, 1/65536 of one, a counter.
std::uint64_t clock_value(WallTime now) {
    const auto since = now.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    const auto fraction = static_cast<std::uint64_t>((since - seconds).count()) * 65'536 / std::nano::den;
    return static_cast<std::uint64_t>(seconds.count()) << 32 | fraction << 16;
}

// RFC 1982: how far a is behind b, negative if it is ahead.
std::int64_t growth(std::uint64_t from, std::uint64_t to) { return static_cast<std::int64_t>(to - from); }

std::chrono::seconds ahead_of(std::uint64_t sequence, WallTime now) {
    const auto ours = static_cast<std::uint32_t>(clock_value(now) >> 32);
    return std::chrono::seconds(static_cast<std::int32_t>(static_cast<std::uint32_t>(sequence >> 32) - ours));
}

// VR-250. `begin`: the trailer's octets before the tag.
std::array<std::uint8_t, tag_size> tag_of(const Secret& key, const IpAddress& source, BytesView message,
                                          BytesView begin) {
    Bytes text;
    text.reserve(20 + message.size() + trailer_size);
    ByteWriter out(text);
    out.u8(source.is_v4() ? 4 : 6).u8(message[0] >> 4).u8(message[1]).u8(0);
    out.bytes(source.bytes()).zeros(16 - source.bytes().size());
    out.bytes(message.first(checksum_offset)).u16(0).bytes(message.subspan(checksum_offset + 2));
    out.bytes(begin).zeros(tag_size);
    const auto digest = hmac_sha256(key.reveal(), text);
    std::array<std::uint8_t, tag_size> tag{};
    std::copy_n(digest.begin(), tag_size, tag.begin());
    return tag;
}

}  // namespace

const HmacKey* Authenticator::key(std::uint8_t id) const {
    const auto& keys = settings_.hmac.keys;
    const auto at = std::find_if(keys.begin(), keys.end(), [id](const HmacKey& each) { return each.id == id; });
    return at == keys.end() ? nullptr : &*at;
}

// A clock that was set back must not make us repeat numbers; one that had been far ahead must not keep us there.
std::uint64_t Authenticator::next_sequence(WallTime now) const {
    const auto last = memory_.hmac_sequence;
    const auto clock = clock_value(now);
    const bool runaway = !settings_.hmac.monotonic && ahead_of(last, now) > settings_.hmac.window;
    return last == 0 || runaway || growth(last, clock) > 0 ? clock : last + 1;
}

Credentials Authenticator::seal(const Advertisement& advert, const IpAddress& source, WallTime now) {
    Credentials credentials;
    credentials.type = settings_.type;
    if (settings_.type == AuthType::password) {
        const auto octets = settings_.password.reveal();
        std::copy(octets.begin(), octets.end(), credentials.data.begin());
    }
    // It ends in 136 years (RFC 2402 3.3.3 asks for another key then).
    if (settings_.type == AuthType::ah) credentials.ah_sequence = ++memory_.ah_sequence;
    if (!takes_trailer() || settings_.hmac.mode == HmacMode::receive_only) return credentials;
    const auto* active = key(settings_.hmac.active_key);
    ASSERT(active);
    memory_.hmac_sequence = next_sequence(now);
    Bytes begin;
    ByteWriter(begin)
        .u8(hmac_sha256_128)
        .u8(active->id)
        .u16(0)
        .u32(static_cast<std::uint32_t>(memory_.hmac_sequence >> 32))
        .u32(static_cast<std::uint32_t>(memory_.hmac_sequence));
    // The destination is covered by the checksum alone, which the tag leaves out.
    const auto message = encode(advert, {source, source}, ChecksumForm::message_only);
    const auto tag = tag_of(active->key, source, message, begin);
    auto& trailer = credentials.trailer.emplace();
    std::copy(begin.begin(), begin.end(), trailer.begin());
    std::copy(tag.begin(), tag.end(), trailer.begin() + tag_offset);
    return credentials;
}

// VR-254. In time mode a mark outside the window is forgotten: else a sender whose clock was once ahead would be
// refused until the day it had then.
bool Authenticator::was_seen(const Presented& presented, std::uint64_t sequence) const {
    const auto& marks = memory_.marks;
    const auto mark = std::find_if(marks.begin(), marks.end(), [&](const ReplayMark& each) {
        return each.source == presented.source && each.multicast == presented.multicast;
    });
    if (mark == marks.end()) return false;
    if (!settings_.hmac.monotonic && std::chrono::abs(ahead_of(mark->sequence, presented.now)) > settings_.hmac.window)
        return false;
    return growth(mark->sequence, sequence) <= 0;
}

tl::expected<Proof, Rejection> Authenticator::check_hmac(const Presented& presented) const {
    const auto& settings = settings_.hmac;
    if (presented.trailer.empty()) {
        if (settings.mode == HmacMode::enforce) return tl::unexpected(Rejection::no_hmac);
        return Proof{};
    }
    ASSERT(presented.trailer.size() == trailer_size);
    ByteReader in(presented.trailer);
    const auto type = in.u8();
    const auto id = in.u8();
    const auto reserved = in.u16();
    const std::uint64_t seconds = in.u32();
    const auto sequence = seconds << 32 | in.u32();
    if (type != hmac_sha256_128 || reserved != 0) return tl::unexpected(Rejection::malformed_hmac);
    const auto ahead = ahead_of(sequence, presented.now);
    if (!settings.monotonic && std::chrono::abs(ahead) > settings.window) return tl::unexpected(Rejection::stale_hmac);
    const auto* theirs = key(id);
    if (!theirs) return tl::unexpected(Rejection::unknown_key);
    const auto tag = tag_of(theirs->key, presented.source, presented.message, presented.trailer.first(tag_offset));
    if (!equal_in_constant_time(tag, presented.trailer.subspan(tag_offset)))
        return tl::unexpected(Rejection::wrong_hmac);
    if (was_seen(presented, sequence)) return tl::unexpected(Rejection::replayed);
    return Proof{sequence, ahead};
}

}  // namespace vrrpd::proto
