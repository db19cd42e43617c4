#include "vrrpd/engine/core/world.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace vrrpd::engine {

namespace {

template <class T>
void put(std::vector<T>& list, const T& object) {
    const auto at = std::find_if(list.begin(), list.end(), [&](const T& x) { return same_object(x, object); });
    if (at == list.end())
        list.push_back(object);
    else
        *at = object;
}

template <class T>
void drop(std::vector<T>& list, const T& object) {
    std::erase_if(list, [&](const T& x) { return same_object(x, object); });
}

template <class T>
const T* find_in(const std::vector<T>& list, const T& like) {
    const auto at = std::find_if(list.begin(), list.end(), [&](const T& x) { return same_object(x, like); });
    return at == list.end() ? nullptr : &*at;
}

struct Applier {
    netlink::Snapshot& picture;

    void operator()(const netlink::LinkChanged& change) const {
        const auto at = std::find_if(picture.links.begin(), picture.links.end(),
                                     [&](const auto& link) { return link.index == change.link.index; });
        if (at == picture.links.end())
            picture.links.push_back(change.link);
        else
            *at = change.link;
    }
    void operator()(const netlink::LinkGone& change) const {
        const auto index = change.link.index;
        std::erase_if(picture.links, [&](const auto& link) { return link.index == index; });
        std::erase_if(picture.addresses, [&](const auto& address) { return address.link == index; });
    }
    void operator()(const netlink::AddressAdded& change) const { put(picture.addresses, change.address); }
    void operator()(const netlink::AddressGone& change) const { drop(picture.addresses, change.address); }
    void operator()(const netlink::RouteAdded& change) const { put(picture.routes, change.route); }
    void operator()(const netlink::RouteGone& change) const { drop(picture.routes, change.route); }
    void operator()(const netlink::RuleAdded& change) const { put(picture.rules, change.rule); }
    void operator()(const netlink::RuleGone& change) const { drop(picture.rules, change.rule); }
    void operator()(const netlink::Overrun&) const {}
};

}  // namespace

void World::follow(netlink::RouteInterest interest) {
    interest_ = std::move(interest);
    let_routes_go();
}

void World::let_routes_go() {
    std::erase_if(picture_.routes, [this](const netlink::Route& route) { return !interest_.covers(route); });
    picture_.routes.shrink_to_fit();
}

bool World::is_concerned_by(const netlink::Change& change) const {
    if (const auto* added = std::get_if<netlink::RouteAdded>(&change)) return interest_.covers(added->route);
    if (const auto* gone = std::get_if<netlink::RouteGone>(&change)) return interest_.covers(gone->route);
    return true;
}

void World::reset(netlink::Snapshot snapshot, netlink::RouteInterest read) {
    picture_ = std::move(snapshot);
    read_ = std::move(read);
    let_routes_go();
    tidy();
}

void World::apply(const netlink::Change& change) {
    if (is_concerned_by(change)) std::visit(Applier{picture_}, change);
}

void World::tidy() {
    picture_.addresses.shrink_to_fit();
    picture_.routes.shrink_to_fit();
    picture_.rules.shrink_to_fit();
}

std::string World::link_name(IfIndex index) const {
    const auto* known = link(index);
    return known ? known->name : "?";
}

const netlink::Address* World::find(const netlink::Address& like) const { return find_in(picture_.addresses, like); }
const netlink::Route* World::find(const netlink::Route& like) const { return find_in(picture_.routes, like); }
const netlink::Rule* World::find(const netlink::Rule& like) const { return find_in(picture_.rules, like); }

IfIndex World::device_of(const IpAddress& address) const {
    for (const auto& held : picture_.addresses)
        if (held.prefix.address == address) return held.link;
    return {};
}

std::optional<netlink::NextHop> World::default_hop(IfIndex device, Family family) const {
    const netlink::Route* best = nullptr;
    for (const auto& route : picture_.routes) {
        if (route.table != netlink::main_table || route.destination.length != 0) continue;
        if (route.destination.address.family() != family || route.hops.empty()) continue;
        if (route.hops.front().link != device) continue;
        if (!best || route.metric < best->metric) best = &route;
    }
    return best ? std::optional(best->hops.front()) : std::nullopt;
}

}  // namespace vrrpd::engine
