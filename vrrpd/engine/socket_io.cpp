#include "vrrpd/engine/socket_io.hpp"

#include <algorithm>
#include <cerrno>

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
