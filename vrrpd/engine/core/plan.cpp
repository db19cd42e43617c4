#include "vrrpd/engine/core/plan.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

#include "vrrpd/config/diff.hpp"
#include "vrrpd/proto/timers.hpp"

namespace vrrpd::engine {

namespace {

void add_addresses(const std::vector<config::VirtualAddress>& from, const World& world,
                   std::vector<netlink::Address>& into) {
    // The file may name one twice, to be advertised twice. The kernel has an IPv4 address once with each length.
    std::set<std::tuple<IfIndex, IpAddress, unsigned>> seen;
    for (const auto& vip : from) {
        const auto* link = world.link(vip.device);
        const auto length = vip.prefix.address.is_v4() ? vip.prefix.length : 0U;
        if (link && seen.emplace(link->index, vip.prefix.address, length).second)
            into.push_back(kernel_address(vip, link->index));
    }
}

template <class Routes>
void add_routes(const Routes& routes, const World& world, std::vector<netlink::Route>& into) {
    for (const auto& item : routes) {
        auto route = item.route;
        for (const auto& hop : item.hops) {
            const auto* link = hop.device.empty() ? nullptr : world.link(hop.device);
            if (!hop.device.empty() && !link) continue;
            route.hops.push_back({hop.via, link ? link->index : IfIndex{}, hop.weight, hop.onlink, hop.realms});
        }
        if (route.hops.size() == item.hops.size()) into.push_back(std::move(route));
    }
}

// The default route of the gateway in a table of its own, behind two rules.
void add_gateway_route(const Followed& followed, const World& world, IfIndex wan, Desired& into) {
    const auto& config = *followed.gateway->wan;
    const auto family = config.via ? config.via->family() : Family::ipv4;
    const auto learnt = config.via ? std::nullopt : world.default_hop(wan, family);
    if (!config.via && !learnt) return;
    const auto number = static_cast<std::uint32_t>(followed.number);
    netlink::Route route;
    route.destination = Prefix{*IpAddress::parse(family == Family::ipv4 ? "0.0.0.0" : "::"), 0};
    const auto held = std::find_if(config.fixed().begin(), config.fixed().end(),
                                   [&](const Prefix& address) { return address.address.family() == family; });
    const bool holds = held != config.fixed().end();
    // On-link: with a held address alone, the next hop need not lie in a prefix of ours yet.
    route.hops.push_back({config.via ? config.via : learnt->via, wan, 1, config.via && holds});
    if (holds) route.source = held->address;
    route.table = gateway_table_base + number;
    into.routes.push_back(route);

    netlink::Rule rule;
    rule.family = family;
    rule.priority = gateway_rule_base + 2 * number;
    rule.suppress_prefix_length = 0;
    into.rules.push_back(rule);
    rule.priority += 1;
    rule.suppress_prefix_length.reset();
    rule.table = route.table;
    into.rules.push_back(rule);
}

void add_wan(const Followed& followed, const World& world, Desired& into) {
    const auto& config = followed.gateway->wan;
    const auto* wan = config ? world.link(config->device) : nullptr;
    if (!wan) return;
    for (const auto& held : config->held) {
        netlink::Address address;
        address.link = wan->index;
        address.prefix = held;
        address.no_dad = held.address.is_v6();
        address.protocol = netlink::protocol_keepalived;
        into.addresses.push_back(address);
    }
    add_gateway_route(followed, world, wan->index, into);
}

bool stands(const netlink::Address& address, const World& world) { return world.find(address) != nullptr; }
bool stands(const netlink::Rule& rule, const World& world) { return world.find(rule) != nullptr; }
// A route of ours that leads elsewhere now (`via auto` learnt another next hop) is missing too.
bool stands(const netlink::Route& route, const World& world) {
    if (!world.has_read(route)) return true;  // as far as anybody knows; the audit that reads it is on its way
    const auto* there = world.find(route);
    if (!there || there->hops.size() != route.hops.size()) return false;
    return std::equal(route.hops.begin(), route.hops.end(), there->hops.begin(),
                      [](const netlink::NextHop& a, const netlink::NextHop& b) {
                          return a.via == b.via && (!a.link || a.link == b.link);
                      });
}

template <class T>
std::vector<T> not_found(const std::vector<T>& wanted, const World& world) {
    std::vector<T> result;
    std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(result),
                 [&](const T& object) { return !stands(object, world); });
    return result;
}

template <class T>
std::vector<T> without(const std::vector<T>& all, const std::vector<T>& others) {
    std::vector<T> result;
    std::copy_if(all.begin(), all.end(), std::back_inserter(result), [&](const T& object) {
        return std::none_of(others.begin(), others.end(), [&](const T& other) { return same_object(other, object); });
    });
    return result;
}

template <class T>
std::vector<T> renewed(const std::vector<T>& before, const std::vector<T>& after) {
    std::vector<T> result;
    for (const auto& object : after)
        if (std::find(before.begin(), before.end(), object) == before.end()) result.push_back(object);
    return result;
}

template <class T>
void unite(std::vector<T>& into, const std::vector<T>& newer) {
    for (const auto& object : newer) {
        const auto at =
            std::find_if(into.begin(), into.end(), [&](const T& other) { return same_object(other, object); });
        if (at == into.end())
            into.push_back(object);
        else
            *at = object;
    }
}

template <class T>
void append_removals(const std::vector<T>& objects, std::vector<netlink::Request>& into) {
    std::for_each(objects.rbegin(), objects.rend(), [&](const T& object) { into.push_back(netlink::Delete{object}); });
}

}  // namespace

