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

Bytes message(const Forgery& forgery, const vrrpd::IpAddress& group) {
    Bytes bytes;
    ByteWriter writer(bytes);
    writer.u8(forgery.version_and_type).u8(forgery.vrid).u8(forgery.priority).u8(forgery.count);
    writer.u16(forgery.interval).u16(0).bytes(forgery.address.bytes());
    bytes.resize(static_cast<std::size_t>(static_cast<int>(bytes.size()) + forgery.length_error));
    if (bytes.size() < checksum_at + 2) return bytes;
    proto::InternetSum sum;
    sum.add_pseudo_header(forgery.source, group, proto::ip_protocol, bytes.size()).add(bytes);
    proto::store_checksum(bytes, checksum_at, static_cast<std::uint16_t>(sum.checksum() + forgery.checksum_error));
    return bytes;
}

}  // namespace

Bytes forge(const Forgery& forgery) {
    const auto group = proto::multicast_group(vrrpd::Family::ipv4);
    const auto inside = message(forgery, group);
    Bytes header;
    ByteWriter ip(header);
    ip.u8(0x45).u8(0xc0).u16(static_cast<std::uint16_t>(20 + inside.size())).u32(0).u8(forgery.ttl);
    ip.u8(proto::ip_protocol).u16(0).bytes(forgery.source.bytes()).bytes(group.bytes());
    proto::store_checksum(header, ip_checksum_at, proto::InternetSum().add(header).checksum());

    const std::uint8_t addresses[] = {0x01, 0x00, 0x5e, 0x00, 0x00, 0x12, 0x02, 0xba, 0xdb, 0xad, 0x00, 0x01};
    Bytes frame;
    ByteWriter(frame).bytes(addresses).u16(0x0800).bytes(header).bytes(inside);
    return frame;
}

}  // namespace lab
