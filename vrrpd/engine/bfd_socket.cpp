#include "vrrpd/engine/bfd_socket.hpp"

#include <cstring>
#include <utility>

#include "vrrpd/proto/bfd.hpp"

namespace vrrpd::engine {

namespace {

constexpr int control_class = 0xc0;  // CS6, as routing protocols have it
constexpr unsigned port_tries = 64;

struct Option {
    int level, name, value;
};

template <std::size_t Count>
Result<void> set_all(int fd, const Option (&options)[Count], const char* what) {
    for (const auto& option : options)
        if (auto done = set_option(fd, {option.level, option.name}, option.value, what); !done) return done;
    return {};
}

int domain(Family family) { return family == Family::ipv4 ? AF_INET : AF_INET6; }

IpAddress any(Family family) { return family == Family::ipv4 ? IpAddress() : *IpAddress::parse("::"); }

// What stands beside the datagram.
void read_control(const msghdr* header, BfdListener::Heard& heard) {
    auto* from = const_cast<msghdr*>(header);
    for (auto* item = CMSG_FIRSTHDR(from); item; item = CMSG_NXTHDR(from, item)) {
        const bool hops = (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_TTL) ||
                          (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_HOPLIMIT);
        if (hops) {
            std::memcpy(&heard.hops, CMSG_DATA(item), sizeof heard.hops);
        } else if (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_PKTINFO) {
            in_pktinfo info{};
            std::memcpy(&info, CMSG_DATA(item), sizeof info);
            heard.link = {static_cast<std::uint32_t>(info.ipi_ifindex)};
            heard.destination = *IpAddress::from_bytes({reinterpret_cast<const std::uint8_t*>(&info.ipi_addr), 4});
        } else if (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo info{};
            std::memcpy(&info, CMSG_DATA(item), sizeof info);
            heard.link = {static_cast<std::uint32_t>(info.ipi6_ifindex)};
            heard.destination = *IpAddress::from_bytes({info.ipi6_addr.s6_addr, 16});
        }
    }
}

}  // namespace

Result<BfdListener> BfdListener::open(Family family, std::uint16_t port) {
    auto fd = open_socket(domain(family), SOCK_DGRAM, 0, "BFD");
    if (!fd) return tl::unexpected(fd.error());
    BfdListener listener(std::move(*fd), family);
    const Option v4[] = {{IPPROTO_IP, IP_RECVTTL, 1}, {IPPROTO_IP, IP_PKTINFO, 1}};
    const Option v6[] = {
        {IPPROTO_IPV6, IPV6_V6ONLY, 1}, {IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1}, {IPPROTO_IPV6, IPV6_RECVPKTINFO, 1}};
    constexpr auto what = "prepare the BFD socket";
    auto done = family == Family::ipv4 ? set_all(listener.fd(), v4, what) : set_all(listener.fd(), v6, what);
    if (!done) return tl::unexpected(done.error());
    const auto address = socket_address(any(family), port);
    if (::bind(listener.fd(), address.get(), address.size) != 0)
        return fail(errno, "hear BFD on UDP port " + std::to_string(port));
    return listener;
}

bool BfdListener::receive(Burst& burst, const std::function<void(const Heard&)>& heard) {
    return burst.read(fd(), [&](const Burst::Packet& packet) {
        Heard one;
        one.message = packet.bytes;
        one.source = ip_address(*packet.from);
        read_control(packet.header, one);
        heard(one);
    });
}

BfdSpeaker::BfdSpeaker(Fd fd, const Ends& ends)
    : fd_(std::move(fd)), to_(socket_address(ends.neighbor, ends.port, ends.link.value)), neighbor_(ends.neighbor) {}

Result<BfdSpeaker> BfdSpeaker::open(const Ends& ends, std::uint16_t source_port, std::uint32_t random) {
    auto fd = open_socket(domain(ends.neighbor.family()), SOCK_DGRAM, 0, "BFD");
    if (!fd) return tl::unexpected(fd.error());
    BfdSpeaker speaker(std::move(*fd), ends);
    if (auto done = speaker.prepare(ends); !done) return tl::unexpected(done.error());
    constexpr unsigned first = proto::bfd_first_source_port, last = proto::bfd_last_source_port;
    if (source_port >= first && speaker.bind(ends, source_port)) return speaker;
    for (unsigned i = 0;; ++i) {
        const auto port = static_cast<std::uint16_t>(first + (random + i) % (last - first + 1));
        auto bound = speaker.bind(ends, port);
        if (bound) return speaker;
        if (bound.error().code != EADDRINUSE || i >= port_tries) return tl::unexpected(bound.error());
    }
}

// It hears nothing: what comes to its port is not BFD.
Result<void> BfdSpeaker::prepare(const Ends& ends) {
    if (auto done = attach(fd_.get(), {BPF_STMT(BPF_RET | BPF_K, 0)}); !done) return done;
    if (ends.link) {
        const int link = static_cast<int>(ends.link.value);
        if (auto done = set_option(fd_.get(), {SOL_SOCKET, SO_BINDTOIFINDEX}, link, "bind to the device"); !done)
            return done;
    }
    const Option v4[] = {
        {IPPROTO_IP, IP_TTL, ends.hops}, {IPPROTO_IP, IP_TOS, control_class}, {SOL_SOCKET, SO_PRIORITY, 6}};
    const Option v6[] = {{IPPROTO_IPV6, IPV6_UNICAST_HOPS, ends.hops},
                         {IPPROTO_IPV6, IPV6_TCLASS, control_class},
                         {SOL_SOCKET, SO_PRIORITY, 6}};
    constexpr auto what = "prepare the socket of a BFD session";
    return ends.neighbor.is_v4() ? set_all(fd_.get(), v4, what) : set_all(fd_.get(), v6, what);
}

Result<void> BfdSpeaker::bind(const Ends& ends, std::uint16_t port) {
    const auto source = ends.source.value_or(any(ends.neighbor.family()));
    const auto address = socket_address(source, port, ends.link.value);
    if (::bind(fd_.get(), address.get(), address.size) != 0) return fail(errno, "speak BFD from " + source.to_string());
    port_ = port;
    return {};
}

Result<void> BfdSpeaker::send(BytesView packet) {
    if (::sendto(fd_.get(), packet.data(), packet.size(), 0, to_.get(), to_.size) < 0)
        return fail(errno, "send a BFD packet to " + neighbor_.to_string());
    return {};
}

}  // namespace vrrpd::engine
