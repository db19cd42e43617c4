// RTM_NEWADDR and RTM_DELADDR.
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "netlink/codec.hpp"

namespace netlink {

namespace {

constexpr std::uint32_t forever = 0xffffffff;

std::uint32_t seconds(const Lifetime& lifetime) {
    if (!lifetime) return forever;
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(lifetime->count(), 0, forever - 1));
}

Lifetime lifetime(std::uint32_t seconds) {
    if (seconds == forever) return std::nullopt;
    return std::chrono::seconds(seconds);
}

std::uint32_t flags_of(const Address& address) {
    std::uint32_t flags = 0;
    if (address.prefix.address.is_v6()) {  // IPv4 would store them and mean nothing by it
        if (address.no_dad) flags |= IFA_F_NODAD;
        if (address.home) flags |= IFA_F_HOMEADDRESS;
        if (address.manage_temporary) flags |= IFA_F_MANAGETEMPADDR;
    }
    if (address.no_prefix_route) flags |= IFA_F_NOPREFIXROUTE;
    if (address.auto_join) flags |= IFA_F_MCAUTOJOIN;
    return flags;
}

void read_flags(std::uint32_t flags, Address& address) {
    address.no_dad = (flags & IFA_F_NODAD) != 0;
    address.home = (flags & IFA_F_HOMEADDRESS) != 0;
    address.manage_temporary = (flags & IFA_F_MANAGETEMPADDR) != 0;
    address.no_prefix_route = (flags & IFA_F_NOPREFIXROUTE) != 0;
    address.auto_join = (flags & IFA_F_MCAUTOJOIN) != 0;
    // The same bit means "temporary" (privacy address) in IPv6.
    address.secondary = address.prefix.address.is_v4() && (flags & IFA_F_SECONDARY) != 0;
    address.tentative = (flags & IFA_F_TENTATIVE) != 0;
    address.dad_failed = (flags & IFA_F_DADFAILED) != 0;
    address.permanent = (flags & IFA_F_PERMANENT) != 0;
}

void read_lifetimes(vrrpd::BytesView bytes, Address& address) {
    ifa_cacheinfo times{};
    if (bytes.size() < sizeof times) return;
    std::memcpy(&times, bytes.data(), sizeof times);
    address.valid = lifetime(times.ifa_valid);
    address.preferred = lifetime(times.ifa_prefered);
}

}  // namespace

Message encode(const Address& address, int type, int flags) {
    const auto& own = address.prefix.address;
    ifaddrmsg fixed{};
    fixed.ifa_family = own.is_v4() ? AF_INET : AF_INET6;
    fixed.ifa_prefixlen = address.prefix.length;
    fixed.ifa_scope = address.scope;
    fixed.ifa_index = address.link.value;
    Message message(type, flags | NLM_F_REQUEST | NLM_F_ACK, 256 + address.label.size());
    message.header(fixed).address(IFA_LOCAL, own).address(IFA_ADDRESS, address.peer.value_or(own));
    if (type == RTM_DELADDR) return message;  // the rest would only narrow what is meant

    message.u32(IFA_FLAGS, flags_of(address)).u8(IFA_PROTO, address.protocol);
    if (address.broadcast) message.address(IFA_BROADCAST, *address.broadcast);
    if (own.is_v4() && !address.label.empty()) message.text(IFA_LABEL, address.label);
    if (address.valid || address.preferred) {
        ifa_cacheinfo times{};
        times.ifa_valid = seconds(address.valid);
        // The kernel refuses an address that is preferred for longer than it is valid.
        times.ifa_prefered = std::min(seconds(address.preferred), times.ifa_valid);
        message.bytes(IFA_CACHEINFO, {reinterpret_cast<const std::uint8_t*>(&times), sizeof times});
    }
    return message;
}

std::optional<Address> decode_address(const nlmsghdr& message) {
    const auto* fixed = fixed_header<ifaddrmsg>(message);
    if (!fixed) return std::nullopt;
    const auto attributes = Attributes::of(message, sizeof *fixed);
    if (!attributes) return std::nullopt;
    const auto far = attributes->address(IFA_ADDRESS);
    const auto own = attributes->has(IFA_LOCAL) ? attributes->address(IFA_LOCAL) : far;
    if (!own) return std::nullopt;

    Address address;
    address.link = IfIndex{fixed->ifa_index};
    address.prefix = {*own, fixed->ifa_prefixlen};
    if (far && *far != *own) address.peer = far;
    address.broadcast = attributes->address(IFA_BROADCAST);
    address.label = attributes->text(IFA_LABEL);
    address.scope = fixed->ifa_scope;
    address.protocol = attributes->u8(IFA_PROTO).value_or(0);
    read_lifetimes(attributes->bytes(IFA_CACHEINFO), address);
    read_flags(attributes->u32(IFA_FLAGS).value_or(fixed->ifa_flags), address);
    return address;
}

}  // namespace netlink
