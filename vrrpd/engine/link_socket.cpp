#include "vrrpd/engine/link_socket.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include <cerrno>

namespace vrrpd::engine {

namespace {

sockaddr_ll on_link(IfIndex link, std::uint16_t protocol) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(protocol);
    address.sll_ifindex = static_cast<int>(link.value);
    return address;
}

}  // namespace

Result<FrameSender> FrameSender::open() {
    auto fd = open_socket(AF_PACKET, SOCK_RAW, 0, "announcements");  // protocol 0: receives nothing
    if (!fd) return tl::unexpected(fd.error());
    return FrameSender(std::move(*fd));
}

Result<void> FrameSender::send(IfIndex link, BytesView frame) {
    const auto to = on_link(link, 0);
    if (::sendto(fd_.get(), frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0)
        return fail(errno, "send a frame");
    return {};
}

Result<FrameListener> FrameListener::open(IfIndex link, std::uint16_t ethertype, const Filter& filter) {
    auto fd = open_socket(AF_PACKET, SOCK_RAW, 0, "answers to probes");
    if (!fd) return tl::unexpected(fd.error());
    // Filtered before it is bound: until then nothing is heard, afterwards nothing but what is wanted.
    if (auto done = attach(fd->get(), filter); !done) return tl::unexpected(done.error());
    const auto address = on_link(link, ethertype);
    if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail(errno, "listen for answers to probes");
    return FrameListener(std::move(*fd));
}

bool FrameListener::receive(Burst& burst, const std::function<void(BytesView)>& heard) {
    return burst.read(fd_.get(), [&](const Burst::Packet& packet) { heard(packet.bytes); });
}

Result<ClaimListener> ClaimListener::open(IfIndex link, Family family, const std::optional<IpAddress>& only) {
    auto frames =
        FrameListener::open(link, family == Family::ipv4 ? ETH_P_ARP : ETH_P_IPV6, claim_filter(family, only));
    if (!frames) return tl::unexpected(frames.error());
    return ClaimListener(std::move(*frames));
}

bool ClaimListener::receive(Burst& burst, const std::function<void(const proto::AddressClaim&)>& claimed) {
    return frames_.receive(burst, [&](BytesView frame) {
        if (const auto claim = proto::read_claim(frame)) claimed(*claim);
    });
}

}  // namespace vrrpd::engine
