// The BFD Control packet: bytes <-> BfdPacket (RFC 5880 4.1), and the checks that need no session (6.8.6). Pure. The
// session behind it is in bfd_session.hpp; hop limit, device and whose a packet is are the shell's to look at.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <tl/expected.hpp>

#include "vrrpd/base/bytes.hpp"

namespace vrrpd::proto {

inline constexpr std::uint16_t bfd_port = 3784;                                                // RFC 5881 4
inline constexpr std::uint16_t bfd_multihop_port = 4784;                                       // RFC 5883 5
inline constexpr std::uint16_t bfd_first_source_port = 49'152, bfd_last_source_port = 65'535;  // RFC 5881 4
inline constexpr std::size_t bfd_packet_size = 24;  // without authentication, which we do not speak

enum class BfdState : std::uint8_t { admin_down, down, init, up };  // as on the wire
[[nodiscard]] std::string_view name(BfdState state);                // "Up": keepalived's word, for logs and dumps

enum class BfdDiagnostic : std::uint8_t {  // as on the wire; what else comes is kept as it is
    none,
    detection_time_expired,
    echo_failed,
    neighbor_signaled_down,
    forwarding_reset,
    path_down,
    concatenated_path_down,
    administratively_down,
    reverse_concatenated_path_down,
};
[[nodiscard]] std::string_view name(BfdDiagnostic diagnostic);  // "Control Detection Time Expired"

// Intervals on the wire are whole microseconds in 32 bits.
using BfdInterval = std::chrono::duration<std::uint32_t, std::micro>;

struct BfdPacket {
    BfdDiagnostic diagnostic = BfdDiagnostic::none;
    BfdState state = BfdState::down;
    bool poll = false;
    bool final = false;
    bool authenticated = false;  // an authentication section follows
    bool demand = false;
    std::uint8_t multiplier = 1;
    std::uint32_t my_discriminator = 0;
    std::uint32_t your_discriminator = 0;
    BfdInterval desired_min_tx{0};
    BfdInterval required_min_rx{0};

    bool operator==(const BfdPacket&) const = default;
};

// Why a packet was refused, in the order of the checks; each has its counter.
enum class BfdRejection : std::uint8_t {
    wrong_hops,       // came from further away than is allowed (RFC 5881 5)
    too_short,        // less than the mandatory section
    wrong_version,    // 6.8.6, first check
    wrong_length,     // the field says less than the section, or more than there is
    zero_multiplier,  // ... and so on
    multipoint,
    zero_discriminator,  // My Discriminator
    unknown_session,     // no session has Your Discriminator, or this neighbour
    wrong_state,         // Your Discriminator is zero, and the state neither Down nor AdminDown
    authenticated,       // we ask for none, so there may be none
    foreign_source,      // not the session's neighbour, or not on its device (RFC 5881 3)
};
inline constexpr std::size_t bfd_rejection_kinds = static_cast<std::size_t>(BfdRejection::foreign_source) + 1;
[[nodiscard]] std::string_view name(BfdRejection kind);  // "hops", for counters and logs

[[nodiscard]] std::array<std::uint8_t, bfd_packet_size> encode(const BfdPacket& packet);

// All checks of 6.8.6 up to where the session is known. Whose it is (unknown_session, foreign_source), and that nothing
// is authenticated, is looked at after it. Safe on any bytes.
[[nodiscard]] tl::expected<BfdPacket, BfdRejection> decode_bfd(BytesView message);

}  // namespace vrrpd::proto
