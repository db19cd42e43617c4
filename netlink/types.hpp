// What rtnetlink speaks of, as plain values: links, addresses, routes, rules, neighbours. Equality is
// field by field; identity (what the kernel takes for the same object) is same_object().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "vrrpd/base/ifindex.hpp"
#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/mac.hpp"
#include "vrrpd/base/seldom.hpp"

namespace netlink {

using vrrpd::Family;
using vrrpd::IfIndex;
using vrrpd::IpAddress;
using vrrpd::MacAddress;
using vrrpd::Prefix;

inline constexpr std::uint8_t protocol_keepalived = 18;  // RTPROT_KEEPALIVED, and IFA_PROTO of our addresses
inline constexpr std::uint32_t main_table = 254;
inline constexpr std::uint32_t local_table = 255;  // the kernel's own: one entry for each address

struct Link {
    IfIndex index;
    std::string name;
    std::string kind;  // "veth", "bridge", "macvlan"; empty for hardware
    MacAddress mac;
    std::uint32_t mtu = 0;
    IfIndex master;         // bridge or bond it belongs to
    IfIndex base;           // of a macvlan or VLAN: the device that it stands on
    std::string alias;      // for people; ours say that they are (Macvlan)
    bool admin_up = false;  // IFF_UP
    bool running = false;   // IFF_RUNNING: carrier
    bool loopback = false;
    bool multicast = false;
    bool arp = true;  // !IFF_NOARP

    [[nodiscard]] bool usable() const { return admin_up && running; }
    bool operator==(const Link&) const = default;
};

// A device of our own over another one, with a MAC address of its own: a macvlan in private mode, which hears and says
// nothing but what belongs to its addresses. Made without an IPv6 address of its own (RFC 9568 7.4), without router
// solicitations, and answers ARP only for what stands on it. Its alias tells it from everybody else's.
struct Macvlan {
    std::string name;
    IfIndex base;
    MacAddress mac;
    bool up = false;  // while down nothing leaves it, and nothing comes in

    bool operator==(const Macvlan&) const = default;
};
inline constexpr const char* macvlan_alias = "vrrpd virtual MAC";
// A macvlan that we made, now or in an earlier run.
[[nodiscard]] bool is_ours(const Link& link);

// Seconds an address is valid; the kernel counts down and then removes it.
using Lifetime = std::optional<std::chrono::seconds>;  // nullopt: forever

struct Address {
    IfIndex link;
    Prefix prefix;
    std::optional<IpAddress> peer;
    std::optional<IpAddress> broadcast;
    std::uint8_t scope = 0;     // RT_SCOPE_*
    std::uint8_t protocol = 0;  // IFA_PROTO; protocol_keepalived on ours where the kernel knows it
    bool no_dad = false;        // IFA_F_NODAD (VR-195)
    bool home = false, manage_temporary = false, no_prefix_route = false, auto_join = false;
    // As the kernel reports it:
    bool secondary = false, tentative = false, dad_failed = false, permanent = true;
    std::string label;  // IPv4 only; empty: the kernel's
    Lifetime valid;
    Lifetime preferred;  // zero seconds: deprecated, never chosen as source

    bool operator==(const Address&) const = default;
};

// RTN_* of the kernel.
enum class RouteType : std::uint8_t {
    unicast = 1,
    local,
    broadcast,
    anycast,
    multicast,
    blackhole,
    unreachable,
    prohibit,
    throw_
};
// As keepalived's files and iproute2 name it.
[[nodiscard]] std::string_view name(RouteType type);
[[nodiscard]] std::optional<RouteType> route_type(std::string_view name);
// It has hops; the others lead nowhere.
[[nodiscard]] constexpr bool leads_somewhere(RouteType type) { return type <= RouteType::multicast; }

struct NextHop {
    std::optional<IpAddress> via;
    IfIndex link;              // none: the kernel's choice
    std::uint16_t weight = 1;  // 1..256 in files, minus one on the wire (done by the encoder)
    bool onlink = false;
    std::uint32_t realms = 0;  // IPv4: of one of several; a single one's stand in the route's extras
    bool operator==(const NextHop&) const = default;
};

// One of RTAX_* with its value: advmss, initcwnd and the like.
struct RouteMetric {
    std::uint16_t kind = 0;
    std::uint32_t value = 0;
    bool operator==(const RouteMetric&) const = default;
};

// What hardly any route has.
struct RouteExtras {
    std::vector<RouteMetric> metrics;  // beside the mtu; by their kind
    std::string congestion_control;
    std::uint32_t realms = 0;                // IPv4
    std::optional<std::uint8_t> preference;  // IPv6: ICMPV6_ROUTER_PREF_*

