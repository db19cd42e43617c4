#include "vrrpd/base/socket_address.hpp"

#include <netinet/in.h>

#include <array>
#include <cstring>

namespace vrrpd {

SocketAddress socket_address(const IpAddress& address, std::uint16_t port, std::uint32_t scope) {
    SocketAddress result;
    const auto bytes = address.bytes();
    if (address.is_v4()) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = htons(port);
        std::memcpy(&in.sin_addr, bytes.data(), bytes.size());
        std::memcpy(&result.storage, &in, result.size = sizeof in);
    } else {
        sockaddr_in6 in{};
        in.sin6_family = AF_INET6;
        in.sin6_port = htons(port);
        in.sin6_scope_id = address.is_link_local() || address.is_multicast() ? scope : 0;
        std::memcpy(&in.sin6_addr, bytes.data(), bytes.size());
        std::memcpy(&result.storage, &in, result.size = sizeof in);
    }
    return result;
}

IpAddress ip_address(const sockaddr_storage& storage) {
    if (storage.ss_family == AF_INET6) {
        sockaddr_in6 in{};
        std::memcpy(&in, &storage, sizeof in);
        return *IpAddress::from_bytes({in.sin6_addr.s6_addr, 16});
    }
    sockaddr_in in{};
    std::memcpy(&in, &storage, sizeof in);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
    return *IpAddress::from_bytes(bytes);
}

}  // namespace vrrpd
