// See address_watch.hpp. A bare socket, not ours of netlink/: it listens to addresses alone, so that it can keep up
// with a thousand of them, and what is measured does not measure itself.
#include "tests/bench/address_watch.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace bench {

namespace {

constexpr int buffer_bytes = 32 << 20;

std::uint32_t local_address(const nlmsghdr* message) {
    const auto* body = static_cast<const ifaddrmsg*>(NLMSG_DATA(message));
    auto left = IFA_PAYLOAD(message);
    std::uint32_t address = 0;
    for (const auto* at = IFA_RTA(body); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
        if (at->rta_type == IFA_LOCAL) std::memcpy(&address, RTA_DATA(at), sizeof address);
    }
    return address;
}

}  // namespace

vrrpd::Fd rtnetlink_listener(const lab::NetNamespace& netns, std::uint32_t groups) {
    return netns.make_inside([groups] {
        vrrpd::Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
        sockaddr_nl address{};
        address.nl_family = AF_NETLINK;
        address.nl_groups = groups;
        if (!fd || setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes) != 0 ||
            bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            lab::give_up("rtnetlink: " + std::string(std::strerror(errno)));
        }
        return fd;
    });
}

AddressWatch::AddressWatch(const lab::NetNamespace& netns) : socket_(rtnetlink_listener(netns, RTMGRP_IPV4_IFADDR)) {
    worker_.start([this] { step(); });
}

void AddressWatch::step() {
    pollfd ready{socket_.get(), POLLIN, 0};
    if (poll(&ready, 1, 20) <= 0) return;
    alignas(nlmsghdr) std::array<char, 16384> buffer;
    for (;;) {
        const auto length = recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (length < 0 && errno == ENOBUFS) lab::give_up("address events were lost");
        if (length <= 0) return;
        const auto now = lab::wall_clock();
        auto left = static_cast<unsigned>(length);
        const std::lock_guard lock(mutex_);
        for (auto* at = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
            if (at->nlmsg_type != RTM_NEWADDR) continue;
            const auto* body = static_cast<const ifaddrmsg*>(NLMSG_DATA(at));
            seen_.try_emplace({body->ifa_index, local_address(at)}, now);
        }
    }
}

std::size_t AddressWatch::count() const {
    const std::lock_guard lock(mutex_);
    return seen_.size();
}

bool AddressWatch::await(std::size_t wanted, std::chrono::milliseconds limit) const {
    return lab::wait_until([&] { return count() >= wanted; }, limit);
}

std::chrono::nanoseconds AddressWatch::first_to_last() const {
    const std::lock_guard lock(mutex_);
    if (seen_.empty()) return {};
    const auto earlier = [](const auto& a, const auto& b) { return a.second < b.second; };
    const auto [first, last] = std::minmax_element(seen_.begin(), seen_.end(), earlier);
    return last->second - first->second;
}

lab::Time AddressWatch::last() const {
    const std::lock_guard lock(mutex_);
    lab::Time latest;
    for (const auto& [address, time] : seen_) latest = std::max(latest, time);
    return latest;
}

}  // namespace bench
