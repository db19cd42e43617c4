// One DHCP lease as a value: which client may use which address until when. IPv4, and IPv6 addresses of both kinds
// (IA_NA, IA_TA). The address is the key. Used by all of dhcpsync.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "dhcpsync/core/moment.hpp"
#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/ip.hpp"

namespace dhcpsync {

using vrrpd::Bytes;
using vrrpd::BytesView;
using vrrpd::IpAddress;

inline constexpr std::size_t longest_hardware_address = 16;  // chaddr, RFC 2131 2
inline constexpr std::size_t longest_client_id = 255;        // one option, RFC 2132 9.14; a DUID is shorter
inline constexpr std::size_t longest_host_name = 63;         // one DNS label
inline constexpr std::size_t most_leases = 200'000;          // what a file, a peer or an image may hold

// As in the BOOTP header. An address of type 0 does not exist: dnsmasq reads it as Ethernet.
struct Hardware {
    std::uint8_t type = 1;  // ARP's number: 1 is Ethernet
    Bytes address;

    auto operator<=>(const Hardware&) const = default;
};

struct Client4 {
    Hardware hardware;
    Bytes id;  // option 61 with its type octet; empty: none sent

    auto operator<=>(const Client4&) const = default;
};

struct Iaid {
    std::uint32_t value = 0;

    auto operator<=>(const Iaid&) const = default;
};

struct Client6 {
    Bytes duid;
    Iaid iaid;
    bool temporary = false;  // IA_TA

    auto operator<=>(const Client6&) const = default;
};

using Client = std::variant<Client4, Client6>;

struct Lease {
    IpAddress address;
    Client client;
    std::string host_name;  // valid_host_name, or empty: none
    WallTime expires = never;

    [[nodiscard]] bool live(WallTime now) const { return now < expires; }
    bool operator==(const Lease&) const = default;
};

using Leases = std::map<IpAddress, Lease>;

// What one DHCP server has: its leases, and the DUID by which DHCPv6 clients know it (empty: none yet).
struct LeaseBook {
    Leases leases;
    Bytes server_duid;

    bool operator==(const LeaseBook&) const = default;
};

// Letters, digits, hyphens; at most 63. dnsmasq itself does not look (2.90): a name with a newline, once passed on,
// ruins its lease file.
[[nodiscard]] bool valid_host_name(std::string_view name);

// One machine, however it named itself: the same client id, or the same hardware address (a machine that boots two
// systems). DHCPv6: the same DUID.
[[nodiscard]] bool same_machine(const Client& a, const Client& b);

// A lease fed into a DHCP server comes back from its file a moment longer or shorter: no news.
[[nodiscard]] bool about_equal(WallTime a, WallTime b);

// The fields within their limits, and the client of the address's family. Everything that comes from outside is
// asked this once, where it is read.
[[nodiscard]] bool well_formed(const Lease& lease);

}  // namespace dhcpsync
