#include "vrrpd/engine/advert_socket.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>
#include <utility>

#include "vrrpd/base/assert.hpp"

namespace vrrpd::engine {

namespace {

using proto::ipv4_header_size;
constexpr std::size_t ipv6_header = 40;

// The filter let only AH pass that has VRRP behind it; an observer's does not look so deep.
std::optional<AdvertSocket::Heard> behind_ah(AdvertSocket::Heard heard, BytesView ip_header) {
    const auto body = heard.message;
    if (body.size() < proto::ah_size || body[0] != proto::ip_protocol) return std::nullopt;
    heard.message = body.subspan(proto::ah_size);
    heard.headers = {ip_header.data(), ip_header.size() + proto::ah_size};
    return heard;
}

// The packet starts with its IPv4 header: a raw socket and the observer's packet socket both give it.
std::optional<AdvertSocket::Heard> split_v4(BytesView packet) {
    if (packet.size() < ipv4_header_size) return std::nullopt;
    const std::size_t header = (packet[0] & 0x0fU) * 4U;
    const std::size_t total = static_cast<std::size_t>(packet[2] << 8 | packet[3]);
    if (header < ipv4_header_size || header > packet.size() || total < header) return std::nullopt;
    // Ethernet pads short frames: the IP header says where the message ends (VR-022).
    const auto body = packet.subspan(header);
    AdvertSocket::Heard heard{
        body.first(std::min(body.size(), total - header)),
        {*IpAddress::from_bytes(packet.subspan(12, 4)), *IpAddress::from_bytes(packet.subspan(16, 4)), packet[8]}};
    constexpr std::size_t protocol = 9;
    if (packet[protocol] == proto::ah_protocol) return behind_ah(heard, packet.first(header));
    return heard;
}

std::optional<AdvertSocket::Heard> split_v6(BytesView packet) {
    if (packet.size() < ipv6_header) return std::nullopt;
    const std::size_t payload = static_cast<std::size_t>(packet[4] << 8 | packet[5]);
    const auto body = packet.subspan(ipv6_header);
    return AdvertSocket::Heard{
        body.first(std::min(body.size(), payload)),
        {*IpAddress::from_bytes(packet.subspan(8, 16)), *IpAddress::from_bytes(packet.subspan(24, 16)), packet[7]}};
}

// An IPv6 raw socket gives the payload; the header's facts come as control data.
std::optional<AdvertSocket::Heard> from_control(const Burst::Packet& packet) {
    AdvertSocket::Heard heard{packet.bytes, {ip_address(*packet.from), {}, -1}};
    auto* header = const_cast<msghdr*>(packet.header);
    for (auto* item = CMSG_FIRSTHDR(header); item; item = CMSG_NXTHDR(header, item)) {
        if (item->cmsg_level != IPPROTO_IPV6) continue;
        if (item->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo info{};
            std::memcpy(&info, CMSG_DATA(item), sizeof info);
            heard.envelope.destination = *IpAddress::from_bytes({info.ipi6_addr.s6_addr, 16});
        } else if (item->cmsg_type == IPV6_HOPLIMIT) {
            std::memcpy(&heard.envelope.ttl, CMSG_DATA(item), sizeof heard.envelope.ttl);
        }
    }
    return heard;
}

// The kernel stamps with the clock of the day, which may be set between its reading and ours: the caller bounds what
// it believes.
Duration age_of(const Burst::Packet& packet) {
    auto* header = const_cast<msghdr*>(packet.header);
    for (auto* item = CMSG_FIRSTHDR(header); item; item = CMSG_NXTHDR(header, item)) {
        if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_TIMESTAMPNS) continue;
        timespec at{}, now{};
        std::memcpy(&at, CMSG_DATA(item), sizeof at);
        ::clock_gettime(CLOCK_REALTIME, &now);
        return std::max(Duration(0), std::chrono::seconds(now.tv_sec - at.tv_sec) +
                                         std::chrono::nanoseconds(now.tv_nsec - at.tv_nsec));
    }
    return Duration(0);
}

Result<void> bind_packet_socket(int fd, IfIndex link, Family family) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(family == Family::ipv4 ? ETH_P_IP : ETH_P_IPV6);
    address.sll_ifindex = static_cast<int>(link.value);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail(errno, "bind the observer's socket");
    return {};
}

