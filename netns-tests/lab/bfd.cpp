#include "netns-tests/lab/bfd.hpp"

#include <fmt/format.h>

#include "netns-tests/lab/header_sizes.hpp"
#include "vrrpd/base/mac.hpp"
#include "vrrpd/proto/checksum.hpp"

namespace lab {

using vrrpd::ByteReader;
using vrrpd::Bytes;
using vrrpd::BytesView;
using vrrpd::ByteWriter;
namespace proto = vrrpd::proto;

namespace {

constexpr std::uint8_t udp = 17;

struct Datagram {
    int hops = 0;
    BytesView bytes;  // from the UDP header on
};

std::optional<Datagram> datagram(BytesView frame) {
    if (frame.size() < ethernet_header_size + 20) return std::nullopt;
    const unsigned type = static_cast<unsigned>(frame[12]) << 8 | frame[13];
    const auto ip = frame.subspan(ethernet_header_size);
    if (type == 0x0800 && ip[9] == udp) {
        const std::size_t header = (ip[0] & 15U) * 4U;
        return header < ip.size() ? std::optional(Datagram{ip[8], ip.subspan(header)}) : std::nullopt;
    }
    if (type == 0x86dd && ip.size() > ipv6_header_size && ip[6] == udp)
        return Datagram{ip[7], ip.subspan(ipv6_header_size)};
    return std::nullopt;
}

}  // namespace

std::optional<BfdSeen> bfd(const Frame& frame) {
    const auto inside = datagram(frame.bytes);
    if (!inside || inside->bytes.size() < udp_header_size) return std::nullopt;
    ByteReader reader(inside->bytes);
    const auto source_port = reader.u16(), port = reader.u16();
    if (port != proto::bfd_port && port != proto::bfd_multihop_port) return std::nullopt;
    const auto packet = proto::decode_bfd(inside->bytes.subspan(udp_header_size));
    if (!packet) return std::nullopt;
    return BfdSeen{*packet, inside->hops, source_port, port};
}

Match bfd_packets() {
    return [](const Frame& frame) { return bfd(frame).has_value(); };
}

Match bfd_in(proto::BfdState state) {
    return [state](const Frame& frame) {
        const auto seen = bfd(frame);
        return seen && seen->packet.state == state;
    };
}

Bytes forge(const BfdForgery& forgery, const std::string& to_mac) {
    const auto to = vrrpd::MacAddress::parse(to_mac);
    if (!to) give_up("no MAC address: " + to_mac);
    const std::uint8_t from[] = {0x02, 0xba, 0xdb, 0xad, 0x00, 0x01};
    const auto length = static_cast<std::uint16_t>(udp_header_size + forgery.message.size());
    Bytes header;
    ByteWriter(header).u8(0x45).u8(0xc0).u16(static_cast<std::uint16_t>(20 + length)).u32(0).u8(forgery.ttl).u8(udp);
    ByteWriter(header).u16(0).bytes(forgery.source.bytes()).bytes(forgery.destination.bytes());
    constexpr std::size_t checksum_at = 10;
    proto::store_checksum(header, checksum_at, proto::InternetSum().add(header).checksum());
    Bytes frame;
    ByteWriter writer(frame);
    writer.bytes(to->bytes).bytes(from).u16(0x0800).bytes(header);
    writer.u16(50'000).u16(proto::bfd_port).u16(length).u16(0).bytes(forgery.message);  // 0: no checksum
    return frame;
}

namespace {

std::string frr_text(const std::string& peer, int interval_ms) {
    return fmt::format(
        "bfd\n peer {0}\n  detect-multiplier 3\n  receive-interval {1}\n"
        "  transmit-interval {1}\n  no shutdown\n !\n!\n",
        peer, interval_ms);
}

}  // namespace

FrrBfd::FrrBfd(Host& host, const vrrpd::IpAddress& neighbor, int interval_ms)
    : frr_(host, "bfdd", frr_text(neighbor.to_string() + " interface lan0", interval_ms)) {}

FrrBfd::FrrBfd(Host& host, const vrrpd::IpAddress& neighbor, const vrrpd::IpAddress& source, int interval_ms)
    : frr_(host, "bfdd",
           frr_text(fmt::format("{} multihop local-address {}", neighbor.to_string(), source.to_string()),
                    interval_ms)) {}

}  // namespace lab