    bool operator==(const RouteExtras&) const = default;
};

struct Route {
    Prefix destination;  // 0.0.0.0/0 is the default
    RouteType type = RouteType::unicast;
    std::vector<NextHop> hops;        // one, or several for multipath; empty for blackhole and the like
    std::optional<IpAddress> source;  // preferred source
    std::uint32_t table = main_table;
    std::uint32_t metric = 0;
    std::uint8_t scope = 0;
    std::uint8_t tos = 0;
    std::uint8_t protocol = protocol_keepalived;
    std::uint32_t mtu = 0;  // 0: not set
    vrrpd::Seldom<RouteExtras> extras;

    bool operator==(const Route&) const = default;
};

// The scope that a route without one is given, as iproute2 does: one without a gateway reaches its own link, not the
// universe.
[[nodiscard]] std::uint8_t effective_scope(const Route& route);

struct NumberRange {
    std::uint32_t first = 0, last = 0;
    bool operator==(const NumberRange&) const = default;
};

// What hardly any rule has.
struct RuleExtras {
    enum class Action : std::uint8_t { table = 1, go_to = 2, nop = 3, blackhole = 6, unreachable = 7, prohibit = 8 };
    Action action = Action::table;
    std::uint32_t target = 0;  // of go_to
    bool invert = false;       // not
    std::uint8_t tos = 0;
    std::uint32_t realms = 0;
    std::uint64_t tunnel = 0;
    bool l3mdev = false;  // the table of the device's VRF
    std::uint8_t ip_protocol = 0;
    std::optional<NumberRange> uids, source_ports, destination_ports;
    std::optional<std::uint32_t> suppress_group;

    bool operator==(const RuleExtras&) const = default;
};

struct Rule {
    Family family = Family::ipv4;
    std::uint32_t priority = 0;
    std::optional<Prefix> from, to;
    std::string iif, oif;
    std::uint32_t fwmark = 0, fwmask = 0;
    std::uint32_t table = main_table;
    std::optional<std::uint32_t> suppress_prefix_length;
    std::uint8_t protocol = protocol_keepalived;
    vrrpd::Seldom<RuleExtras> extras;

    bool operator==(const Rule&) const = default;
};

struct Neighbour {
    IfIndex link;
    IpAddress address;
    MacAddress mac;  // zero: not resolved, it does not answer
    // How long ago it last gave proof of life: answered for its address, or acknowledged what was sent through it. Not
    // the state (REACHABLE, STALE ...): that outlives the proof by 15 to 45 s, and a static entry has it for ever.
    std::chrono::milliseconds confirmed{0};

    bool operator==(const Neighbour&) const = default;
};

// The same object for the kernel: adding one where the other stands replaces it, or says that it is there.
// Addresses: link, address and prefix length (a peer's, where there is one). Routes: table, destination, TOS and
// metric. Rules: everything but who made it.
[[nodiscard]] bool same_object(const Address& a, const Address& b);
[[nodiscard]] bool same_object(const Route& a, const Route& b);
[[nodiscard]] bool same_object(const Rule& a, const Rule& b);
[[nodiscard]] bool same_object(const Macvlan& a, const Macvlan& b);  // by name

// The name of a device, empty where it has none (any more).
using LinkName = std::function<std::string(IfIndex)>;

// For logs: "10.12.14.1/24 dev lan0", with the number where the name is not known.
[[nodiscard]] std::string describe(const Address& address, const std::string& link_name);
[[nodiscard]] std::string describe(const Route& route, const LinkName& name_of = {});
// "blackhole ", before a destination; empty for one that has hops, as most have.
[[nodiscard]] std::string type_prefix(const Route& route);
[[nodiscard]] std::string describe(const Rule& rule);
[[nodiscard]] std::string describe(const Macvlan& macvlan);

}  // namespace netlink