// RFC 1112 6.4, RFC 2464 7: the group's Ethernet address, for the card's filter alone; no report is sent.
Result<void> listen_quietly(int fd, IfIndex link, const IpAddress& group) {
    packet_mreq request{};
    request.mr_ifindex = static_cast<int>(link.value);
    request.mr_type = PACKET_MR_MULTICAST;
    request.mr_alen = 6;
    const auto bytes = group.bytes();
    if (group.is_v4()) {
        const std::uint8_t mac[6] = {0x01, 0x00, 0x5e, static_cast<std::uint8_t>(bytes[1] & 0x7f), bytes[2], bytes[3]};
        std::memcpy(request.mr_address, mac, sizeof mac);
    } else {
        const std::uint8_t mac[6] = {0x33, 0x33, bytes[12], bytes[13], bytes[14], bytes[15]};
        std::memcpy(request.mr_address, mac, sizeof mac);
    }
    return set_option(fd, {SOL_PACKET, PACKET_ADD_MEMBERSHIP}, request, "listen to the VRRP group");
}

}  // namespace

Result<AdvertSocket> AdvertSocket::open(const netlink::Link& link, Family family, Mode mode, std::uint8_t protocol) {
    ASSERT(protocol == proto::ip_protocol || family == Family::ipv4);
    auto fd = mode == Mode::observe
                  ? open_socket(AF_PACKET, SOCK_DGRAM, 0, "VRRP")
                  : open_socket(family == Family::ipv4 ? AF_INET : AF_INET6, SOCK_RAW, protocol, "VRRP");
    if (!fd) return tl::unexpected(fd.error());
    AdvertSocket socket(std::move(*fd), link, family, mode, protocol);
    if (auto done = socket.prepare(); !done) return tl::unexpected(done.error());
    return socket;
}

Result<void> AdvertSocket::prepare() {
    if (mode_ == Mode::observe) {
        if (auto done = attach(fd(), vrrp_packets(family_, protocol_)); !done) return done;
        return bind_packet_socket(fd(), link_, family_);
    }
    const int link = static_cast<int>(link_.value);
    if (auto done = set_option(fd(), {SOL_SOCKET, SO_BINDTOIFINDEX}, link, "bind to the device"); !done) return done;
    struct Option {
        int level, name, value;
    };
    const ip_mreqn out_v4{{}, {}, link};
    const Option v4[] = {
        {IPPROTO_IP, IP_HDRINCL, 1}, {IPPROTO_IP, IP_MULTICAST_LOOP, 0}, {IPPROTO_IP, IP_MULTICAST_ALL, 0}};
    const Option v6[] = {{IPPROTO_IPV6, IPV6_MULTICAST_IF, link},
                         {IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0},
                         {IPPROTO_IPV6, IPV6_MULTICAST_HOPS, proto::sent_ttl},
                         {IPPROTO_IPV6, IPV6_TCLASS, proto::traffic_class},
                         {IPPROTO_IPV6, IPV6_RECVPKTINFO, 1},
                         {IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1},
                         {IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0}};
    for (const auto& option : family_ == Family::ipv4 ? std::span<const Option>(v4) : std::span<const Option>(v6))
        if (auto done = set_option(fd(), {option.level, option.name}, option.value, "prepare the VRRP socket"); !done)
            return done;
    if (family_ == Family::ipv4)
        if (auto done = set_option(fd(), {IPPROTO_IP, IP_MULTICAST_IF}, out_v4, "choose the interface"); !done)
            return done;
    // A burst of every router's advert at once must find room; a refusal leaves the kernel's default.
    (void)set_option(fd(), {SOL_SOCKET, SO_RCVBUFFORCE}, 1 << 20, "enlarge the receive buffer");
    if (auto done = set_option(fd(), {SOL_SOCKET, SO_TIMESTAMPNS}, 1, "ask for arrival times"); !done) return done;
    return set_option(fd(), {SOL_SOCKET, SO_PRIORITY}, 6, "mark adverts as control traffic");
}

