// What a configuration can put into the kernel, as a list that outlives the daemon: RUNTIME/owned, written
// before the engine may touch anything. Only what it names is ever swept. Pure: text in, values
// out; the file itself is written by files.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "netlink/kernel.hpp"
#include "vrrpd/base/ip.hpp"
#include "vrrpd/config/model.hpp"

namespace vrrpd::supervisor {

struct OwnedAddress {
    std::string device;
    Prefix prefix;
    auto operator<=>(const OwnedAddress&) const = default;
};
struct OwnedRoute {
    Prefix destination;
    std::uint32_t table = 0;
    auto operator<=>(const OwnedRoute&) const = default;
};
struct OwnedRule {
    Family family = Family::ipv4;
    std::uint32_t priority = 0;  // 0: the kernel chose it
    std::uint32_t table = 0;
    auto operator<=>(const OwnedRule&) const = default;
};
// A device switch that we changed: what it was, and what we made of it.
struct OwnedSwitch {
    std::string device;
    netlink::DeviceOption option = netlink::DeviceOption::forwarding_ipv4;
    int former = 0;
    int ours = 0;
    auto operator<=>(const OwnedSwitch&) const = default;
};

// "forwarding_ipv4", as the list and the log say it.
[[nodiscard]] const char* name_of(netlink::DeviceOption option);

struct Owned {
    std::vector<OwnedAddress> addresses;
    std::vector<OwnedRoute> routes;
    std::vector<OwnedRule> rules;
    std::vector<OwnedSwitch> switches;
    std::vector<std::string> gateways;  // whose packet rules and fence there may be
    std::vector<std::string> devices;   // virtual ones, by name
    bool refuses = false;               // packets to virtual addresses (no_accept)

    bool operator==(const Owned&) const = default;
};

// Everything but the switches, which depend on what the machine had.
[[nodiscard]] Owned owned_by(const config::Config& config);

// The union. A switch that both know keeps its first former value.
[[nodiscard]] Owned merge(Owned older, const Owned& newer);

[[nodiscard]] std::string to_text(const Owned& owned);
// Lines that make no sense (another version's) are left out: less is swept, never more.
[[nodiscard]] Owned parse_owned(std::string_view text);

}  // namespace vrrpd::supervisor
