#include "netlink/types.hpp"

#include <fmt/format.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>

namespace netlink {

namespace {

// In the order of RTN_*.
constexpr std::array<std::string_view, 10> type_names = {
    "unspec", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit", "throw"};

// What the kernel makes of a route's metric 0 (IP6_RT_PRIO_USER).
std::uint32_t effective_metric(const Route& route) {
    return route.metric == 0 && route.destination.address.is_v6() ? 1024 : route.metric;
}

// An absent prefix and one of length 0 both mean "all"; host bits do not count.
std::optional<Prefix> selector(const std::optional<Prefix>& prefix) {
    if (!prefix || prefix->length == 0) return std::nullopt;
    return prefix->network();
}

std::uint32_t effective_mask(const Rule& rule) {
    return rule.fwmark != 0 && rule.fwmask == 0 ? 0xffffffff : rule.fwmask;
}

std::string device(IfIndex link, const std::string& name) {
    return name.empty() ? fmt::format("dev #{}", link.value) : "dev " + name;
}

std::string describe(const NextHop& hop, const LinkName& name_of) {
    std::string text;
    if (hop.via) text += " via " + hop.via->to_string();
    if (hop.link) text += " " + device(hop.link, name_of ? name_of(hop.link) : std::string());
    if (hop.onlink) text += " onlink";
    return text;
}

}  // namespace

std::string_view name(RouteType type) { return type_names[static_cast<std::size_t>(type)]; }

std::optional<RouteType> route_type(std::string_view name) {
    const auto found = std::find(type_names.begin() + 1, type_names.end(), name);
    if (found == type_names.end()) return std::nullopt;
    return static_cast<RouteType>(found - type_names.begin());
}

std::uint8_t effective_scope(const Route& route) {
    if (route.scope != RT_SCOPE_UNIVERSE || !leads_somewhere(route.type)) return route.scope;
    if (route.destination.address.is_v6()) return RT_SCOPE_UNIVERSE;
    if (route.type == RouteType::local) return RT_SCOPE_HOST;
    if (route.type != RouteType::unicast) return RT_SCOPE_LINK;
    const bool gateway = std::any_of(route.hops.begin(), route.hops.end(), [](const auto& hop) { return hop.via; });
    return gateway ? std::uint8_t{RT_SCOPE_UNIVERSE} : std::uint8_t{RT_SCOPE_LINK};
}

bool same_object(const Address& a, const Address& b) {
    if (a.link != b.link || a.prefix != b.prefix) return false;
    // IPv4 compares the far end's subnet (find_matching_ifa); IPv6 knows an address by itself.
    const auto far = [](const Address& x) { return Prefix{x.peer.value_or(x.prefix.address), x.prefix.length}; };
    return a.prefix.address.is_v6() || far(a).network() == far(b).network();
}

bool same_object(const Route& a, const Route& b) {
    return a.table == b.table && a.destination.network() == b.destination.network() &&
           effective_metric(a) == effective_metric(b) && (a.destination.address.is_v6() || a.tos == b.tos);
}

bool is_ours(const Link& link) { return link.kind == "macvlan" && link.alias == macvlan_alias; }

bool same_object(const Macvlan& a, const Macvlan& b) { return a.name == b.name; }

bool same_object(const Rule& a, const Rule& b) {
    return a.family == b.family && a.priority == b.priority && selector(a.from) == selector(b.from) &&
           selector(a.to) == selector(b.to) && a.iif == b.iif && a.oif == b.oif && a.fwmark == b.fwmark &&
           effective_mask(a) == effective_mask(b) && a.table == b.table &&
           a.suppress_prefix_length == b.suppress_prefix_length && a.extras == b.extras;
}

namespace {

std::string action(const Rule& rule) {
    using Action = RuleExtras::Action;
    switch (rule.extras->action) {
        case Action::go_to:
            return fmt::format(" goto {}", rule.extras->target);
        case Action::nop:
            return " nop";
        case Action::blackhole:
            return " blackhole";
        case Action::unreachable:
            return " unreachable";
        case Action::prohibit:
            return " prohibit";
        case Action::table:
            break;
    }
    return rule.extras->l3mdev ? " lookup [l3mdev-table]" : fmt::format(" lookup {}", rule.table);
}

}  // namespace

std::string describe(const Address& address, const std::string& link_name) {
    std::string text = address.prefix.to_string();
    if (address.peer) text += " peer " + address.peer->to_string();
    return text + " " + device(address.link, link_name);
}

std::string type_prefix(const Route& route) {
    return route.type == RouteType::unicast ? std::string() : fmt::format("{} ", name(route.type));
}

std::string describe(const Route& route, const LinkName& name_of) {
    auto text = type_prefix(route);
    if (route.destination.length != 0) {
        text += route.destination.network().to_string();
    } else {
        text += route.destination.address.is_v6() ? "default (IPv6)" : "default";
    }
    if (route.hops.size() == 1) {
        text += describe(route.hops.front(), name_of);
    } else {
        for (const auto& hop : route.hops) text += " nexthop" + describe(hop, name_of);
    }
    if (route.source) text += " src " + route.source->to_string();
    if (route.table != main_table) text += fmt::format(" table {}", route.table);
    if (route.metric != 0) text += fmt::format(" metric {}", route.metric);
    return text;
}

std::string describe(const Macvlan& macvlan) {
    return "virtual device " + macvlan.name + " (macvlan, " + macvlan.mac.to_string() + ")";
}

std::string describe(const Rule& rule) {
    std::string text = fmt::format("rule {}: from {}", rule.priority, rule.from ? rule.from->to_string() : "all");
    if (rule.to) text += " to " + rule.to->to_string();
    if (!rule.iif.empty()) text += " iif " + rule.iif;
    if (!rule.oif.empty()) text += " oif " + rule.oif;
    if (rule.fwmark != 0 || rule.fwmask != 0)
        text += fmt::format(" fwmark {:#x}/{:#x}", rule.fwmark, effective_mask(rule));
    text += action(rule);
    if (rule.suppress_prefix_length) text += fmt::format(" suppress_prefixlength {}", *rule.suppress_prefix_length);
    return rule.family == Family::ipv6 ? text + " (IPv6)" : text;
}

}  // namespace netlink
