#include "vrrpd/agent/peer/sockets.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace vrrpd::agent {

namespace {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress socket_address(const Endpoint& endpoint) {
    SocketAddress result;
    const auto bytes = endpoint.address.bytes();
    if (endpoint.address.is_v4()) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = htons(endpoint.port);
        std::memcpy(&in.sin_addr, bytes.data(), bytes.size());
        std::memcpy(&result.storage, &in, result.size = sizeof in);
    } else {
        sockaddr_in6 in{};
        in.sin6_family = AF_INET6;
        in.sin6_port = htons(endpoint.port);
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

// Options that make things better and never stand in the way: failures are of no consequence.
void prefer(int fd, int level, int option) {
    const int on = 1;
    setsockopt(fd, level, option, &on, sizeof on);
}

Fd stream_socket(const IpAddress& address) {
    return Fd(socket(address.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
}

// Frames are small, and each counts.
void send_at_once(int fd) { prefer(fd, IPPROTO_TCP, TCP_NODELAY); }

}  // namespace

Result<Fd> listen_at(const Endpoint& own) {
    constexpr int backlog = 16;
    auto socket = stream_socket(own.address);
    if (socket) {
        prefer(socket.get(), SOL_SOCKET, SO_REUSEADDR);
        if (own.address.is_v4()) {
            prefer(socket.get(), IPPROTO_IP, IP_FREEBIND);
        } else {
            prefer(socket.get(), IPPROTO_IPV6, IPV6_FREEBIND);
        }
    }
    const auto address = socket_address(own);
    if (!socket || bind(socket.get(), address.get(), address.size) != 0 || listen(socket.get(), backlog) != 0)
        return fail(errno, fmt::format("listen at {} port {}", own.address.to_string(), own.port));
    return socket;
}

Result<Fd> dial(const IpAddress& source, const Endpoint& to) {
    auto socket = stream_socket(to.address);
    if (socket) {
        prefer(socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
        send_at_once(socket.get());
    }
    const auto own = socket_address({source, 0});
    const auto other = socket_address(to);
    if (!socket || bind(socket.get(), own.get(), own.size) != 0 ||
        (connect(socket.get(), other.get(), other.size) != 0 && errno != EINPROGRESS))
        return fail(errno, fmt::format("connect from {}", source.to_string()));
    return socket;
}

Result<std::optional<Accepted>> accept_next(int listener) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    Fd socket(accept4(listener, reinterpret_cast<sockaddr*>(&storage), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
        send_at_once(socket.get());
        return Accepted{std::move(socket), ip_address(storage)};
    }
    // A caller that gave up meanwhile, or whose network failed (accept(2)), is none.
    const bool ours = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    if (ours) return fail(errno, "accept a connection");
    return std::nullopt;
}

}  // namespace vrrpd::agent