Result<void> AdvertSocket::join(const IpAddress& group) {
    if (std::find(groups_.begin(), groups_.end(), group) != groups_.end()) return {};
    auto joined = mode_ == Mode::observe ? listen_quietly(fd(), link_, group) : enter(group);
    if (joined) groups_.push_back(group);  // a failed one is tried again
    return joined;
}

Result<void> AdvertSocket::enter(const IpAddress& group) {
    const auto bytes = group.bytes();
    if (group.is_v4()) {
        ip_mreqn request{{}, {}, static_cast<int>(link_.value)};
        std::memcpy(&request.imr_multiaddr, bytes.data(), bytes.size());
        return set_option(fd(), {IPPROTO_IP, IP_ADD_MEMBERSHIP}, request, "join the VRRP group");
    }
    ipv6_mreq request{};
    std::memcpy(&request.ipv6mr_multiaddr, bytes.data(), bytes.size());
    request.ipv6mr_interface = link_.value;
    return set_option(fd(), {IPPROTO_IPV6, IPV6_JOIN_GROUP}, request, "join the VRRP group");
}

Result<void> AdvertSocket::narrow(std::span<const proto::Vrid> vrids) {
    if (mode_ == Mode::observe) return {};
    return attach(fd(), protocol_ == proto::ah_protocol ? ah_vrid_filter(vrids) : vrid_filter(family_, vrids));
}

Result<void> AdvertSocket::send(BytesView message, const proto::Envelope& envelope, std::uint16_t identification) {
    ASSERT(mode_ == Mode::speak);
    return family_ == Family::ipv4 ? send_v4(message, envelope, identification) : send_v6(message, envelope);
}

Result<void> AdvertSocket::send_v4(BytesView message, const proto::Envelope& envelope, std::uint16_t identification) {
    auto header = proto::ipv4_header(envelope, {protocol_, message.size(), identification});
    iovec parts[2] = {{header.data(), header.size()}, {const_cast<std::uint8_t*>(message.data()), message.size()}};
    auto to = socket_address(envelope.destination, 0, link_.value);
    msghdr request{};
    request.msg_name = &to.storage;
    request.msg_namelen = to.size;
    request.msg_iov = parts;
    request.msg_iovlen = 2;
    if (::sendmsg(fd(), &request, 0) < 0) return fail(errno, "send an advert to " + envelope.destination.to_string());
    return {};
}

Result<void> AdvertSocket::send_v6(BytesView message, const proto::Envelope& envelope) {
    iovec part{const_cast<std::uint8_t*>(message.data()), message.size()};
    auto to = socket_address(envelope.destination, 0, link_.value);
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int))> control{};
    msghdr request{};
    request.msg_name = &to.storage;
    request.msg_namelen = to.size;
    request.msg_iov = &part;
    request.msg_iovlen = 1;
    request.msg_control = control.data();
    request.msg_controllen = control.size();

    auto* item = CMSG_FIRSTHDR(&request);
    *item = {CMSG_LEN(sizeof(in6_pktinfo)), IPPROTO_IPV6, IPV6_PKTINFO};
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, envelope.source.bytes().data(), 16);
    info.ipi6_ifindex = link_.value;
    std::memcpy(CMSG_DATA(item), &info, sizeof info);
    item = CMSG_NXTHDR(&request, item);
    *item = {CMSG_LEN(sizeof(int)), IPPROTO_IPV6, IPV6_HOPLIMIT};
    std::memcpy(CMSG_DATA(item), &envelope.ttl, sizeof envelope.ttl);
    if (::sendmsg(fd(), &request, 0) < 0) return fail(errno, "send an advert to " + envelope.destination.to_string());
    return {};
}

bool AdvertSocket::receive(Burst& burst, const std::function<void(const Heard&)>& heard) {
    return burst.read(fd(), [&](const Burst::Packet& packet) {
        auto message = family_ == Family::ipv4  ? split_v4(packet.bytes)
                       : mode_ == Mode::observe ? split_v6(packet.bytes)
                                                : from_control(packet);
        // A packet too short for its IP header was dropped by the kernel before us; the observer skips it.
        if (!message) return;
        message->age = age_of(packet);
        heard(*message);
    });
}

}  // namespace vrrpd::engine
