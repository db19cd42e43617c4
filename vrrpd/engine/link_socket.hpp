// Whole Ethernet frames on one interface: gratuitous ARP, unsolicited neighbour advertisements and probes
// go out; while a probe runs, claims to addresses come in.
#pragma once

#include <functional>

#include "netlink/types.hpp"
#include "vrrpd/engine/socket_io.hpp"
#include "vrrpd/proto/announce.hpp"

namespace vrrpd::engine {

// One for the whole process: a packet socket that receives nothing can send on every interface.
class FrameSender {
public:
    [[nodiscard]] static Result<FrameSender> open();
    [[nodiscard]] Result<void> send(IfIndex link, BytesView ethernet_frame);

private:
    explicit FrameSender(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
};

// Hears who answers for addresses of one family on one interface, or for `only` one address. Open only while
// somebody asks, or narrowed: a busy LAN's ARP is not worth a wake-up.
class ClaimListener {
public:
    [[nodiscard]] static Result<ClaimListener> open(IfIndex link, Family family,
                                                    const std::optional<IpAddress>& only = std::nullopt);
    void receive(Burst& burst, const std::function<void(const proto::AddressClaim&)>& claimed);
    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    explicit ClaimListener(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
};

}  // namespace vrrpd::engine