Followed followed_by(const config::Instance& instance, const config::Config& config) {
    const auto* group = instance.sync_group ? &config.sync_groups[*instance.sync_group] : nullptr;
    for (std::uint32_t i = 0; i < config.gateways.size(); ++i) {
        const auto& gateway = config.gateways[i];
        if (gateway.follows == instance.name) return {&gateway, i};
        if (!group || gateway.follows != group->name) continue;
        const auto members = config.followed_by(gateway);
        if (std::find(members.begin(), members.end(), &instance) != members.end())
            return {&gateway, i, members.front() == &instance};
    }
    return {};
}

Desired without(const Desired& all, const Desired& others) {
    return {without(all.addresses, others.addresses), without(all.routes, others.routes),
            without(all.rules, others.rules)};
}

Desired renewed(const Desired& before, const Desired& after) {
    return {renewed(before.addresses, after.addresses), renewed(before.routes, after.routes),
            renewed(before.rules, after.rules)};
}

void unite(Desired& into, const Desired& newer) {
    unite(into.addresses, newer.addresses);
    unite(into.routes, newer.routes);
    unite(into.rules, newer.rules);
}

std::chrono::seconds dead_man(Duration down_interval) {
    return std::max(std::chrono::seconds(5), std::chrono::ceil<std::chrono::seconds>(3 * down_interval));
}

netlink::Address kernel_address(const config::VirtualAddress& vip, IfIndex link) {
    netlink::Address address;
    address.link = link;
    address.prefix = vip.prefix;
    address.peer = vip.extras->peer;
    address.broadcast = vip.extras->broadcast;
    address.label = vip.extras->label;
    address.scope = vip.scope;
    address.preferred = vip.extras->preferred;
    address.no_dad = vip.prefix.address.is_v6() && !vip.dad;
    address.home = vip.home;
    address.manage_temporary = vip.manage_temporary;
    address.no_prefix_route = vip.no_prefix_route;
    address.auto_join = vip.auto_join;
    address.protocol = netlink::protocol_keepalived;
    return address;
}

Desired desired(const config::Instance& instance, const Followed& followed, const World& world) {
    Desired result;
    add_addresses(instance.addresses, world, result.addresses);
    add_addresses(instance.excluded_addresses, world, result.addresses);
    add_routes(instance.routes, world, result.routes);
    for (const auto& item : instance.rules) result.rules.push_back(item.rule);
    if (!followed.gateway) return result;

    if (followed.leads) add_wan(followed, world, result);
    const auto& timing = instance.parameters;
    const auto lifetime = dead_man(
        proto::down_interval(timing.version, timing.priority, timing.advert_interval, timing.down_timer_adverts));
    for (auto& address : result.addresses) {
        address.valid = lifetime;
        // The kernel refuses a preferred lifetime beyond the valid one; zero (deprecated) stays.
        if (!address.preferred || *address.preferred > lifetime) address.preferred = lifetime;
    }
    return result;
}

bool has_address(const config::Instance& instance, const Followed& followed, const IpAddress& address,
                 std::string_view device) {
    if (config::has_address(instance, address, device)) return true;
    const auto* gateway = followed.gateway;
    return gateway && gateway->wan && followed.leads && (device.empty() || gateway->wan->device == device) &&
           std::any_of(gateway->wan->held.begin(), gateway->wan->held.end(),
                       [&](const Prefix& held) { return held.address == address; });
}

Desired desired(const config::StaticEntries& entries, const World& world) {
    Desired result;
    add_addresses(entries.addresses, world, result.addresses);
    add_routes(entries.routes, world, result.routes);
    for (const auto& item : entries.rules) result.rules.push_back(item.rule);
    return result;
}

Desired untracked(const config::Instance& instance, const World& world) {
    const auto is_untracked = [](const auto& item) { return !item.track; };
    std::vector<config::VirtualRoute> routes;
    std::copy_if(instance.routes.begin(), instance.routes.end(), std::back_inserter(routes), is_untracked);
    Desired result;
    add_routes(routes, world, result.routes);
    for (const auto& item : instance.rules)
        if (is_untracked(item)) result.rules.push_back(item.rule);
    return result;
}

netlink::RouteInterest routes_of(const config::Config& config) {
    std::vector<Prefix> destinations;
    const auto add = [&](const auto& routes) {
        for (const auto& item : routes) destinations.push_back(item.route.destination);
    };
    for (const auto& instance : config.instances) add(instance.routes);
    add(config.statics->routes);
    return netlink::RouteInterest(std::move(destinations));
}

std::vector<netlink::Request> additions(const Desired& wanted) {
    std::vector<netlink::Request> requests;
    for (const auto& address : wanted.addresses) requests.push_back(netlink::Add{address});
    for (const auto& route : wanted.routes) requests.push_back(netlink::Add{route});
    for (const auto& rule : wanted.rules) requests.push_back(netlink::Add{rule});
    return requests;
}

std::vector<netlink::Request> removals(const Desired& wanted) {
    std::vector<netlink::Request> requests;
    append_removals(wanted.rules, requests);
    append_removals(wanted.routes, requests);
    append_removals(wanted.addresses, requests);
    return requests;
}

Desired missing(const Desired& wanted, const World& world) {
    return {not_found(wanted.addresses, world), not_found(wanted.routes, world), not_found(wanted.rules, world)};
}

}  // namespace vrrpd::engine
