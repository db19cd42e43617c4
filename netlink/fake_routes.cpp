// The fake kernel's routes and rules.
#include <algorithm>
#include <cerrno>

#include "netlink/fake_kernel.hpp"

namespace netlink {

namespace {

constexpr std::uint8_t protocol_kernel = 2;  // RTPROT_KERNEL
constexpr std::uint8_t scope_link = 253;     // RT_SCOPE_LINK

bool goes_through(const Route& route, IfIndex index) {
    return !route.hops.empty() &&
           std::all_of(route.hops.begin(), route.hops.end(), [&](const NextHop& hop) { return hop.link == index; });
}

// The route that comes with an address: "10.12.14.0/24 dev lan0 proto kernel scope link src 10.12.14.4".
Route connected_route(const Address& address) {
    const bool v6 = address.prefix.address.is_v6();
    Route route;
    route.destination = Prefix{address.peer.value_or(address.prefix.address), address.prefix.length}.network();
    route.hops = {NextHop{std::nullopt, address.link, 1, false}};
    if (!v6) route.source = address.prefix.address;
    route.metric = v6 ? 256 : 0;
    route.scope = v6 ? std::uint8_t{0} : scope_link;
    route.protocol = protocol_kernel;
    return route;
}

// What the kernel makes of the values it was given.
Route normalised(Route route) {
    const bool v6 = route.destination.address.is_v6();
    route.destination = route.destination.network();
    if (v6 && route.metric == 0) route.metric = 1024;
    route.scope = effective_scope(route);
    return route;
}

bool same_hops(const Route& standing, const Route& named) {
    const auto same = [](const NextHop& a, const NextHop& b) {
        return a.via == b.via && (!b.link || a.link == b.link);
    };
    return std::equal(standing.hops.begin(), standing.hops.end(), named.hops.begin(), named.hops.end(), same);
}

}  // namespace

template <class Predicate>
void FakeKernel::drop_routes(Predicate&& predicate) {
    routes_.erase(std::remove_if(routes_.begin(), routes_.end(), predicate), routes_.end());
}

void FakeKernel::drop_routes_through(IfIndex index, Family family) {
    drop_routes(
        [&](const Route& route) { return route.destination.address.family() == family && goes_through(route, index); });
}

void FakeKernel::connect(const Address& address) {
    const auto* link = find_link(address.link);
    if (!link->admin_up || address.secondary || address.no_prefix_route) return;
    if (address.prefix.address.is_v4() && address.prefix.length == 32 && !address.peer) return;
    const auto route = connected_route(address);
    const auto standing = [&](const Route& other) { return same_object(other, route) && same_hops(other, route); };
    if (std::any_of(routes_.begin(), routes_.end(), standing)) return;
    routes_.push_back(route);
    tell(RouteAdded{route});
}

void FakeKernel::disconnect(const Address& address) {
    const auto route = connected_route(address);
    const auto family = address.prefix.address.family();
    const auto needs_it = [&](const Held& held) {
        return family == Family::ipv6 && same_object(connected_route(held.address), route) &&
               held.address.link == address.link;
    };
    if (std::none_of(addresses_.begin(), addresses_.end(), needs_it)) {
        const auto found = std::find(routes_.begin(), routes_.end(), route);
        if (found != routes_.end()) {
            tell(RouteGone{*found});
            routes_.erase(found);
        }
    }
    if (!is_own(address.prefix.address)) {
        drop_routes([&](const Route& other) { return other.source == address.prefix.address; });
    }
    const auto same_family_here = [&](const Held& held) {
        return held.address.link == address.link && held.address.prefix.address.family() == family;
    };
    if (family == Family::ipv4 && std::none_of(addresses_.begin(), addresses_.end(), same_family_here)) {
        drop_routes_through(address.link, family);  // the last IPv4 address takes the device's IPv4 along
    }
}

int FakeKernel::check(const NextHop& hop, Family family) const {
    const auto* link = find_link(hop.link);
    if (hop.link && !link) return ENODEV;
    if (link && !link->admin_up) return ENETDOWN;
    if (!hop.via) return link ? 0 : ENODEV;
    if (hop.onlink) return link ? 0 : ENODEV;
    const bool on_link = std::any_of(routes_.begin(), routes_.end(), [&](const Route& route) {
        return route.table == main_table && route.destination.contains(*hop.via) && !route.hops.empty() &&
               !route.hops.front().via && (!hop.link || route.hops.front().link == hop.link);
    });
    if (on_link || hop.via->is_link_local()) return 0;
    return family == Family::ipv4 ? ENETUNREACH : EHOSTUNREACH;
}

int FakeKernel::check(const Route& route) const {
    if (route.source && !is_own(*route.source)) return EINVAL;
    for (const auto& hop : route.hops) {
        if (const int code = check(hop, route.destination.address.family())) return code;
    }
    return leads_somewhere(route.type) && route.hops.empty() ? ENODEV : 0;
}

int FakeKernel::add(const Route& wanted) {
    if (const int code = check(wanted)) return code;
    const auto route = normalised(wanted);
    const auto same = [&](const Route& other) { return same_object(other, route); };
    const auto twin = std::find_if(routes_.begin(), routes_.end(), same);
    if (twin == routes_.end()) {
        routes_.push_back(route);
    } else if (twin->protocol == route.protocol) {
        if (*twin == route) return 0;
        *twin = route;
    } else if (route.destination.address.is_v4()) {
        routes_.insert(twin, route);  // in front of the stranger's
    } else {
        return EEXIST;
    }
    tell(RouteAdded{route});
    return 0;
}

void FakeKernel::remove(const Route& wanted) {
    const auto route = normalised(wanted);
    const auto found = std::find_if(routes_.begin(), routes_.end(), [&](const Route& other) {
        return same_object(other, route) && other.protocol == route.protocol && other.type == route.type &&
               same_hops(other, route) && (!route.source || other.source == route.source);
    });
    if (found == routes_.end()) return;
    tell(RouteGone{*found});
    routes_.erase(found);
}

int FakeKernel::add(const Rule& rule) {
    const auto same = [&](const Rule& other) { return same_object(other, rule); };
    if (std::any_of(rules_.begin(), rules_.end(), same)) return 0;
    const auto later = [&](const Rule& other) { return other.priority > rule.priority; };
    rules_.insert(std::find_if(rules_.begin(), rules_.end(), later), rule);
    tell(RuleAdded{rule});
    return 0;
}

void FakeKernel::remove(const Rule& rule) {
    const auto found = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& other) {
        return same_object(other, rule) && other.protocol == rule.protocol;
    });
    if (found == rules_.end()) return;
    tell(RuleGone{*found});
    rules_.erase(found);
}

}  // namespace netlink
