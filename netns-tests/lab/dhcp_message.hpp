// DHCPv4 messages (RFC 2131) as the laboratory's clients write and read them: whole Ethernet frames, since a client
// has a MAC address of its own, and no address at first.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/mac.hpp"

namespace lab {

enum class DhcpType : std::uint8_t { discover = 1, offer, request, decline, ack, nak, release };

// What a client says.
struct DhcpQuestion {
    DhcpType type = DhcpType::discover;
    std::uint32_t transaction = 0;
    vrrpd::MacAddress mac;
    vrrpd::Bytes client_id{};                      // option 61; empty: none
    vrrpd::IpAddress own{};                        // ciaddr, and the sender; unspecified: none yet
    std::optional<vrrpd::IpAddress> wanted{};      // option 50
    std::optional<vrrpd::IpAddress> server{};      // option 54
    std::optional<vrrpd::IpAddress> unicast_to{};  // none: broadcast
    vrrpd::MacAddress unicast_mac{};
};
[[nodiscard]] vrrpd::Bytes encode(const DhcpQuestion& question);

// What a server says.
struct DhcpReply {
    DhcpType type = DhcpType::offer;
    std::uint32_t transaction = 0;
    vrrpd::MacAddress client;
    vrrpd::IpAddress sender;   // of the packet
    vrrpd::IpAddress address;  // yiaddr
    vrrpd::IpAddress server;   // option 54
    std::vector<vrrpd::IpAddress> routers, dns;
    std::chrono::seconds time{0};
};
// nullopt: something else.
[[nodiscard]] std::optional<DhcpReply> read_dhcp_reply(vrrpd::BytesView frame);

// ARP over Ethernet for IPv4.
struct Arp {
    bool reply = false;
    vrrpd::MacAddress sender_mac;
    vrrpd::IpAddress sender;
    vrrpd::MacAddress target_mac;
    vrrpd::IpAddress target;
};
[[nodiscard]] vrrpd::Bytes encode(const Arp& arp);
[[nodiscard]] std::optional<Arp> read_arp(vrrpd::BytesView frame);

}  // namespace lab
