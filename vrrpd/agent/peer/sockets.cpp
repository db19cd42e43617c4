#include "vrrpd/agent/peer/sockets.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "vrrpd/base/socket_address.hpp"

namespace vrrpd::agent {

namespace {

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
    const auto address = socket_address(own.address, own.port);
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
    const auto own = socket_address(source);
    const auto other = socket_address(to.address, to.port);
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
