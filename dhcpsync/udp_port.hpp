// Has anybody bound a DHCP server's port on this host? Asked of the kernel's own list, which everybody may read: to try
// to bind it would need privileges, and be in the way of the server. For LeaseService.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dhcpsync {

// The text of /proc/net/udp or udp6.
[[nodiscard]] bool lists_port(std::string_view table, std::uint16_t port);

// DHCPv4's or DHCPv6's, in this thread's network namespace. nullopt: the list cannot be read.
[[nodiscard]] std::optional<bool> dhcp_server_listens();

}  // namespace dhcpsync
