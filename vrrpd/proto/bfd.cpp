// BFD Control packets; see bfd.hpp.
#include "vrrpd/proto/bfd.hpp"

#include <algorithm>

#include "vrrpd/base/assert.hpp"

namespace vrrpd::proto {

namespace {

constexpr unsigned version = 1;
constexpr unsigned poll_bit = 0x20, final_bit = 0x10, authentication_bit = 0x04, demand_bit = 0x02, multipoint_bit = 1;
constexpr std::size_t least_authenticated_size = 26;  // with the type and the length of an authentication section

}  // namespace

std::string_view name(BfdState state) {
    switch (state) {
        case BfdState::admin_down:
            return "AdminDown";
        case BfdState::down:
            return "Down";
        case BfdState::init:
            return "Init";
        case BfdState::up:
            return "Up";
    }
    ASSERT(false);
    return {};
}

// From a neighbour comes anything that fits into five bits.
std::string_view name(BfdDiagnostic diagnostic) {
    constexpr std::array<std::string_view, 9> words{
        "No Diagnostic",
        "Control Detection Time Expired",
        "Echo Function Failed",
        "Neighbor Signaled Session Down",
        "Forwarding Plane Reset",
        "Path Down",
        "Concatenated Path Down",
        "Administratively Down",
        "Reverse Concatenated Path Down",
    };
    const auto number = static_cast<std::size_t>(diagnostic);
    return number < words.size() ? words[number] : "Unknown Diagnostic";
}

std::string_view name(BfdRejection kind) {
    switch (kind) {
        case BfdRejection::wrong_hops:
            return "hops";
        case BfdRejection::too_short:
            return "short";
        case BfdRejection::wrong_version:
            return "version";
        case BfdRejection::wrong_length:
            return "length";
        case BfdRejection::zero_multiplier:
            return "multiplier";
        case BfdRejection::multipoint:
            return "multipoint";
        case BfdRejection::zero_discriminator:
            return "discriminator";
        case BfdRejection::unknown_session:
            return "session";
        case BfdRejection::wrong_state:
            return "state";
        case BfdRejection::authenticated:
            return "auth";
        case BfdRejection::foreign_source:
            return "foreign-source";
    }
    ASSERT(false);
    return {};
}

std::array<std::uint8_t, bfd_packet_size> encode(const BfdPacket& packet) {
    ASSERT(!(packet.poll && packet.final) && !packet.authenticated);  // 6.5: never both
    const auto flags = (static_cast<unsigned>(packet.state) << 6) | (packet.poll ? poll_bit : 0U) |
                       (packet.final ? final_bit : 0U) | (packet.demand ? demand_bit : 0U);
    Bytes bytes;
    bytes.reserve(bfd_packet_size);
    ByteWriter(bytes)
        .u8(static_cast<std::uint8_t>(version << 5 | (static_cast<unsigned>(packet.diagnostic) & 0x1fU)))
        .u8(static_cast<std::uint8_t>(flags))
        .u8(packet.multiplier)
        .u8(bfd_packet_size)
        .u32(packet.my_discriminator)
        .u32(packet.your_discriminator)
        .u32(packet.desired_min_tx.count())
        .u32(packet.required_min_rx.count())
        .u32(0);  // Required Min Echo RX: we loop no echoes back (6.8.1)
    std::array<std::uint8_t, bfd_packet_size> result{};
    std::copy(bytes.begin(), bytes.end(), result.begin());
    return result;
}

// In the order of 6.8.6.
tl::expected<BfdPacket, BfdRejection> decode_bfd(BytesView message) {
    if (message.size() < bfd_packet_size) return tl::unexpected(BfdRejection::too_short);
    ByteReader reader(message);
    const unsigned first = reader.u8(), flags = reader.u8();
    if (first >> 5 != version) return tl::unexpected(BfdRejection::wrong_version);
    BfdPacket packet;
    packet.diagnostic = static_cast<BfdDiagnostic>(first & 0x1fU);
    packet.state = static_cast<BfdState>(flags >> 6);
    packet.poll = flags & poll_bit;
    packet.final = flags & final_bit;
    packet.authenticated = flags & authentication_bit;
    packet.demand = flags & demand_bit;
    packet.multiplier = reader.u8();
    const std::size_t length = reader.u8();
    const auto least = packet.authenticated ? least_authenticated_size : bfd_packet_size;
    if (length < least || length > message.size()) return tl::unexpected(BfdRejection::wrong_length);
    if (packet.multiplier == 0) return tl::unexpected(BfdRejection::zero_multiplier);
    if (flags & multipoint_bit) return tl::unexpected(BfdRejection::multipoint);
    packet.my_discriminator = reader.u32();
    packet.your_discriminator = reader.u32();
    if (packet.my_discriminator == 0) return tl::unexpected(BfdRejection::zero_discriminator);
    const bool not_begun = packet.state == BfdState::down || packet.state == BfdState::admin_down;
    if (packet.your_discriminator == 0 && !not_begun) return tl::unexpected(BfdRejection::wrong_state);
    packet.desired_min_tx = BfdInterval(reader.u32());
    packet.required_min_rx = BfdInterval(reader.u32());
    return packet;
}

}  // namespace vrrpd::proto
