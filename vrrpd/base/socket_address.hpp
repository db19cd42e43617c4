// An address and a port in the form that the kernel's socket calls want, and back. For shells.
#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "vrrpd/base/ip.hpp"

namespace vrrpd {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// `scope`: the interface of an IPv6 link-local or multicast address; of no consequence for others.
[[nodiscard]] SocketAddress socket_address(const IpAddress& address, std::uint16_t port = 0, std::uint32_t scope = 0);
// The address alone, of what the kernel filled in: IPv4 or IPv6.
[[nodiscard]] IpAddress ip_address(const sockaddr_storage& storage);

}  // namespace vrrpd
