#include "vrrpd/engine/core/dump_words.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <numeric>

#include "vrrpd/config/route_metrics.hpp"
#include "vrrpd/ipc/dump.hpp"

namespace vrrpd::engine {

namespace {

// Without the length of a single address.
std::string short_text(const Prefix& prefix) {
    const unsigned whole = prefix.address.is_v4() ? 32 : 128;
    return prefix.length == whole ? prefix.address.to_string() : prefix.to_string();
}

std::string scope_name(std::uint8_t scope) {
    switch (scope) {
        case 0:
            return "global";
        case 200:
            return "site";
        case 253:
            return "link";
        case 254:
            return "host";
        case 255:
            return "nowhere";
        default:
            return std::to_string(scope);
    }
}

std::string lifetime_text(const config::VirtualAddress& address) {
    if (address.prefix.address.is_v4()) return {};
    const auto& preferred = address.extras->preferred;
    if (!preferred) return " preferred_lft forever";
    if (preferred->count() == 0) return " deprecated";
    return fmt::format(" preferred_lft {}", preferred->count());
}

std::string hop_text(const config::VirtualRoute::Hop& hop) {
    std::string text;
    if (hop.via) text += fmt::format(" via {} {}", hop.via->is_v4() ? "inet" : "inet6", hop.via->to_string());
    if (!hop.device.empty()) text += " dev " + hop.device;
    if (hop.onlink) text += " onlink";
    return text;
}

std::string realms_text(std::uint32_t realms) {
    const auto from = realms >> 16, to = realms & 0xffff;
    return from == 0 ? fmt::format(" realm {}", to) : fmt::format(" realms {}/{}", from, to);
}

// RFC 4191 2.1
std::string_view preference_name(std::uint8_t preference) {
    return preference == 3 ? "low" : preference == 1 ? "high" : "medium";
}

std::string metrics_text(const netlink::Route& route) {
    const auto& extras = *route.extras;
    const auto locked = std::find_if(extras.metrics.begin(), extras.metrics.end(),
                                     [](const auto& metric) { return metric.kind == RTAX_LOCK; });
    const auto lock = [&](unsigned kind) {
        return locked != extras.metrics.end() && (locked->value >> kind & 1) != 0 ? " lock" : "";
    };
    std::string text;
    if (route.mtu != 0) text += fmt::format(" mtu{} {}", lock(RTAX_MTU), route.mtu);
    if (!extras.congestion_control.empty())
        text += fmt::format(" congctl{} {}", lock(RTAX_CC_ALGO), extras.congestion_control);
    for (const auto& metric : extras.metrics) {
        if (metric.kind == RTAX_FEATURES) text += " features ecn";
        const auto known = std::find_if(config::route_metric_words.begin(), config::route_metric_words.end(),
                                        [&](const auto& word) { return word.kind == metric.kind; });
        if (known == config::route_metric_words.end()) continue;
        const bool is_time = known->unit != config::MetricUnit::number;
        text += fmt::format(" {}{} {}{}", known->name, lock(metric.kind), metric.value / per_millisecond(known->unit),
                            is_time ? "ms" : "");
    }
    return text;
}

std::string range_text(std::string_view word, const netlink::NumberRange& range) {
    return fmt::format(" {} {}-{}", word, range.first, range.last);
}

std::string action_text(const netlink::Rule& rule) {
    using Action = netlink::RuleExtras::Action;
    switch (rule.extras->action) {
        case Action::table:
            return fmt::format(" lookup {}", rule.table);
        case Action::go_to:
            return fmt::format(" goto {}", rule.extras->target);
        case Action::nop:
            return " nop";
        case Action::blackhole:
            return " type blackhole";
        case Action::unreachable:
            return " type unreachable";
        case Action::prohibit:
            return " type prohibit";
    }
    return {};
}

std::string dumped(const config::VirtualAddress& address, std::string_view device, bool set) {
    const auto& extras = *address.extras;
    auto text = short_text(address.prefix);
    if (extras.broadcast) text += " brd " + extras.broadcast->to_string();
    text += fmt::format(" dev {} scope ", device) + scope_name(address.scope);
    if (!extras.label.empty()) text += " label " + extras.label;
    if (extras.peer) text += fmt::format(" peer {}/{}", extras.peer->to_string(), address.prefix.length);
    if (address.home) text += " home";
    if (address.manage_temporary) text += " mngtmpaddr";
    if (address.no_prefix_route) text += " noprefixroute";
    if (address.auto_join) text += " autojoin";
    if (address.dad) text += " -nodad";
    text += lifetime_text(address);
    if (!address.track) text += " no_track";
    return set ? text + " set" : text;
}

}  // namespace

std::string dumped(const config::VirtualAddress& address, bool set) { return dumped(address, address.device, set); }

std::string dumped(const config::VirtualAddress& address, const config::Instance& instance, bool set) {
    const auto* device = instance.virtual_device(address.device);
    return dumped(address, device == nullptr ? address.device : device->name + '@' + device->base, set);
}

const config::VirtualDevice* own_device(const config::Instance& instance) {
    const auto& devices = instance.virtual_mac->devices;
    return !devices.empty() && devices.front().base == instance.interface ? &devices.front() : nullptr;
}

std::string dumped(const config::VirtualRoute& line) {
    const auto& route = line.route;
    auto text = (route.type == netlink::RouteType::unicast ? "prepend " : "add ") + type_prefix(route) +
                route.destination.to_string();
    if (route.source) text += " src " + route.source->to_string();
    if (route.tos != 0) text += fmt::format(" tos {}", route.tos);
    if (line.hops.size() == 1) text += hop_text(line.hops.front());
    if (route.table != netlink::main_table) text += fmt::format(" table {}", route.table);
    text += fmt::format(" proto {}", route.protocol);
    if (route.scope != RT_SCOPE_UNIVERSE) text += fmt::format(" scope {}", route.scope);
    if (route.metric != 0) text += fmt::format(" metric {}", route.metric);
    if (route.extras->realms != 0) text += realms_text(route.extras->realms);
    text += metrics_text(route);
    if (route.extras->preference) text += fmt::format(" pref {}", preference_name(*route.extras->preference));
    if (line.hops.size() > 1)
        for (const auto& hop : line.hops)
            text += fmt::format(" nexthop{} weight {}{}", hop_text(hop), hop.weight,
                                hop.realms != 0 ? realms_text(hop.realms) : "");
    return line.track ? text : text + " no_track";
}

std::string dumped(const config::VirtualRule& line) {
    const auto& rule = line.rule;
    const auto& extras = *rule.extras;
    std::string text = extras.invert ? "not from " : "from ";
    text += rule.from ? short_text(*rule.from) : std::string("all");
    if (rule.to) text += " to " + short_text(*rule.to);
    text += fmt::format(" priority {} tos {:#x}", rule.priority, extras.tos);
    if (rule.fwmark != 0) text += fmt::format(" fwmark {:#x}", rule.fwmark);
    if (rule.fwmask != 0) text += fmt::format("/{:#x}", rule.fwmask);
    if (!rule.iif.empty()) text += " iif " + rule.iif;
    if (!rule.oif.empty()) text += " oif " + rule.oif;
    if (rule.suppress_prefix_length) text += fmt::format(" suppress_prefixlen {}", *rule.suppress_prefix_length);
    if (extras.suppress_group) text += fmt::format(" suppress_ifgroup {}", *extras.suppress_group);
    if (extras.tunnel != 0) text += fmt::format(" tunnel-id {}", extras.tunnel);
    if (extras.uids) text += range_text("uidrange", *extras.uids);
    if (extras.l3mdev) text += " l3mdev";
    text += fmt::format(" protocol {}", rule.protocol);
    if (extras.ip_protocol != 0) text += fmt::format(" ipproto {}", extras.ip_protocol);
    if (extras.source_ports) text += range_text("sport", *extras.source_ports);
    if (extras.destination_ports) text += range_text("dport", *extras.destination_ports);
    if (extras.realms != 0) text += realms_text(extras.realms);
    text += action_text(rule);
    return line.track ? text : text + " no_track";
}

std::string dumped(const config::Script& script) { return ipc::quoted(script.words); }

std::int64_t whole_seconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

double in_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string time_text(std::chrono::microseconds wall) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(wall);
    const auto fraction = (wall - seconds).count();
    const auto local = fmt::localtime(static_cast<std::time_t>(seconds.count()));
    return fmt::format("{}.{:06} ({:%a %b %e %H:%M:%S}.{:06} {:%Y})", seconds.count(), fraction, local, fraction,
                       local);
}

