#include "vrrpd/supervisor/describe_config.hpp"

#include <fmt/format.h>

namespace vrrpd::supervisor {

namespace {

using Lines = std::vector<std::string>;

double in_seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

void describe_addresses(const char* title, const std::vector<config::VirtualAddress>& addresses, Lines& into) {
    for (const auto& vip : addresses)
        into.push_back(fmt::format("  {} {} dev {}", title, vip.prefix.to_string(), vip.device));
}

void describe_instance(const config::Instance& instance, Lines& into) {
    const auto& p = instance.parameters;
    into.push_back(fmt::format("vrrp_instance {}: interface {}, virtual_router_id {}, version {}, priority {}",
                               instance.name, instance.interface, instance.vrid.value(), static_cast<int>(p.version),
                               p.priority.value()));
    into.push_back(fmt::format("  advert_int {} s, {}, preempt_delay {} s", in_seconds(p.advert_interval),
                               p.preempt ? "preempt" : "nopreempt", in_seconds(p.preempt_delay)));
    if (instance.source) into.push_back(fmt::format("  source {}", instance.source->to_string()));
    for (const auto& peer : instance.peers) into.push_back(fmt::format("  unicast_peer {}", peer.address.to_string()));
    for (const auto& tracked : instance.track_interfaces)
        into.push_back(fmt::format("  track_interface {} weight {}", tracked.device, tracked.weight));
    describe_addresses("virtual_ipaddress", instance.addresses, into);
    describe_addresses("virtual_ipaddress_excluded", instance.excluded_addresses, into);
    for (const auto& route : instance.routes)
        into.push_back(fmt::format("  virtual_route {}", netlink::describe(route.route)));
    for (const auto& rule : instance.rules)
        into.push_back(fmt::format("  virtual_rule {}", netlink::describe(rule.rule)));
}

void describe_wan(const config::Wan& wan, Lines& into) {
    into.push_back(fmt::format("  wan {}: via {}, down_weight {}", wan.device, wan.via ? wan.via->to_string() : "auto",
                               wan.down_weight));
    if (wan.held.empty()) into.push_back("    address own");
    for (const auto& held : wan.held) into.push_back(fmt::format("    address {}", held.to_string()));
}

void describe_gateway(const config::Gateway& gateway, Lines& into) {
    const auto& rules = gateway.rules;
    into.push_back(fmt::format("gateway {}: follows {}", gateway.name, gateway.follows));
    for (const auto& lan : gateway.lans) into.push_back(fmt::format("  lan {} {}", lan.device, lan.prefix.to_string()));
    if (gateway.wan) describe_wan(*gateway.wan, into);
    into.push_back(fmt::format("  nat:{}{}{}", rules.masquerade ? " masquerade" : "", rules.hairpin ? " hairpin" : "",
                               rules.clamp_mss ? " clamp_mss" : ""));
    for (const auto& forward : rules.forwards)
        into.push_back(fmt::format("  port_forward {} {}-{} to {} port {}",
                                   forward.transport == netlink::nft::Transport::tcp ? "tcp" : "udp",
                                   forward.ports.first, forward.ports.last, forward.to.to_string(), forward.to_port));
}

}  // namespace

std::vector<std::string> describe(const config::Config& config) {
    Lines lines;
    lines.push_back(fmt::format("router_id {}, startup_delay {} s, realtime {}, lock_memory {}", config.router_id,
                                in_seconds(config.startup_delay), config.realtime_priority, config.lock_memory));
    for (const auto& instance : config.instances) describe_instance(instance, lines);
    for (const auto& gateway : config.gateways) describe_gateway(gateway, lines);
    if (!config.peer_link) return lines;
    lines.push_back(fmt::format("peer_link: port {}", config.peer_link->port));
    for (const auto& member : config.peer_link->members)
        lines.push_back(fmt::format("  member {} {}", member.name, member.address.to_string()));
    return lines;
}

}  // namespace vrrpd::supervisor
