// The sockets of BFD (RFC 5881 4, 5): one that hears, for each family and port, and one that speaks for each session,
// from a port of its own. Packets come with what 6.8.6 and RFC 5881 want to know of them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "vrrpd/base/ifindex.hpp"
#include "vrrpd/engine/socket_io.hpp"

namespace vrrpd::engine {

class BfdListener {
public:
    struct Heard {
        BytesView message;
        IpAddress source, destination;
        IfIndex link;   // where it came in
        int hops = -1;  // what was left of its hop limit; -1: the kernel did not say
    };
    [[nodiscard]] static Result<BfdListener> open(Family family, std::uint16_t port);

    // Reads what is queued, at most packets_a_wakeup. Returns whether more may wait.
    bool receive(Burst& burst, const std::function<void(const Heard&)>& heard);
    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    BfdListener(Fd fd, Family family) : fd_(std::move(fd)), family_(family) {}
    Fd fd_;
    Family family_;
};

class BfdSpeaker {
public:
    struct Ends {
        IpAddress neighbor;
        std::uint16_t port = 0;           // the neighbour's
        std::optional<IpAddress> source;  // none: the kernel's choice
        IfIndex link;                     // none: where the route leads
        std::uint8_t hops = 255;
    };
    // From `source_port`; if that is taken, and if it is 0, from another of RFC 5881's: beginning with one that
    // `random` says.
    [[nodiscard]] static Result<BfdSpeaker> open(const Ends& ends, std::uint16_t source_port, std::uint32_t random);

    [[nodiscard]] Result<void> send(BytesView packet);
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    BfdSpeaker(Fd fd, const Ends& ends);
    [[nodiscard]] Result<void> prepare(const Ends& ends);
    [[nodiscard]] Result<void> bind(const Ends& ends, std::uint16_t port);

    Fd fd_;
    SocketAddress to_;
    IpAddress neighbor_;
    std::uint16_t port_ = 0;
};

}  // namespace vrrpd::engine