ProcessDelay delay_of(const Trackers::ProcessState& state, const config::TrackedProcess& process) {
    const bool enough = state.running >= process.quorum && state.running <= process.quorum_max.value_or(UINT32_MAX);
    if (enough == state.up) return ProcessDelay::none;
    return enough ? ProcessDelay::fork : ProcessDelay::terminate;
}

DumpedState dumped_state(const Router& router, const std::vector<std::string>& faults) {
    switch (router.machine.role()) {
        case proto::Role::active:
            return DumpedState::master;
        case proto::Role::backup:
            return DumpedState::backup;
        case proto::Role::initialize:
            break;
    }
    return faults.empty() ? DumpedState::init : DumpedState::fault;
}

std::string_view name(DumpedState state) {
    static constexpr std::array<std::string_view, 4> names{"INIT", "BACKUP", "MASTER", "FAULT"};
    return names[static_cast<std::size_t>(state)];
}

DumpedState wanted_state(const Router& router, DumpedState now) {
    const bool waits_for_the_first_time =
        now == DumpedState::backup && !router.machine.active_peer() && router.counters.became_active == 0;
    return router.config->state_master && waits_for_the_first_time ? DumpedState::master : now;
}

const std::vector<DumpedError>& dumped_errors() {
    using enum proto::Rejection;
    static const std::vector<DumpedError> errors{
        {"packet_len_err", "Packet Errors", "Length", {too_short, wrong_length}},
        {"ip_ttl_err", "", "TTL", {wrong_ttl}},
        {"invalid_type_rcvd", "", "Invalid Type", {wrong_type}},
        {"advert_interval_err", "", "Advertisement Interval", {wrong_interval}},
        {"addr_list_err", "", "Address List", {zero_addresses}, &Counters::other_addresses},
        {"invalid_authtype", "Authentication Errors", "Invalid Type", {invalid_auth_type}},
        {"authtype_mismatch", "", "Type Mismatch", {wrong_auth_type}},
        {"auth_failure",
         "",
         "Failure",
         {wrong_auth_data, replayed, no_hmac, malformed_hmac, stale_hmac, unknown_key, wrong_hmac}},
    };
    return errors;
}

std::span<const DumpedError> dumped_extension_errors(const Router& router) {
    using enum proto::Rejection;
    static const std::vector<DumpedError> errors{
        {"auth_ext_missing", "Authentication Extension Errors", "Missing", {no_hmac}},
        {"auth_ext_malformed", "", "Malformed", {malformed_hmac}},
        {"auth_ext_unknown_key", "", "Unknown Key", {unknown_key}},
        {"auth_ext_invalid_hmac", "", "Invalid HMAC", {wrong_hmac}},
        {"auth_ext_stale", "", "Stale", {stale_hmac}},
        {"auth_ext_replay", "", "Replay", {replayed}},
    };
    if (router.config->authentication->hmac.keys.empty()) return {};
    return errors;
}

std::uint64_t count(const DumpedError& error, const Router& router) {
    const std::uint64_t beside = error.beside != nullptr ? router.counters.*error.beside : 0;
    return std::accumulate(error.kinds.begin(), error.kinds.end(), beside, [&](auto sum, auto kind) {
        return sum + router.troubles->rejected[static_cast<std::size_t>(kind)];
    });
}

}  // namespace vrrpd::engine
