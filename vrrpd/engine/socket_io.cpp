#include "vrrpd/engine/socket_io.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace vrrpd::engine {

Result<Fd> open_socket(int domain, int type, int protocol, const std::string& what) {
    Fd fd(::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
    if (!fd && errno == EAFNOSUPPORT && domain == AF_INET6) return fail(EAFNOSUPPORT, "this kernel has no IPv6");
    if (!fd) return fail(errno, "open a socket for " + what);
    return fd;
}

Result<void> attach(int fd, const Filter& filter) {
    const sock_fprog program{static_cast<unsigned short>(filter.size()), const_cast<sock_filter*>(filter.data())};
    return set_option(fd, {SOL_SOCKET, SO_ATTACH_FILTER}, program, "attach a socket filter");
}

SocketAddress socket_address(const IpAddress& address, std::uint32_t scope) {
    SocketAddress result;
    const auto bytes = address.bytes();
    if (address.is_v4()) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        std::memcpy(&in.sin_addr, bytes.data(), bytes.size());
        std::memcpy(&result.storage, &in, sizeof in);
        result.size = sizeof in;
    } else {
        sockaddr_in6 in{};
        in.sin6_family = AF_INET6;
        in.sin6_scope_id = address.is_link_local() || address.is_multicast() ? scope : 0;
        std::memcpy(&in.sin6_addr, bytes.data(), bytes.size());
        std::memcpy(&result.storage, &in, sizeof in);
        result.size = sizeof in;
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

Burst::Burst() : slots_(std::make_unique_for_overwrite<Slot[]>(size)) {
    for (unsigned i = 0; i < size; ++i) {
        auto& slot = slots_[i];
        parts_[i] = {slot.data.data(), slot.data.size()};
        auto& header = messages_[i].msg_hdr;
        header.msg_name = &slot.from;
        header.msg_iov = &parts_[i];
        header.msg_iovlen = 1;
        header.msg_control = slot.control.data();
    }
}

unsigned Burst::receive(int fd) {
    for (auto& message : messages_) {
        message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
        message.msg_hdr.msg_controllen = control_max;
    }
    const int count = ::recvmmsg(fd, messages_.data(), size, MSG_DONTWAIT, nullptr);
    return count < 0 ? 0U : static_cast<unsigned>(count);
}

Burst::Packet Burst::packet(unsigned index) const {
    const auto& slot = slots_[index];
    const auto& message = messages_[index];
    const std::size_t length = std::min<std::size_t>(message.msg_len, slot.data.size());
    return {{slot.data.data(), length}, &slot.from, &message.msg_hdr};
}

}  // namespace vrrpd::engine
