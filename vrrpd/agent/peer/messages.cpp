#include "vrrpd/agent/peer/messages.hpp"

#include <algorithm>
#include <string_view>

#include "vrrpd/base/assert.hpp"

namespace vrrpd::agent {

namespace {

constexpr std::size_t max_text = 255;

void put_u64(ByteWriter& writer, std::uint64_t value) {
    writer.u32(static_cast<std::uint32_t>(value >> 32)).u32(static_cast<std::uint32_t>(value));
}

std::uint64_t take_u64(ByteReader& reader) {
    const std::uint64_t high = reader.u32();
    return high << 32 | reader.u32();
}

void put_wall(ByteWriter& writer, WallTime wall) {
    put_u64(writer, static_cast<std::uint64_t>(wall.time_since_epoch().count()));
}

// A clock so far off that sums with it would overflow is taken as the epoch: it is wrong either way.
WallTime take_wall(ByteReader& reader) {
    constexpr std::uint64_t most = 1ULL << 48;  // the year 10889
    const auto count = take_u64(reader);
    return WallTime(std::chrono::milliseconds(count < most ? static_cast<std::int64_t>(count) : 0));
}

void put_text(ByteWriter& writer, std::string_view text) {
    text = text.substr(0, max_text);
    writer.u8(static_cast<std::uint8_t>(text.size()));
    writer.bytes({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

bool printable(BytesView text) {
    return std::all_of(text.begin(), text.end(), [](std::uint8_t octet) { return octet >= 0x20 && octet < 0x7f; });
}

std::optional<std::string> take_text(ByteReader& reader) {
    const auto text = reader.take(reader.u8());
    if (!printable(text)) return std::nullopt;
    return std::string(text.begin(), text.end());
}

// A role that only a newer version knows is none that this one could act on.
proto::Role role_of(std::uint8_t number) {
    return number <= static_cast<std::uint8_t>(proto::Role::active) ? static_cast<proto::Role>(number)
                                                                    : proto::Role::initialize;
}

std::optional<std::vector<Fingerprint>> take_fingerprints(ByteReader& reader) {
    std::vector<Fingerprint> fingerprints(reader.u8());
    for (auto& fingerprint : fingerprints) {
        auto name = take_text(reader);
        const auto digest = reader.take(fingerprint.digest.size());
        if (!name || !reader.ok()) return std::nullopt;
        fingerprint.name = std::move(*name);
        std::copy(digest.begin(), digest.end(), fingerprint.digest.begin());
    }
    return fingerprints;
}

}  // namespace

Bytes encode(const Hello& hello, WallTime wall) {
    ASSERT(hello.fingerprints.size() <= 255);
    Bytes bytes;
    ByteWriter writer(bytes);
    put_u64(writer, hello.incarnation);
    put_wall(writer, wall);
    writer.u8(static_cast<std::uint8_t>(hello.role));
    put_text(writer, hello.name);
    put_text(writer, hello.version);
    writer.u8(static_cast<std::uint8_t>(hello.fingerprints.size()));
    for (const auto& [name, digest] : hello.fingerprints) {
        put_text(writer, name);
        writer.bytes(digest);
    }
    return bytes;
}

std::optional<ReceivedHello> decode_hello(BytesView payload) {
    ByteReader reader(payload);
    ReceivedHello received;
    auto& hello = received.hello;
    hello.incarnation = take_u64(reader);
    received.wall = take_wall(reader);
    hello.role = role_of(reader.u8());
    auto name = take_text(reader);
    auto version = take_text(reader);
    if (!name || !version) return std::nullopt;
    hello.name = std::move(*name);
    hello.version = std::move(*version);
    auto fingerprints = take_fingerprints(reader);
    if (!fingerprints || !reader.ok()) return std::nullopt;
    hello.fingerprints = std::move(*fingerprints);
    return received;
}

Bytes encode(const KeepAlive& message) {
    Bytes bytes;
    ByteWriter writer(bytes);
    put_wall(writer, message.wall);
    return bytes;
}

std::optional<KeepAlive> decode_keep_alive(BytesView payload) {
    ByteReader reader(payload);
    const KeepAlive message{take_wall(reader)};
    return reader.ok() ? std::optional(message) : std::nullopt;
}

}  // namespace vrrpd::agent
