// no_accept: packets to a virtual address end at the input hook. What is only forwarded never comes there. Neighbour
// solicitations and advertisements pass (RFC 9568 6.4.3: they must not be dropped), so the address is still found.
#include <algorithm>
#include <utility>

#include "netlink/nft/compile.hpp"

namespace netlink::nft {
namespace {

constexpr std::int32_t before_filter = filter_priority - 1;  // keepalived's

AddressSet set_of(std::span<const Refused> addresses, Family family) {
    AddressSet set{family == Family::ipv4 ? "virtual4" : "virtual6", family, {}};
    for (const auto& refused : addresses)
        if (refused.address.family() == family && !refused.address.is_link_local())
            set.members.push_back(refused.address);
    std::sort(set.members.begin(), set.members.end());
    set.members.erase(std::unique(set.members.begin(), set.members.end()), set.members.end());
    return set;
}

}  // namespace

std::optional<Table> compile_refusals(std::span<const Refused> addresses) {
    if (addresses.empty()) return std::nullopt;
    Table table{TableFamily::inet, refusals_name, {}, {}};
    Chain input{"input", ChainType::filter, Hook::input, before_filter, {}, {}};
    input.rules.push_back({NeighbourSolicitation{}, Accept{}});
    input.rules.push_back({NeighbourAdvertisement{}, Accept{}});
    // The sets and their rules stay, empty or not: a change of roles is one of elements.
    for (const auto family : {Family::ipv4, Family::ipv6}) {
        auto set = set_of(addresses, family);
        input.rules.push_back({InSet{set.name, family}, Count{}, Drop{}});
        table.sets.push_back(std::move(set));
    }
    // Another device may have the same link-local address, of its own right.
    for (const auto& refused : addresses)
        if (refused.address.is_link_local())
            input.rules.push_back(
                {InDevice{refused.device}, Destination{Prefix::host(refused.address)}, Count{}, Drop{}});
    table.chains.push_back(std::move(input));
    return table;
}

}  // namespace netlink::nft
