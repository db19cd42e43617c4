// Walking netlink messages and their attributes (libmnl's own loops are macros that C++ refuses).
// Included by this folder's sources only.
#pragma once

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>

#include <cstdint>
#include <span>

namespace netlink::nft {

// Messages of one datagram, until `each` returns false.
template <class Each>
void for_each_message(std::span<const std::uint8_t> datagram, Each each) {
    int left = static_cast<int>(datagram.size());
    const auto* header = reinterpret_cast<const nlmsghdr*>(datagram.data());
    while (mnl_nlmsg_ok(header, left)) {
        if (!each(header)) return;
        header = mnl_nlmsg_next(header, &left);
    }
}

// The outermost attributes of a netfilter message.
template <class Each>
void for_each_attribute(const nlmsghdr* header, Each each) {
    (void)mnl_attr_parse(
        header, sizeof(nfgenmsg),
        [](const nlattr* attribute, void* to) {
            (*static_cast<Each*>(to))(attribute);
            return MNL_CB_OK;
        },
        &each);
}

}  // namespace netlink::nft
