// The socket that carries VRRP for one interface and one family, whatever the number of its routers: raw, protocol
// 112; or 51, where a router of ours is authenticated by AH. The observer's variant hears through a packet socket
// instead, because joining the group would send an IGMP or MLD report.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "netlink/types.hpp"
#include "vrrpd/base/time.hpp"
#include "vrrpd/engine/socket_io.hpp"
#include "vrrpd/proto/advert.hpp"

namespace vrrpd::engine {

class AdvertSocket {
public:
    struct Heard {
        BytesView message;
        proto::Envelope envelope;
        Duration age{0};      // since the kernel took it from the wire; zero where that is not known
        BytesView headers{};  // protocol 51: the IPv4 header and the AH in front of the message
    };
    enum class Mode : std::uint8_t { speak, observe };

    [[nodiscard]] static Result<AdvertSocket> open(const netlink::Link& link, Family family, Mode mode,
                                                   std::uint8_t protocol = proto::ip_protocol);

    // Joins another group beside those already joined (mcast_dst_ip). The same group twice is one membership.
    [[nodiscard]] Result<void> join(const IpAddress& group);
    // Narrows what wakes us to these routers; none: every advert.
    [[nodiscard]] Result<void> narrow(std::span<const proto::Vrid> vrids);

    // Of protocol 51 the message begins with its AH. `identification` is the IPv4 header's, counted by the caller per
    // router as keepalived does (VR-009).
    [[nodiscard]] Result<void> send(BytesView message, const proto::Envelope& envelope, std::uint16_t identification);

    // Reads what is queued, at most packets_a_wakeup. Returns whether more may wait.
    bool receive(Burst& burst, const std::function<void(const Heard&)>& heard);

    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    AdvertSocket(Fd fd, const netlink::Link& link, Family family, Mode mode, std::uint8_t protocol)
        : fd_(std::move(fd)), link_(link.index), family_(family), mode_(mode), protocol_(protocol) {}
    [[nodiscard]] Result<void> enter(const IpAddress& group);
    [[nodiscard]] Result<void> prepare();
    [[nodiscard]] Result<void> send_v4(BytesView message, const proto::Envelope& envelope,
                                       std::uint16_t identification);
    [[nodiscard]] Result<void> send_v6(BytesView message, const proto::Envelope& envelope);

    Fd fd_;
    IfIndex link_;
    Family family_;
    Mode mode_;
    std::uint8_t protocol_;
    std::vector<IpAddress> groups_;
};

}  // namespace vrrpd::engine
