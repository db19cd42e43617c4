// A VRRP message over IPv4 as another router puts it on the wire, whatever is in it.
#pragma once

#include <linux/if_ether.h>

#include "tests/engine/engine_process.hpp"
#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/mac.hpp"
#include "vrrpd/proto/checksum.hpp"
#include "vrrpd/proto/envelope.hpp"

namespace vrrpd::engine::test {

inline MacAddress mac_of(const std::string& device) {
    constexpr std::string_view before = "link/ether ";
    const auto text = ip_output("-o link show dev " + device);
    const auto at = text.find(before);
    return at == text.npos ? MacAddress{} : MacAddress::parse(text.substr(at + before.size(), 17)).value();
}

// To a group, or to this host's device.
inline Bytes advert_frame(BytesView message, const proto::Envelope& envelope, const std::string& device = "lan0") {
    const auto header = proto::ipv4_header(envelope, {proto::ip_protocol, message.size(), 1});
    Bytes checked(header.begin(), header.end());
    proto::store_checksum(checked, 10, proto::InternetSum().add(checked).checksum());
    const auto to = envelope.destination.bytes();
    const MacAddress group{{0x01, 0x00, 0x5e, static_cast<std::uint8_t>(to[1] & 0x7f), to[2], to[3]}};
    const auto mac = envelope.destination.is_multicast() ? group : mac_of(device);
    Bytes frame;
    ByteWriter(frame).bytes(mac.bytes).bytes(MacAddress{{2, 0, 0, 0, 0, 9}}.bytes).u16(ETH_P_IP);
    ByteWriter(frame).bytes(checked).bytes(message);
    return frame;
}

}  // namespace vrrpd::engine::test
