// RTM_NEWNEIGH, read only.
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <cstring>

#include "netlink/codec.hpp"

namespace netlink {

namespace {

// Times are told in hundredths of a second, whatever the kernel's own clock is (USER_HZ).
constexpr std::chrono::milliseconds tick{10};

}  // namespace

std::optional<Neighbour> decode_neighbour(const nlmsghdr& message) {
    const auto* fixed = fixed_header<ndmsg>(message);
    const auto attributes = fixed ? Attributes::of(message, sizeof *fixed) : std::nullopt;
    if (!attributes) return std::nullopt;
    const auto address = attributes->address(NDA_DST);
    const auto times = attributes->bytes(NDA_CACHEINFO);
    nda_cacheinfo cache{};
    if (!address || times.size() < sizeof cache) return std::nullopt;
    std::memcpy(&cache, times.data(), sizeof cache);

    Neighbour neighbour;
    neighbour.link = IfIndex{static_cast<std::uint32_t>(fixed->ndm_ifindex)};
    neighbour.address = *address;
    neighbour.mac = attributes->mac(NDA_LLADDR);  // only told while it is thought to be right
    neighbour.confirmed = cache.ndm_confirmed * tick;
    return neighbour;
}

}  // namespace netlink
