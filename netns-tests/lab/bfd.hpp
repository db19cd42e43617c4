// BFD in the laboratory: what a captured frame says of it, packets that no honest neighbour sends, and FRR's bfdd.
#pragma once

#include <optional>
#include <string>

#include "netns-tests/lab/capture.hpp"
#include "netns-tests/lab/network.hpp"
#include "netns-tests/lab/process.hpp"
#include "vrrpd/proto/bfd.hpp"

namespace lab {

struct BfdSeen {
    vrrpd::proto::BfdPacket packet;
    int hops = 0;
    std::uint16_t source_port = 0;
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
    void start();
    void kill();
    [[nodiscard]] std::string log() const;

private:
    [[nodiscard]] std::string file(std::string_view suffix) const;

    Host& host_;
    Process zebra_, bfdd_;
};

}  // namespace lab
