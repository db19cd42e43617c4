#include "netns-tests/lab/dhcp_message.hpp"

#include <net/ethernet.h>
#include <netinet/in.h>

#include <algorithm>

#include "netns-tests/lab/header_sizes.hpp"

namespace lab {

using vrrpd::ByteReader;
using vrrpd::Bytes;
using vrrpd::BytesView;
using vrrpd::ByteWriter;
using vrrpd::IpAddress;
using vrrpd::MacAddress;

namespace {

constexpr std::uint16_t client_port = 68, server_port = 67;
constexpr std::uint32_t magic_cookie = 0x63825363;
constexpr std::size_t hardware_padding = 10, server_name_and_file = 64 + 128;
constexpr std::uint16_t please_broadcast = 0x8000;
constexpr std::uint8_t boot_request = 1, boot_reply = 2, ethernet_hardware = 1;

namespace option {
constexpr std::uint8_t pad = 0, router = 3, dns = 6, wanted = 50, time = 51, type = 53, server = 54, list = 55,
                       client_id = 61, end = 255;
}

void put_option(ByteWriter& out, std::uint8_t code, BytesView value) {
    out.u8(code).u8(static_cast<std::uint8_t>(value.size())).bytes(value);
}

Bytes bootp(const DhcpQuestion& question) {
    Bytes message;
    ByteWriter out(message);
    const bool configured = !question.own.is_unspecified();
    out.u8(boot_request).u8(ethernet_hardware).u8(sizeof question.mac.bytes).u8(0);
    out.u32(question.transaction).u16(0).u16(configured ? 0 : please_broadcast);
    out.bytes(question.own.bytes()).zeros(12);  // no address from others
    out.bytes(question.mac.bytes).zeros(hardware_padding).zeros(server_name_and_file).u32(magic_cookie);
    out.u8(option::type).u8(1).u8(static_cast<std::uint8_t>(question.type));
    if (!question.client_id.empty()) put_option(out, option::client_id, question.client_id);
    if (question.wanted) put_option(out, option::wanted, question.wanted->bytes());
    if (question.server) put_option(out, option::server, question.server->bytes());
    out.u8(option::list).u8(2).u8(option::router).u8(option::dns);
    out.u8(option::end);
    return message;
}

std::uint16_t internet_checksum(BytesView bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
        sum += static_cast<std::uint32_t>(bytes[i] << 8 | bytes[i + 1]);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

MacAddress read_mac(ByteReader& in) {
    MacAddress mac;
    const auto bytes = in.take(sizeof mac.bytes);
    std::copy(bytes.begin(), bytes.end(), mac.bytes.begin());
    return mac;
}

IpAddress read_address(ByteReader& in) { return IpAddress::from_bytes(in.take(4)).value_or(IpAddress()); }

std::vector<IpAddress> addresses(BytesView value) {
    std::vector<IpAddress> list;
    ByteReader in(value);
    while (in.remaining() >= 4) list.push_back(read_address(in));
    return list;
}

void read_option(std::uint8_t code, BytesView value, DhcpReply& reply) {
    ByteReader in(value);
    if (code == option::type) reply.type = static_cast<DhcpType>(in.u8());
    if (code == option::server) reply.server = read_address(in);
    if (code == option::time) reply.time = std::chrono::seconds(in.u32());
    if (code == option::router) reply.routers = addresses(value);
    if (code == option::dns) reply.dns = addresses(value);
}

std::optional<DhcpReply> read_bootp(BytesView message) {
    ByteReader in(message);
    DhcpReply reply;
    if (in.u8() != boot_reply) return std::nullopt;
    in.take(3);
    reply.transaction = in.u32();
    in.take(8);  // seconds, flags, ciaddr
    reply.address = read_address(in);
    in.take(8);  // siaddr, giaddr
    reply.client = read_mac(in);
    in.take(hardware_padding + server_name_and_file);
    if (in.u32() != magic_cookie || !in.ok()) return std::nullopt;
    for (auto code = in.u8(); in.ok() && code != option::end; code = in.u8()) {
        if (code != option::pad) read_option(code, in.take(in.u8()), reply);
    }
    return in.ok() ? std::optional(reply) : std::nullopt;
}

}  // namespace

Bytes encode(const DhcpQuestion& question) {
    const auto message = bootp(question);
    const auto target = question.unicast_to.value_or(IpAddress::v4(255, 255, 255, 255));
    Bytes header;
    ByteWriter(header)
        .u16(0x4500)
        .u16(static_cast<std::uint16_t>(ipv4_header_size + udp_header_size + message.size()))
        .u32(0)  // no fragment
        .u8(64)
        .u8(IPPROTO_UDP)
        .u16(0)
        .bytes(question.own.bytes())
        .bytes(target.bytes());
    const auto checksum = internet_checksum(header);
    header[10] = static_cast<std::uint8_t>(checksum >> 8);
    header[11] = static_cast<std::uint8_t>(checksum);
    Bytes frame;
    ByteWriter(frame)
        .bytes((question.unicast_to ? question.unicast_mac : MacAddress::broadcast()).bytes)
        .bytes(question.mac.bytes)
        .u16(ETHERTYPE_IP)
        .bytes(header)
        .u16(client_port)
        .u16(server_port)
        .u16(static_cast<std::uint16_t>(udp_header_size + message.size()))
        .u16(0)  // UDP's checksum may be left out
        .bytes(message);
    return frame;
}

std::optional<DhcpReply> read_dhcp_reply(BytesView frame) {
    ByteReader in(frame);
    in.take(ethernet_header_size - 2);
    if (in.u16() != ETHERTYPE_IP) return std::nullopt;
    const auto header = in.take(ipv4_header_size);
    if (header.empty() || header[0] != 0x45 || header[9] != IPPROTO_UDP) return std::nullopt;
    const auto from = in.u16(), to = in.u16();
    if (from != server_port || to != client_port) return std::nullopt;
    in.take(4);  // length, checksum
    auto reply = read_bootp(in.take(in.remaining()));
    if (reply) reply->sender = *IpAddress::from_bytes(header.subspan(12, 4));
    return reply;
}

Bytes encode(const Arp& arp) {
    Bytes frame;
    ByteWriter(frame)
        .bytes((arp.reply ? arp.target_mac : MacAddress::broadcast()).bytes)
        .bytes(arp.sender_mac.bytes)
        .u16(ETHERTYPE_ARP)
        .u16(ethernet_hardware)
        .u16(ETHERTYPE_IP)
        .u8(6)
        .u8(4)
        .u16(arp.reply ? 2 : 1)
        .bytes(arp.sender_mac.bytes)
        .bytes(arp.sender.bytes())
        .bytes(arp.target_mac.bytes)
        .bytes(arp.target.bytes());
    return frame;
}

std::optional<Arp> read_arp(BytesView frame) {
    ByteReader in(frame);
    in.take(ethernet_header_size - 2);
    if (in.u16() != ETHERTYPE_ARP) return std::nullopt;
    in.take(6);  // Ethernet and IPv4, as everything here
    Arp arp;
    arp.reply = in.u16() == 2;
    arp.sender_mac = read_mac(in);
    arp.sender = read_address(in);
    arp.target_mac = read_mac(in);
    arp.target = read_address(in);
    return in.ok() ? std::optional(arp) : std::nullopt;
}

}  // namespace lab
