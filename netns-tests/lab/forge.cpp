#include "netns-tests/lab/forge.hpp"

#include "vrrpd/proto/advert.hpp"
#include "vrrpd/proto/checksum.hpp"

namespace lab {

using vrrpd::Bytes;
using vrrpd::ByteWriter;
namespace proto = vrrpd::proto;

namespace {

constexpr std::size_t checksum_at = 6;      // in the VRRP message
constexpr std::size_t ip_checksum_at = 10;  // in the IPv4 header
constexpr std::uint8_t control_traffic = 0xc0;
constexpr std::size_t v2_auth_data = 8;

Bytes message(const Forgery& forgery, const vrrpd::IpAddress& destination) {
    const bool v2 = forgery.version_and_type >> 4 == 2;
    Bytes bytes;
    ByteWriter writer(bytes);
    writer.u8(forgery.version_and_type).u8(forgery.vrid).u8(forgery.priority).u8(forgery.count);
    if (v2)
        writer.u8(forgery.auth_type).u8(static_cast<std::uint8_t>(forgery.interval));
    else
        writer.u16(forgery.interval);
    writer.u16(0).bytes(forgery.address.bytes());
    if (v2) writer.zeros(v2_auth_data);
    bytes.resize(static_cast<std::size_t>(static_cast<int>(bytes.size()) + forgery.length_error));
    if (bytes.size() < checksum_at + 2) return bytes;
    proto::InternetSum sum;
    if (!v2) sum.add_pseudo_header(forgery.source, destination, proto::ip_protocol, bytes.size());
    sum.add(bytes);
    proto::store_checksum(bytes, checksum_at, static_cast<std::uint16_t>(sum.checksum() + forgery.checksum_error));
    return bytes;
}

Bytes ipv4_header(const Forgery& forgery, const vrrpd::IpAddress& destination, std::size_t inside) {
    Bytes header;
    ByteWriter ip(header);
    ip.u8(0x45).u8(control_traffic).u16(static_cast<std::uint16_t>(20 + inside)).u32(0).u8(forgery.ttl);
    ip.u8(proto::ip_protocol).u16(0).bytes(forgery.source.bytes()).bytes(destination.bytes());
    proto::store_checksum(header, ip_checksum_at, proto::InternetSum().add(header).checksum());
    return header;
}

Bytes ipv6_header(const Forgery& forgery, const vrrpd::IpAddress& destination, std::size_t inside) {
    Bytes header;
    ByteWriter ip(header);
    ip.u32(0x60000000U | control_traffic << 20).u16(static_cast<std::uint16_t>(inside));
    ip.u8(proto::ip_protocol).u8(forgery.ttl).bytes(forgery.source.bytes()).bytes(destination.bytes());
    return header;
}

// RFC 1112 6.4, RFC 2464 7.
vrrpd::MacAddress group_mac(vrrpd::Family family) {
    if (family == vrrpd::Family::ipv4) return {{0x01, 0x00, 0x5e, 0x00, 0x00, 0x12}};
    return {{0x33, 0x33, 0x00, 0x00, 0x00, 0x12}};
}

}  // namespace

Bytes forge(const Forgery& forgery) {
    const auto family = forgery.source.family();
    const bool v4 = family == vrrpd::Family::ipv4;
    const auto destination = forgery.to ? forgery.to->address : proto::multicast_group(family);
    const auto inside = message(forgery, destination);
    const auto header = (v4 ? ipv4_header : ipv6_header)(forgery, destination, inside.size());
    const vrrpd::MacAddress nobodys{{0x02, 0xba, 0xdb, 0xad, 0x00, 0x01}};
    Bytes frame;
    ByteWriter writer(frame);
    writer.bytes((forgery.to ? forgery.to->mac : group_mac(family)).bytes).bytes(nobodys.bytes);
    writer.u16(v4 ? 0x0800 : 0x86dd).bytes(header).bytes(inside);
    return frame;
}

}  // namespace lab
