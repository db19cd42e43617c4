#include "netlink/kernel.hpp"

#include <algorithm>
#include <utility>

namespace netlink {

namespace {

template <class Predicate>
const Link* find_link(const std::vector<Link>& links, Predicate&& predicate) {
    const auto found = std::find_if(links.begin(), links.end(), predicate);
    return found == links.end() ? nullptr : &*found;
}

struct Describe {
    std::string operator()(const Address& address) const {
        return describe(address, name_of ? name_of(address.link) : std::string());
    }
    std::string operator()(const Route& route) const { return describe(route, name_of); }
    std::string operator()(const Rule& rule) const { return describe(rule); }
    std::string operator()(const Macvlan& macvlan) const { return describe(macvlan) + (macvlan.up ? ", up" : ""); }
    const LinkName& name_of;
};

struct SameObject {
    template <class Object>
    bool operator()(const Object& a, const Object& b) const {
        return same_object(a, b);
    }
    template <class One, class Other>
    bool operator()(const One&, const Other&) const {
        return false;
    }
};

}  // namespace

const Link* Snapshot::link(IfIndex index) const {
    return find_link(links, [&](const Link& link) { return link.index == index; });
}

const Link* Snapshot::link(std::string_view name) const {
    return find_link(links, [&](const Link& link) { return link.name == name; });
}

RouteInterest::RouteInterest(std::vector<Prefix> destinations) : destinations_(std::move(destinations)) {
    for (auto& destination : *destinations_) destination = destination.network();
    std::sort(destinations_->begin(), destinations_->end());
    destinations_->erase(std::unique(destinations_->begin(), destinations_->end()), destinations_->end());
}

bool RouteInterest::covers(const Route& route) const {
    return !destinations_ || route.destination.length == 0 ||
           std::binary_search(destinations_->begin(), destinations_->end(), route.destination.network());
}

std::optional<std::vector<std::uint8_t>> RouteInterest::lengths() const {
    if (!destinations_) return std::nullopt;
    std::vector<std::uint8_t> lengths{0};
    for (const auto& destination : *destinations_) lengths.push_back(destination.length);
    std::sort(lengths.begin(), lengths.end());
    lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
    return lengths;
}

const Object& object_of(const Request& request) {
    const auto* add = std::get_if<Add>(&request);
    return add ? add->object : std::get<Delete>(request).object;
}

bool same_object(const Object& a, const Object& b) { return std::visit(SameObject{}, a, b); }

std::string describe(const Request& request, const LinkName& name_of) {
    const bool add = std::holds_alternative<Add>(request);
    return (add ? "add " : "delete ") + std::visit(Describe{name_of}, object_of(request));
}

}  // namespace netlink
