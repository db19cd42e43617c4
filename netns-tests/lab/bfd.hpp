// BFD in the laboratory: what a captured frame says of it, packets that no honest neighbour sends, and FRR's bfdd.
#pragma once

#include <optional>
#include <string>

#include "netns-tests/lab/capture.hpp"
#include "netns-tests/lab/frr.hpp"
#include "netns-tests/lab/network.hpp"
#include "vrrpd/proto/bfd.hpp"

namespace lab {

struct BfdSeen {
    vrrpd::proto::BfdPacket packet;
    int hops = 0;
    std::uint16_t source_port = 0, port = 0;
};
[[nodiscard]] std::optional<BfdSeen> bfd(const Frame& frame);
[[nodiscard]] Match bfd_packets();
[[nodiscard]] Match bfd_in(vrrpd::proto::BfdState state);

// A whole Ethernet frame to `to`, from `source`'s address.
struct BfdForgery {
    vrrpd::IpAddress source, destination;  // IPv4
    std::uint8_t ttl = 255;
    vrrpd::Bytes message;
};
[[nodiscard]] vrrpd::Bytes forge(const BfdForgery& forgery, const std::string& to_mac);

// FRR's zebra and bfdd, with one neighbour.
class FrrBfd {
public:
    FrrBfd(Host& host, const vrrpd::IpAddress& neighbor, int interval_ms = 50);
    // Over several hops, from `source`.
    FrrBfd(Host& host, const vrrpd::IpAddress& neighbor, const vrrpd::IpAddress& source, int interval_ms = 50);
    void start() { frr_.start({"--bfdctl", frr_.file("bfdd.sock")}); }
    void kill() { frr_.daemon().kill_all(); }
    [[nodiscard]] std::string log() const { return frr_.log(); }

private:
    Frr frr_;
};

}  // namespace lab
