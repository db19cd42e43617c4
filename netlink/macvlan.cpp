#include "netlink/macvlan.hpp"

#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "netlink/codec.hpp"
#include "netlink/device_option.hpp"

namespace netlink {

namespace {

constexpr std::size_t room = 512;

ifinfomsg at(IfIndex index) {
    ifinfomsg header{};
    header.ifi_index = static_cast<int>(index.value);
    return header;
}

Message creation(const Macvlan& macvlan) {
    Message message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, room);
    message.header(ifinfomsg{}).text(IFLA_IFNAME, macvlan.name).u32(IFLA_LINK, macvlan.base.value);
    message.nested(IFLA_LINKINFO, [](Message& info) {
        info.text(IFLA_INFO_KIND, "macvlan");
        info.nested(IFLA_INFO_DATA, [](Message& data) { data.u32(IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE); });
    });
    return message;
}

// What keeps it quiet, and the alias that says whose it is. As keepalived sets them, and no redirects
// (RFC 9568 8.1.1).
Message settings(const Macvlan& macvlan, bool with_ipv6) {
    Message message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, room);
    message.header(ifinfomsg{}).text(IFLA_IFNAME, macvlan.name).text(IFLA_IFALIAS, macvlan_alias);
    message.nested(IFLA_AF_SPEC, [with_ipv6](Message& families) {
        families.nested(AF_INET, [](Message& ipv4) {
            ipv4.nested(IFLA_INET_CONF, [](Message& options) {
                options.u32(IPV4_DEVCONF_ARP_IGNORE, 1)
                    .u32(IPV4_DEVCONF_ACCEPT_LOCAL, 1)
                    .u32(IPV4_DEVCONF_RP_FILTER, 0)
                    .u32(IPV4_DEVCONF_PROMOTE_SECONDARIES, 1)
                    .u32(IPV4_DEVCONF_SEND_REDIRECTS, 0);
            });
        });
        if (with_ipv6)
            families.nested(AF_INET6, [](Message& ipv6) { ipv6.u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE); });
    });
    return message;
}

// The last step: of this one the kernel tells, while the device is down, and shows the alias with it.
Message naming(const Macvlan& macvlan) {
    Message message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, room);
    message.header(ifinfomsg{}).text(IFLA_IFNAME, macvlan.name).bytes(IFLA_ADDRESS, macvlan.mac.bytes);
    return message;
}

Message switching(IfIndex index, bool up) {
    auto header = at(index);
    header.ifi_flags = up ? IFF_UP : 0;
    header.ifi_change = IFF_UP;
    Message message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, room);
    message.header(header);
    return message;
}

Message removal(IfIndex index) {
    Message message(RTM_DELLINK, NLM_F_REQUEST | NLM_F_ACK, room);
    message.header(at(index));
    return message;
}

Result<void> result_of(const std::optional<Ack>& ack) {
    if (!ack) return vrrpd::fail(EIO, "rtnetlink gave no answer");
    if (ack->code != 0) return vrrpd::fail(ack->code, ack->reason);
    return {};
}

Result<void> carry_out(Socket& socket, Message message) {
    std::vector<Message> one;
    one.push_back(std::move(message));
    const auto acks = socket.send(one);
    if (!acks) return tl::unexpected(acks.error());
    return result_of(acks->front());
}

// nullopt: there is no device of that name.
Result<std::optional<Link>> look_up(Socket& socket, const std::string& name) {
    Message message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_ACK, room);
    message.header(ifinfomsg{}).text(IFLA_IFNAME, name);
    std::optional<Link> link;
    const auto asked = socket.ask(message, "look for " + name, [&](const nlmsghdr& answer) {
        if (auto seen = decode_link(answer)) link = std::move(seen);
    });
    if (!asked && asked.error().code != ENODEV) return tl::unexpected(asked.error());
    return link;
}

// All messages in one go: they are carried out while we are in the kernel, so whoever kills us meanwhile leaves a
// device that says whose it is, or none.
Result<void> make(Socket& socket, const Macvlan& macvlan, bool with_ipv6) {
    std::vector<Message> messages;
    messages.push_back(creation(macvlan));
    messages.push_back(settings(macvlan, with_ipv6));
    messages.push_back(naming(macvlan));
    const auto acks = socket.send(messages);
    if (!acks) return tl::unexpected(acks.error());
    if (const auto created = result_of((*acks)[0]); !created) return created;
    auto set = result_of((*acks)[1]);
    if (set) set = result_of((*acks)[2]);
    if (set) return {};
    const auto made = look_up(socket, macvlan.name);
    if (made && *made) (void)carry_out(socket, removal((*made)->index));
    return set;
}

}  // namespace

Result<void> put(Socket& socket, const Macvlan& macvlan) {
    auto there = look_up(socket, macvlan.name);
    if (!there) return tl::unexpected(there.error());
    if (*there && !is_ours(**there)) return vrrpd::fail(EEXIST, "a device of that name is there, and it is not ours");
    if (*there && ((*there)->base != macvlan.base || (*there)->mac != macvlan.mac))
        return vrrpd::fail(EEXIST, "it is there, with another MAC address or over another device");
    if (!*there) {
        auto made = make(socket, macvlan, true);
        // A kernel without IPv6.
        if (!made && made.error().code == EAFNOSUPPORT) made = make(socket, macvlan, false);
        if (!made) return made;
        there = look_up(socket, macvlan.name);
        if (!there) return tl::unexpected(there.error());
        if (!*there) return vrrpd::fail(ENODEV, "it was removed at once");
        // The host's own device listens to routers; without IPv6 there is no such switch.
        (void)write_device_option(macvlan.name, DeviceOption::accept_ra, 0);
    }
    if ((*there)->admin_up == macvlan.up) return {};
    return carry_out(socket, switching((*there)->index, macvlan.up));
}

Result<void> drop(Socket& socket, const Macvlan& macvlan) {
    const auto there = look_up(socket, macvlan.name);
    if (!there) return tl::unexpected(there.error());
    if (!*there || !is_ours(**there)) return {};
    auto gone = carry_out(socket, removal((*there)->index));
    if (!gone && gone.error().code == ENODEV) return {};
    return gone;
}

}  // namespace netlink
