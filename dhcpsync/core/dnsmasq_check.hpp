// What of a dnsmasq's configuration keeps it from moving with a gateway. For `vrrpd -t` and each start. Pure.
//
// The form that does (tried with dnsmasq 2.90): it is bound to the virtual address, so
// that it is silent by itself wherever that address is not, and names that address as the server, the router and the
// DNS server; it re-creates a lease that it does not know; and leases can be brought into it while it runs.
//
//     listen-address=10.12.14.1        # and no interface=
//     bind-dynamic
//     dhcp-range=10.12.14.100,10.12.14.199,255.255.255.0,1h
//     dhcp-option=option:router,10.12.14.1
//     dhcp-option=option:dns-server,10.12.14.1
//     dhcp-authoritative
//     enable-dbus
//
// It gives leases, and does DNS only where dns_failover does not want the routers' own addresses to answer: with one of
// those beside the virtual one it would name that as the server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dhcpsync/core/dnsmasq_conf.hpp"

namespace dhcpsync {

using vrrpd::Prefix;

// A place where a program listens; an unspecified address is every one of its family, and :: is 0.0.0.0, too.
struct Listener {
    IpAddress address;
    std::uint16_t port = 0;
    bool operator==(const Listener&) const = default;
};

struct GatewayFacts {
    std::vector<Prefix> networks;           // of its lans
    std::vector<std::string> devices;       // likewise
    std::vector<Prefix> virtual_addresses;  // there, with the lengths they are added with
    std::vector<IpAddress> members;         // the routers' own addresses
    std::string bus_name;                   // by which dnsmasq is spoken to; empty: it is not
    bool can_restart = false;               // it can be restarted with a new lease file
    std::string lease_file;                 // that is followed, if it was given; empty: dnsmasq's own
    std::vector<Listener> listeners = {};   // over TCP, on this host
    // Where this host, as one of those that may (dns_failover), answers what clients ask the virtual address.
    std::optional<Listener> forwarder = {};
};

struct Finding {
    TextPlace at;        // file empty: something is missing, and stands nowhere
    bool grave = false;  // clients would notice; else it is advice
    std::string text;    // what is wrong, what comes of it, and what to write instead
    bool operator==(const Finding&) const = default;
};

[[nodiscard]] std::vector<Finding> check(const DnsmasqConf& conf, const GatewayFacts& gateway);

}  // namespace dhcpsync
