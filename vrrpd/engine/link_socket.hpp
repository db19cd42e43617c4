// Whole Ethernet frames on one interface: gratuitous ARP, unsolicited neighbour advertisements and questions
// go out; while a question stands, claims to addresses and other answers come in.
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

// Hears frames of one EtherType on one interface, those that `filter` passes. The engine's questions are answered
// there.
class FrameListener {
public:
    [[nodiscard]] static Result<FrameListener> open(IfIndex link, std::uint16_t ethertype, const Filter& filter);
    // Reads what is queued, at most packets_a_wakeup. Returns whether more may wait.
    bool receive(Burst& burst, const std::function<void(BytesView ethernet_frame)>& heard);
    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    explicit FrameListener(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
};

// Hears who answers for addresses of one family on one interface, or for `only` one address. Open only while
// somebody asks, or narrowed: a busy LAN's ARP is not worth a wake-up.
class ClaimListener {
public:
    [[nodiscard]] static Result<ClaimListener> open(IfIndex link, Family family,
                                                    const std::optional<IpAddress>& only = std::nullopt);
    bool receive(Burst& burst, const std::function<void(const proto::AddressClaim&)>& claimed);
    [[nodiscard]] int fd() const { return frames_.fd(); }

private:
    explicit ClaimListener(FrameListener frames) : frames_(std::move(frames)) {}
    FrameListener frames_;
};

}  // namespace vrrpd::engine
