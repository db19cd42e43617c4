// The frames by which an address is announced, asked for and claimed; see announce.hpp.
#include <algorithm>

#include "vrrpd/base/assert.hpp"
#include "vrrpd/proto/announce.hpp"
#include "vrrpd/proto/checksum.hpp"

namespace vrrpd::proto {

namespace {

constexpr std::uint16_t ethertype_arp = 0x0806;
constexpr std::uint16_t ethertype_ipv6 = 0x86dd;
constexpr std::uint16_t arp_hardware_ethernet = 1;
constexpr std::uint16_t arp_protocol_ipv4 = 0x0800;
constexpr std::uint16_t arp_request = 1;
constexpr std::uint16_t arp_reply = 2;
constexpr std::uint8_t icmpv6 = 58;
constexpr std::uint8_t nd_hop_limit = 255;  // RFC 4861 7.1.1
constexpr std::uint8_t neighbour_solicitation = 135;
constexpr std::uint8_t neighbour_advertisement = 136;
constexpr std::uint8_t target_link_layer_option = 2;
constexpr std::uint32_t na_router = 0x80000000;
constexpr std::uint32_t na_override = 0x20000000;
constexpr std::size_t ethernet_header = 14;
constexpr std::size_t ipv6_header = 40;
constexpr std::size_t icmpv6_checksum = 2;

IpAddress v6(const std::array<std::uint8_t, 16>& bytes) { return *IpAddress::from_bytes(bytes); }
IpAddress all_nodes() { return v6({0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01}); }

// RFC 4291 2.7.1: ff02::1:ff00:0/104 and the last 24 bits of the address.
IpAddress solicited_node(const IpAddress& address) {
    const auto part = address.bytes().last(3);
    return v6({0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff, part[0], part[1], part[2]});
}

// RFC 2464 7.
MacAddress multicast_mac(const IpAddress& group) {
    const auto low = group.bytes().last(4);
    return {{0x33, 0x33, low[0], low[1], low[2], low[3]}};
}

void put_ethernet(ByteWriter& out, const MacAddress& to, const MacAddress& from, std::uint16_t type) {
    out.bytes(to.bytes).bytes(from.bytes).u16(type);
}

Bytes arp_request_frame(const MacAddress& mac, const IpAddress& sender, const MacAddress& target_mac,
                        const IpAddress& target) {
    ASSERT(target.is_v4());
    Bytes frame;
    frame.reserve(42);
    ByteWriter out(frame);
    put_ethernet(out, MacAddress::broadcast(), mac, ethertype_arp);
    out.u16(arp_hardware_ethernet).u16(arp_protocol_ipv4).u8(6).u8(4).u16(arp_request);
    out.bytes(mac.bytes).bytes(sender.bytes()).bytes(target_mac.bytes).bytes(target.bytes());
    return frame;
}

// A multicast neighbour discovery message, its checksum filled in.
Bytes nd_frame(const MacAddress& mac, const IpAddress& source, const IpAddress& group, Bytes message) {
    InternetSum sum;
    sum.add_pseudo_header(source, group, icmpv6, message.size()).add(message);
    store_checksum(message, icmpv6_checksum, sum.checksum());
    Bytes frame;
    frame.reserve(ethernet_header + ipv6_header + message.size());
    ByteWriter out(frame);
    put_ethernet(out, multicast_mac(group), mac, ethertype_ipv6);
    out.u32(0x60000000).u16(static_cast<std::uint16_t>(message.size())).u8(icmpv6).u8(nd_hop_limit);
    out.bytes(source.bytes()).bytes(group.bytes()).bytes(message);
    return frame;
}

MacAddress read_mac(ByteReader& in) {
    MacAddress mac;
    const auto part = in.take(mac.bytes.size());
    std::copy(part.begin(), part.end(), mac.bytes.begin());
    return mac;
}

std::optional<AddressClaim> read_arp(ByteReader& in) {
    const bool ethernet_ipv4 =
        in.u16() == arp_hardware_ethernet && in.u16() == arp_protocol_ipv4 && in.u8() == 6 && in.u8() == 4;
    const auto operation = in.u16();
    const auto mac = read_mac(in);
    const auto sender = IpAddress::from_bytes(in.take(4));
    in.take(10);  // the target
    if (!in.ok() || !ethernet_ipv4 || (operation != arp_request && operation != arp_reply)) return std::nullopt;
    if (sender->is_unspecified()) return std::nullopt;  // RFC 5227 1.1: a probe claims nothing
    return AddressClaim{*sender, mac};
}

// The MAC of the target link-layer option, or `sender` where a solicited answer carries none (RFC 4861 4.4).
MacAddress target_mac(ByteReader options, const MacAddress& sender) {
    while (options.remaining() >= 8) {
        const auto type = options.u8();
        const std::size_t length = options.u8() * std::size_t{8};
        if (length == 0) break;
        ByteReader body(options.take(length - 2));
        if (type == target_link_layer_option && body.remaining() >= 6) return read_mac(body);
    }
    return sender;
}

// RFC 4861 7.1.2: what a valid Neighbour Advertisement is.
std::optional<AddressClaim> read_na(ByteReader& in, const MacAddress& sender) {
    const auto version = in.u32() >> 28;
    const std::size_t length = in.u16();
    const auto next_header = in.u8();
    const auto hop_limit = in.u8();
    const auto source = IpAddress::from_bytes(in.take(16));
    const auto destination = IpAddress::from_bytes(in.take(16));
    const auto message = in.take(length);
    if (!in.ok() || version != 6 || next_header != icmpv6 || hop_limit != nd_hop_limit) return std::nullopt;
    InternetSum sum;
    sum.add_pseudo_header(*source, *destination, icmpv6, message.size()).add(message);
    ByteReader body(message);
    const auto type = body.u8();
    const auto code = body.u8();
    body.take(6);  // checksum and flags
    const auto target = IpAddress::from_bytes(body.take(16));
    if (!body.ok() || type != neighbour_advertisement || code != 0 || sum.checksum() != 0) return std::nullopt;
    if (target->is_multicast() || target->is_unspecified()) return std::nullopt;
    return AddressClaim{*target, target_mac(body, sender)};
}

}  // namespace

Bytes gratuitous_arp(const IpAddress& address, const MacAddress& mac) {
    return arp_request_frame(mac, address, MacAddress::broadcast(), address);
}

Bytes arp_probe(const IpAddress& address, const MacAddress& mac) {
    return arp_request_frame(mac, IpAddress::v4(0, 0, 0, 0), MacAddress{}, address);
}

Bytes arp_request(const IpAddress& address, const IpAddress& own, const MacAddress& mac) {
    ASSERT(own.is_v4());
    return arp_request_frame(mac, own, MacAddress{}, address);
}

Bytes unsolicited_na(const IpAddress& address, const MacAddress& mac, bool router) {
    ASSERT(address.is_v6());
    Bytes message;
    ByteWriter out(message);
    out.u8(neighbour_advertisement).u8(0).u16(0).u32(na_override | (router ? na_router : 0));
    out.bytes(address.bytes()).u8(target_link_layer_option).u8(1).bytes(mac.bytes);
    return nd_frame(mac, address, all_nodes(), std::move(message));
}

Bytes nd_probe(const IpAddress& address, const MacAddress& mac) {
    ASSERT(address.is_v6());
    Bytes message;
    ByteWriter out(message);
    out.u8(neighbour_solicitation).u8(0).u16(0).u32(0).bytes(address.bytes());
    return nd_frame(mac, v6({}), solicited_node(address), std::move(message));
}

std::optional<AddressClaim> read_claim(BytesView ethernet_frame) {
    ByteReader in(ethernet_frame);
    read_mac(in);
    const auto sender = read_mac(in);
    const auto type = in.u16();
    if (!in.ok()) return std::nullopt;
    if (type == ethertype_arp) return read_arp(in);
    if (type == ethertype_ipv6) return read_na(in, sender);
    return std::nullopt;
}

}  // namespace vrrpd::proto
