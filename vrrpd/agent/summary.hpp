// What one member tells the others of itself: its part in each gateway, for the status and for finding two that are
// Active at once. Pure. Text for frames of summary_type; what comes from a peer is bounded and printable, whatever was
// sent.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dhcpsync/core/knowledge.hpp"
#include "vrrpd/agent/peer/frame.hpp"
#include "vrrpd/proto/types.hpp"

namespace vrrpd::agent {

inline constexpr FrameType summary_type = first_payload_type;

inline constexpr std::size_t summary_max = 16 * 1024;  // octets of its text
inline constexpr std::size_t summary_gateways_max = 32;
inline constexpr std::size_t obstacles_max = 8;       // of one gateway; the rest is not told
inline constexpr std::size_t summary_text_max = 160;  // octets of a name or an obstacle; longer is cut

enum class ServiceState : std::uint8_t { none, up, down };  // none: not configured, or not known yet
[[nodiscard]] std::string_view to_string(ServiceState state);

struct GatewaySummary {
    std::string gateway;
    proto::Role role = proto::Role::initialize;
    std::chrono::milliseconds role_age{0};  // ours for so long; clocks differ, so no point in time
    std::optional<int> priority;            // effective
    std::vector<std::string> obstacles;     // why it could not take over now; empty: it could
    ServiceState dhcp = ServiceState::none, dns = ServiceState::none;
    // A stand-in's: whether the DHCP server of the gateway of this term answers it. down: no more, after it did.
    ServiceState lan_dhcp = ServiceState::none;
    dhcpsync::Term term{};
    bool operator==(const GatewaySummary&) const = default;
};

struct Summary {
    std::string version;  // the program's
    std::vector<GatewaySummary> gateways;
    bool operator==(const Summary&) const = default;
};

// "active", "backup", "initialize".
[[nodiscard]] std::string_view to_string(proto::Role role);
// At most `most` octets, each of them printable ASCII: others become '?'.
[[nodiscard]] std::string printable(std::string_view text, std::size_t most);

// At most summary_max octets: what does not fit is left out, obstacles first.
[[nodiscard]] std::string encode(const Summary& summary);
// nullopt: no summary. Fields of a newer version are skipped.
[[nodiscard]] std::optional<Summary> decode_summary(std::string_view text);

}  // namespace vrrpd::agent
