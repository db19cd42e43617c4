// See dhcp_message.hpp.
#include "vrrpd/proto/dhcp_message.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "vrrpd/proto/checksum.hpp"
#include "vrrpd/proto/envelope.hpp"

namespace vrrpd::proto {

namespace {

constexpr std::uint8_t udp = 17, ttl = 64;
constexpr std::size_t ip_header = 20, udp_header = 8;
constexpr std::size_t ip_checksum = 10, udp_checksum = 6;
constexpr std::uint16_t fragment_bits = 0x3fff;  // more fragments, and the offset: a datagram in pieces
constexpr std::uint16_t server_port = 67, client_port = 68;

constexpr std::uint8_t boot_request = 1, boot_reply = 2, ethernet = 1, mac_length = 6;
constexpr std::uint16_t broadcast_flag = 0x8000;
constexpr std::uint32_t magic_cookie = 0x63825363;
constexpr std::size_t chaddr_length = 16, sname_length = 64, file_length = 128;
constexpr std::size_t bootp_minimum = 300;  // RFC 1542 2.1: less is dropped by some

constexpr std::uint8_t pad = 0, subnet_mask = 1, router = 3, lease_time = 51, overload = 52, message_type = 53,
                       server_identifier = 54, parameter_list = 55, end = 255;
constexpr std::uint8_t discover = 1, offer = 2;

Bytes discover_message(const DhcpQuestion& question) {
    Bytes message;
    ByteWriter out(message);
    out.u8(boot_request).u8(ethernet).u8(mac_length).u8(0).u32(question.xid).u16(0).u16(broadcast_flag);
    out.zeros(4 * 4);  // ciaddr, yiaddr, siaddr, giaddr
    out.bytes(question.mac.bytes).zeros(chaddr_length - mac_length).zeros(sname_length + file_length);
    out.u32(magic_cookie).u8(message_type).u8(1).u8(discover);
    out.u8(parameter_list).u8(4).u8(subnet_mask).u8(router).u8(lease_time).u8(server_identifier).u8(end);
    message.resize(std::max(message.size(), bootp_minimum), pad);
    return message;
}

Bytes in_udp(const IpAddress& from, const IpAddress& to, BytesView message) {
    Bytes datagram;
    const auto length = static_cast<std::uint16_t>(udp_header + message.size());
    ByteWriter(datagram).u16(client_port).u16(server_port).u16(length).u16(0).bytes(message);
    InternetSum sum;
    sum.add_pseudo_header(from, to, udp, datagram.size()).add(datagram);
    store_checksum(datagram, udp_checksum, sum.checksum() == 0 ? 0xffff : sum.checksum());  // RFC 768
    return datagram;
}

Bytes in_ip(const IpAddress& from, const IpAddress& to, BytesView datagram) {
    Bytes packet;
    ByteWriter out(packet);
    out.u8(0x45).u8(0).u16(static_cast<std::uint16_t>(ip_header + datagram.size())).u32(0).u8(ttl).u8(udp).u16(0);
    out.bytes(from.bytes()).bytes(to.bytes());
    store_checksum(packet, ip_checksum, InternetSum().add(packet).checksum());
    out.bytes(datagram);
    return packet;
}

// ---- reading ------------------------------------------------------------------------------------------

// What a server sends to a client by UDP over IPv4, in one piece; empty: it is something else.
BytesView server_message(BytesView frame) {
    ByteReader in(frame);
    in.take(2 * mac_length);
    const auto type = in.u16();
    const auto version_and_length = in.u8();
    in.u8();
    const std::size_t total = in.u16();
    in.u16();
    const auto fragment = in.u16();
    in.u8();
    const auto protocol = in.u8();
    in.take(2 + 4 + 4);
    const std::size_t header = (version_and_length & 0x0fU) * 4U;
    if (!in.ok() || type != ethertype_ipv4 || version_and_length >> 4 != 4 || header < ip_header) return {};
    if ((fragment & fragment_bits) != 0 || protocol != udp || total < header + udp_header) return {};
    in.take(header - ip_header);
    ByteReader datagram(in.take(total - header));  // what follows is the frame's padding
    const auto from = datagram.u16(), to = datagram.u16();
    const std::size_t length = datagram.u16();
    datagram.u16();
    if (!in.ok() || !datagram.ok() || from != server_port || to != client_port || length < udp_header) return {};
    return datagram.take(length - udp_header);
}

struct Reply {
    std::uint32_t xid = 0;
    MacAddress mac;
    bool answers = false;  // BOOTREPLY to an Ethernet client
    BytesView sname, file, options;
};

std::optional<Reply> read_reply(BytesView message) {
    ByteReader in(message);
    Reply reply;
    const bool boot = in.u8() == boot_reply, hardware = in.u8() == ethernet && in.u8() == mac_length;
    reply.answers = boot && hardware;
    in.u8();
    reply.xid = in.u32();
    in.take(2 + 2 + 4 * 4);
    const auto mac = in.take(chaddr_length);
    reply.sname = in.take(sname_length);
    reply.file = in.take(file_length);
    if (!in.ok()) return std::nullopt;
    std::copy_n(mac.begin(), mac_length, reply.mac.bytes.begin());
    if (in.u32() == magic_cookie) reply.options = in.take(in.remaining());
    return reply;
}

struct Options {
    std::optional<std::uint8_t> type;
    std::optional<IpAddress> server;
    std::uint8_t overloaded = 0;
    bool sound = true;

