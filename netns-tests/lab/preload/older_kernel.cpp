// Loaded before the C library into a program that is to run on an older kernel (LD_PRELOAD; see lab/kernel.hpp). What
// that kernel would not have is asked for, by netlink, under a name or number that this one does not have either: the
// refusal is the kernel's own, with its own code. Nothing else is changed.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <linux/if_link.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace {

using Bytes = std::span<std::uint8_t>;

// An attribute and its value as they lie in a message, and the value that is written in its place.
template <std::size_t size>
void replace(Bytes in, std::uint16_t type, const std::array<std::uint8_t, size>& value,
             const std::array<std::uint8_t, size>& other) {
    const nlattr header{sizeof(nlattr) + size, type};
    std::array<std::uint8_t, sizeof header + size> wanted{};
    std::memcpy(wanted.data(), &header, sizeof header);
    std::copy(value.begin(), value.end(), wanted.begin() + sizeof header);
    const auto at = std::search(in.begin(), in.end(), wanted.begin(), wanted.end());
    if (at != in.end()) std::copy(other.begin(), other.end(), at + sizeof header);
}

void without_macvlan(const nlmsghdr&, Bytes message) {
    replace<8>(message, IFLA_INFO_KIND, {'m', 'a', 'c', 'v', 'l', 'a', 'n', 0}, {'n', 'o', 't', 'h', 'i', 'n', 'g', 0});
}

// Before Linux 5.16 the family netdev knew one hook.
void without_netdev_egress(const nlmsghdr& header, Bytes message) {
    if (header.nlmsg_type != ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWCHAIN)) return;
    nfgenmsg about{};
    std::memcpy(&about, message.data() + NLMSG_HDRLEN, sizeof about);
    if (about.nfgen_family == NFPROTO_NETDEV)
        replace<4>(message, NFTA_HOOK_HOOKNUM, {0, 0, 0, NF_NETDEV_EGRESS}, {0, 0, 0, NF_NETDEV_NUMHOOKS});
}

void make_older(Bytes all) {
    const char* const chosen = std::getenv("LAB_KERNEL_WITHOUT");
    const std::string_view what = chosen != nullptr ? chosen : "";
    while (all.size() >= NLMSG_HDRLEN + sizeof(nfgenmsg)) {
        nlmsghdr header{};
        std::memcpy(&header, all.data(), sizeof header);
        const auto length = std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), all.size());
        if (length < NLMSG_HDRLEN + sizeof(nfgenmsg)) return;
        if (what == "macvlan") without_macvlan(header, all.first(length));
        if (what == "netdev-egress") without_netdev_egress(header, all.first(length));
        all = all.subspan(length);
    }
}

}  // namespace

// NOLINTNEXTLINE(readability-function-size): the C library says how many parameters it has
extern "C" ssize_t sendto(int fd, const void* data, std::size_t size, int flags, const sockaddr* to, socklen_t length) {
    static const auto real = reinterpret_cast<decltype(&sendto)>(dlsym(RTLD_NEXT, "sendto"));
    if (to == nullptr || to->sa_family != AF_NETLINK) return real(fd, data, size, flags, to, length);
    const auto* const first = static_cast<const std::uint8_t*>(data);
    std::vector<std::uint8_t> copy(first, first + size);
    make_older(copy);
    return real(fd, copy.data(), copy.size(), flags, to, length);
}
