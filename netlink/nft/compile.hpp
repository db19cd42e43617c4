// From the gateways of a configuration to rulesets. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netlink/nft/ruleset.hpp"
#include "netlink/nft/tables.hpp"

namespace netlink::nft {

inline constexpr std::int32_t filter_priority = 0;  // of a chain: the usual one, as nft calls it

// `inet vrrpd`: NAT, port forwards, hairpin, MSS clamp and the forward chain. nullopt: no gateway has a WAN.
[[nodiscard]] std::optional<Table> compile(std::span<const GatewayRules> gateways);

// Where a kernel lets the fence stand. Egress also stops AF_PACKET senders and ARP; output is what is left
// before Linux 5.16 or without CONFIG_NETFILTER_EGRESS.
enum class FencePlace : std::uint8_t { egress, output };

// `netdev vrrpd`, or `inet vrrpd-fence` where egress is missing (a table of its own, because the fence outlives the
// rules above). Devices in `absent` get no chain yet. nullopt: no gateway has a lan.
[[nodiscard]] std::optional<Table> compile_fence(std::span<const GatewayRules> gateways, FencePlace place,
                                                 std::span<const std::string> absent = {});

[[nodiscard]] std::vector<std::string> lan_devices(const GatewayRules& gateway);  // each once
[[nodiscard]] AddressSet virtual_addresses(const GatewayRules& gateway, Family family);

// The fence's set of open devices.
[[nodiscard]] std::string open_set_name(const std::string& gateway);
// Two more in `inet vrrpd`, of the lan devices and the wan one: while this host is the gateway; and while it
// translates, which goes on for a moment after it was.
[[nodiscard]] std::string active_set_name(const std::string& gateway);
[[nodiscard]] std::string translating_set_name(const std::string& gateway);
[[nodiscard]] std::vector<std::string> active_devices(const GatewayRules& gateway);

// `inet vrrpd-no-accept`. nullopt: nothing is refused.
[[nodiscard]] std::optional<Table> compile_refusals(std::span<const Refused> addresses);

inline constexpr const char* table_name = "vrrpd";
inline constexpr const char* refusals_name = "vrrpd-no-accept";
inline constexpr const char* output_fence_name = "vrrpd-fence";
[[nodiscard]] inline bool is_our_table(std::string_view name) {
    return name == table_name || name == refusals_name || name == output_fence_name;
}

}  // namespace netlink::nft