    // One area of options; the first of a kind counts.
    void read(BytesView area) {
        ByteReader in(area);
        while (in.remaining() > 0) {
            const auto code = in.u8();
            if (code == pad) continue;
            if (code == end) return;
            const auto value = in.take(in.u8());
            if (!in.ok()) {
                sound = false;
                return;
            }
            take(code, value);
        }
    }
    void take(std::uint8_t code, BytesView value) {
        if (code == message_type && !type && value.size() == 1) type = value[0];
        if (code == overload && value.size() == 1) overloaded = value[0];
        if (code == server_identifier && !server && value.size() == 4) server = IpAddress::from_bytes(value);
    }
};

Options read_options(const Reply& reply) {
    constexpr std::uint8_t in_file = 1, in_sname = 2;  // RFC 2132 9.3
    Options options;
    options.read(reply.options);
    const auto overloaded = options.overloaded;
    if (overloaded & in_file) options.read(reply.file);
    if (overloaded & in_sname) options.read(reply.sname);
    return options;
}

bool can_be_a_server(const IpAddress& address) {
    return !address.is_unspecified() && !address.is_multicast() && address != IpAddress::v4(255, 255, 255, 255);
}

}  // namespace

Bytes dhcp_discover(const DhcpQuestion& question) {
    const auto nobody = IpAddress::v4(0, 0, 0, 0), everybody = IpAddress::v4(255, 255, 255, 255);
    Bytes frame;
    ByteWriter(frame)
        .bytes(MacAddress::broadcast().bytes)
        .bytes(question.mac.bytes)
        .u16(ethertype_ipv4)
        .bytes(in_ip(nobody, everybody, in_udp(nobody, everybody, discover_message(question))));
    return frame;
}

tl::expected<IpAddress, NoOffer> read_dhcp_offer(BytesView ethernet_frame, const DhcpQuestion& question) {
    const auto reply = read_reply(server_message(ethernet_frame));
    if (!reply || !reply->answers || reply->xid != question.xid || reply->mac != question.mac)
        return tl::unexpected(NoOffer::not_ours);
    const auto options = read_options(*reply);
    if (!options.sound || !options.type) return tl::unexpected(NoOffer::malformed);
    if (*options.type != offer) return tl::unexpected(NoOffer::not_ours);
    if (!options.server || !can_be_a_server(*options.server)) return tl::unexpected(NoOffer::malformed);
    return *options.server;
}

}  // namespace vrrpd::proto
