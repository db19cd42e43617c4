#include "vrrpd/engine/core/bfd_place.hpp"

#include <algorithm>

namespace vrrpd::engine {

namespace {

bool reaches(const netlink::Address& address, const IpAddress& neighbor) {
    if (address.peer) return *address.peer == neighbor;
    return address.prefix.address.family() == neighbor.family() && address.prefix.contains(neighbor);
}

bool is_ours_to_use(const netlink::Address& address, std::span<const IpAddress> virtual_addresses) {
    return !address.tentative && !address.dad_failed &&
           !std::binary_search(virtual_addresses.begin(), virtual_addresses.end(), address.prefix.address);
}

BfdPlace link_local_place(const config::BfdInstance& session, const World& world) {
    BfdPlace place{{}, session.source};
    if (session.source) place.link = world.device_of(*session.source);
    const auto* link = place.link ? world.link(place.link) : world.link(session.device);
    if (!link) return place;
    place.link = link->index;
    for (const auto& address : world.addresses())
        if (!place.source && address.link == link->index && address.prefix.address.is_v6() &&
            address.prefix.address.is_link_local() && is_ours_to_use(address, {}))
            place.source = address.prefix.address;
    return place;
}

}  // namespace

BfdPlace place_of(const config::BfdInstance& session, const World& world,
                  std::span<const IpAddress> virtual_addresses) {
    BfdPlace place{{}, session.source};
    if (session.multihop) return place;
    if (session.neighbor.is_v6() && session.neighbor.is_link_local()) return link_local_place(session, world);
    for (const auto& address : world.addresses()) {
        if (!reaches(address, session.neighbor)) continue;
        const auto* link = world.link(address.link);
        if (!link || link->loopback) continue;
        if (session.source ? *session.source != address.prefix.address : !is_ours_to_use(address, virtual_addresses))
            continue;
        return {address.link, address.prefix.address};
    }
    return place;
}

}  // namespace vrrpd::engine
