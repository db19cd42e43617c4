// A gateway's packet rules as a value, and the ruleset made from it: NAT, port forwards, hairpin, MSS
// clamp, the forward chain, the fence. Compiling is pure and
// tested against text; install/open/close go through nft::Tables.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/mac.hpp"

namespace netlink::nft {

using vrrpd::Family;
using vrrpd::IpAddress;
using vrrpd::MacAddress;
using vrrpd::Prefix;

struct Lan {
    std::string device;
    Prefix prefix;  // network
    bool operator==(const Lan&) const = default;
};

enum class Transport : std::uint8_t { tcp = 6, udp = 17 };

struct PortRange {
    std::uint16_t first = 0, last = 0;
    [[nodiscard]] bool single() const { return first == last; }
    bool operator==(const PortRange&) const = default;
};

// port_forward tcp 443 to 10.12.14.20:443. `both` becomes two. A range keeps its length: ports.first maps
// to to_port, and so on.
struct PortForward {
    Transport transport = Transport::tcp;
    PortRange ports;
    IpAddress to;
    std::uint16_t to_port = 0;
    bool operator==(const PortForward&) const = default;
};

inline constexpr std::uint16_t dns_port = 53;

struct GatewayRules {
    std::string name;  // of the gateway block
    std::vector<Lan> lans;
    std::string wan;                           // device; empty: no WAN, no NAT
    std::vector<Prefix> held;                  // held WAN addresses: SNAT to the first; empty: masquerade
    std::vector<IpAddress> virtual_addresses;  // the VIPs on the lan devices (fence, hairpin, forward to ourselves)
    bool masquerade = false;
    bool hairpin = false;
    bool clamp_mss = false;
    // Router advertisements are the gateway's too: while it is shut, none leaves.
    bool fence_router_advertisements = false;
    // No DHCP answer leaves, also while the fence is open: another host is the gateway as well, and gives the leases,
    // or the server here does not know them all yet.
    bool no_dhcp = false;
    std::vector<PortForward> forwards;
    // Who answers the questions that clients send to port 53 of a virtual address of the same family. While it is
    // said, nobody asks what is bound to that address itself.
    struct DnsServer {
        IpAddress address;
        std::uint16_t port = 0;
        bool operator==(const DnsServer&) const = default;
    };
    std::vector<DnsServer> dns;  // at most one of each family

    bool operator==(const GatewayRules&) const = default;
};

}  // namespace netlink::nft
