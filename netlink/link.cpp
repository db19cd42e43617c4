// RTM_NEWLINK and RTM_DELLINK, read only.
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include "netlink/codec.hpp"

namespace netlink {

std::optional<Link> decode_link(const nlmsghdr& message) {
    const auto* fixed = fixed_header<ifinfomsg>(message);
    // AF_BRIDGE tells of a port: its RTM_DELLINK means "left the bridge", not "is gone".
    if (!fixed || fixed->ifi_family != AF_UNSPEC) return std::nullopt;
    const auto attributes = Attributes::of(message, sizeof *fixed);
    // A wireless event is an RTM_NEWLINK that carries the event and nothing of the device's state.
    if (!attributes || attributes->has(IFLA_WIRELESS) || !attributes->has(IFLA_IFNAME)) return std::nullopt;

    Link link;
    link.index = IfIndex{static_cast<std::uint32_t>(fixed->ifi_index)};
    link.name = attributes->text(IFLA_IFNAME);
    link.kind = attributes->nested(IFLA_LINKINFO).text(IFLA_INFO_KIND);
    link.mtu = attributes->u32(IFLA_MTU).value_or(0);
    link.master = IfIndex{attributes->u32(IFLA_MASTER).value_or(0)};
    link.base = IfIndex{attributes->u32(IFLA_LINK).value_or(0)};
    link.alias = attributes->text(IFLA_IFALIAS);
    link.mac = attributes->mac(IFLA_ADDRESS);
    link.admin_up = (fixed->ifi_flags & IFF_UP) != 0;
    link.running = (fixed->ifi_flags & IFF_RUNNING) != 0;
    link.loopback = (fixed->ifi_flags & IFF_LOOPBACK) != 0;
    link.multicast = (fixed->ifi_flags & IFF_MULTICAST) != 0;
    link.arp = (fixed->ifi_flags & IFF_NOARP) == 0;
    return link;
}

}  // namespace netlink
