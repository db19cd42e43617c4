// RTM_NEWROUTE and RTM_DELROUTE.
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "netlink/codec.hpp"

namespace netlink {

namespace {

// The kernel's own furniture of local, broadcast and multicast routes is nobody's business here.
std::optional<RouteType> known_type(const rtmsg& fixed) {
    if (fixed.rtm_type < RTN_UNICAST || fixed.rtm_type > RTN_THROW) return std::nullopt;
    const auto type = static_cast<RouteType>(fixed.rtm_type);
    const bool common = type == RouteType::unicast || !leads_somewhere(type);
    return common || fixed.rtm_protocol == protocol_keepalived ? std::optional(type) : std::nullopt;
}

void put_gateway(Message& message, const NextHop& hop, Family family) {
    if (!hop.via) return;
    if (hop.via->family() == family) {
        message.address(RTA_GATEWAY, *hop.via);
        return;
    }
    vrrpd::Bytes via(sizeof(std::uint16_t));  // struct rtvia: an IPv4 route through an IPv6 router
    const std::uint16_t other = hop.via->is_v4() ? AF_INET : AF_INET6;
    std::memcpy(via.data(), &other, sizeof other);
    vrrpd::ByteWriter(via).bytes(hop.via->bytes());
    message.bytes(RTA_VIA, via);
}

void put_metrics(Message& message, const Route& route) {
    const auto& extras = *route.extras;
    if (route.mtu == 0 && extras.metrics.empty() && extras.congestion_control.empty()) return;
    message.nested(RTA_METRICS, [&](Message& inner) {
        if (route.mtu != 0) inner.u32(RTAX_MTU, route.mtu);
        for (const auto& metric : extras.metrics) inner.u32(metric.kind, metric.value);
        if (!extras.congestion_control.empty()) inner.text(RTAX_CC_ALGO, extras.congestion_control);
    });
}

void put_multipath(Message& message, const Route& route) {
    message.nested(RTA_MULTIPATH, [&](Message& inner) {
        for (const auto& hop : route.hops) {
            rtnexthop fixed{};
            fixed.rtnh_hops = static_cast<std::uint8_t>(std::max<int>(hop.weight, 1) - 1);
            fixed.rtnh_flags = hop.onlink ? RTNH_F_ONLINK : 0;
            fixed.rtnh_ifindex = static_cast<int>(hop.link.value);
            inner.counted(fixed, &rtnexthop::rtnh_len, [&](Message& m) {
                put_gateway(m, hop, route.destination.address.family());
                if (hop.realms != 0) m.u32(RTA_FLOW, hop.realms);
            });
        }
    });
}

void put_hops(Message& message, const Route& route) {
    if (route.hops.size() > 1) return put_multipath(message, route);
    if (route.hops.empty()) return;
    const auto& hop = route.hops.front();
    put_gateway(message, hop, route.destination.address.family());
    if (hop.link) message.u32(RTA_OIF, hop.link.value);
}

std::optional<IpAddress> gateway(const Attributes& attributes) {
    if (const auto same_family = attributes.address(RTA_GATEWAY)) return same_family;
    const auto via = attributes.bytes(RTA_VIA);
    return via.size() < sizeof(std::uint16_t) ? std::nullopt
                                              : IpAddress::from_bytes(via.subspan(sizeof(std::uint16_t)));
}

std::vector<NextHop> read_multipath(vrrpd::BytesView bytes) {
    std::vector<NextHop> hops;
    rtnexthop fixed{};
    while (bytes.size() >= sizeof fixed) {
        std::memcpy(&fixed, bytes.data(), sizeof fixed);
        if (fixed.rtnh_len < sizeof fixed || fixed.rtnh_len > bytes.size()) break;
        const auto attributes = Attributes::of(bytes.subspan(sizeof fixed, fixed.rtnh_len - sizeof fixed));
        NextHop hop;
        hop.via = gateway(attributes);
        hop.link = IfIndex{static_cast<std::uint32_t>(fixed.rtnh_ifindex)};
        hop.weight = static_cast<std::uint16_t>(fixed.rtnh_hops + 1);
        hop.onlink = (fixed.rtnh_flags & RTNH_F_ONLINK) != 0;
        hop.realms = attributes.u32(RTA_FLOW).value_or(0);
        hops.push_back(hop);
        bytes = bytes.subspan(std::min<std::size_t>(RTNH_ALIGN(fixed.rtnh_len), bytes.size()));
    }
    return hops;
}

std::vector<NextHop> read_hops(const rtmsg& fixed, const Attributes& attributes) {
    if (attributes.has(RTA_MULTIPATH)) return read_multipath(attributes.bytes(RTA_MULTIPATH));
    NextHop hop;
    hop.via = gateway(attributes);
    hop.link = IfIndex{attributes.u32(RTA_OIF).value_or(0)};
    hop.onlink = (fixed.rtm_flags & RTNH_F_ONLINK) != 0;
    if (!hop.via && !hop.link) return {};
    return {hop};
}

}  // namespace

Message encode(const Route& route, int type, int flags) {
    const auto& to = route.destination;
    rtmsg fixed{};
    fixed.rtm_family = to.address.is_v4() ? AF_INET : AF_INET6;
    fixed.rtm_dst_len = to.length;
    fixed.rtm_tos = route.tos;
    fixed.rtm_table = route.table < 256 ? static_cast<std::uint8_t>(route.table) : std::uint8_t{RT_TABLE_COMPAT};
    fixed.rtm_protocol = route.protocol;
    fixed.rtm_scope =
        type == RTM_DELROUTE ? std::uint8_t{RT_SCOPE_NOWHERE} : effective_scope(route);  // deleting names none
    fixed.rtm_type = static_cast<std::uint8_t>(route.type);
    if (route.hops.size() == 1 && route.hops.front().onlink) fixed.rtm_flags = RTNH_F_ONLINK;
    Message message(type, flags | NLM_F_REQUEST | NLM_F_ACK, 256 + route.hops.size() * 64);
    message.header(fixed).u32(RTA_TABLE, route.table);
    if (to.length != 0) message.address(RTA_DST, to.network().address);
    if (route.metric != 0) message.u32(RTA_PRIORITY, route.metric);
    if (route.source) message.address(RTA_PREFSRC, *route.source);
    put_metrics(message, route);
    if (route.extras->realms != 0) message.u32(RTA_FLOW, route.extras->realms);
    if (route.extras->preference) message.u8(RTA_PREF, *route.extras->preference);
    put_hops(message, route);
    return message;
}

std::optional<Route> decode_route(const nlmsghdr& message) {
    const auto* fixed = fixed_header<rtmsg>(message);
    if (!fixed || (fixed->rtm_family != AF_INET && fixed->rtm_family != AF_INET6)) return std::nullopt;
    const auto type = known_type(*fixed);
    const auto attributes = Attributes::of(message, sizeof *fixed);
    if (!attributes || !type) return std::nullopt;

    Route route;
    const auto any =
        fixed->rtm_family == AF_INET ? IpAddress{} : *IpAddress::from_bytes(std::array<std::uint8_t, 16>{});
    route.destination = {attributes->address(RTA_DST).value_or(any), fixed->rtm_dst_len};
    route.type = *type;
    // IPv6 reports a blackhole "through" the loopback device.
    if (leads_somewhere(*type)) route.hops = read_hops(*fixed, *attributes);
    route.source = attributes->address(RTA_PREFSRC);
    route.table = attributes->u32(RTA_TABLE).value_or(fixed->rtm_table);
    route.metric = attributes->u32(RTA_PRIORITY).value_or(0);
    route.scope = fixed->rtm_scope;
    route.tos = fixed->rtm_tos;
    route.protocol = fixed->rtm_protocol;
    route.mtu = attributes->nested(RTA_METRICS).u32(RTAX_MTU).value_or(0);
    return route;
}

}  // namespace netlink
