#include "vrrpd/supervisor/describe_config.hpp"

#include <fmt/format.h>

namespace vrrpd::supervisor {

namespace {

using Lines = std::vector<std::string>;

std::string or_none(const std::string& text) { return text.empty() ? "none" : text; }
std::string or_auto(const std::string& text) { return text.empty() ? "auto" : text; }

double in_seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

void describe_addresses(const char* title, const std::vector<config::VirtualAddress>& addresses, Lines& into) {
    for (const auto& vip : addresses)
        into.push_back(fmt::format("  {} {} dev {}", title, vip.prefix.to_string(), vip.device));
}

// What is asked for, never with which password or key.
void describe_authentication(const proto::Authentication& authentication, Lines& into) {
    const auto& hmac = authentication.hmac;
    if (authentication.type != proto::AuthType::none)
        into.push_back(fmt::format("  authentication {}", authentication.type == proto::AuthType::ah ? "AH" : "PASS"));
    if (hmac.keys.empty()) return;
    std::string ids;
    for (const auto& key : hmac.keys) ids += fmt::format("{}{}", ids.empty() ? "" : ", ", key.id);
    const auto* mode = hmac.mode == proto::HmacMode::enforce      ? "enforce"
                       : hmac.mode == proto::HmacMode::permissive ? "permissive"
                                                                  : "receive-only";
    into.push_back(fmt::format("  auth_hmac: keys {}, active_key {}, mode {}, time_window {} s, anti_replay {}", ids,
                               hmac.active_key, mode, hmac.window.count(), hmac.monotonic ? "monotonic" : "time"));
}

void describe_instance(const config::Instance& instance, Lines& into) {
    const auto& p = instance.parameters;
    into.push_back(fmt::format("vrrp_instance {}: interface {}, virtual_router_id {}, version {}, priority {}",
                               instance.name, instance.interface, instance.vrid.value(), static_cast<int>(p.version),
                               p.priority.value()));
    into.push_back(fmt::format("  advert_int {} s, {}, preempt_delay {} s", in_seconds(p.advert_interval),
                               p.preempt ? "preempt" : "nopreempt", in_seconds(p.preempt_delay)));
    describe_authentication(*instance.authentication, into);
    if (instance.source) into.push_back(fmt::format("  source {}", instance.source->to_string()));
    for (const auto& peer : instance.peers) into.push_back(fmt::format("  unicast_peer {}", peer.address.to_string()));
    for (const auto& tracked : instance.track_interfaces)
        into.push_back(fmt::format("  track_interface {} weight {}", tracked.device, tracked.weight));
    for (const auto& tracked : instance.track_dns)
        into.push_back(fmt::format("  track_dns {} weight {}{}", tracked.gateway, tracked.weight,
                                   tracked.reverse ? " reverse" : ""));
    describe_addresses("virtual_ipaddress", instance.addresses, into);
    describe_addresses("virtual_ipaddress_excluded", instance.excluded_addresses, into);
    for (const auto& route : instance.routes)
        into.push_back(fmt::format("  virtual_route {}", netlink::describe(route.route)));
    for (const auto& rule : instance.rules)
        into.push_back(fmt::format("  virtual_rule {}", netlink::describe(rule.rule)));
}

void describe_group(const config::Config& config, const config::SyncGroup& group, Lines& into) {
    auto line = fmt::format("vrrp_sync_group {}:", group.name);
    for (const auto member : group.members) line += ' ' + config.instances[member].name;
    into.push_back(std::move(line));
}

void describe_wan(const config::Wan& wan, Lines& into) {
    into.push_back(fmt::format("  wan {}: via {}, down_weight {}", wan.device, wan.via ? wan.via->to_string() : "auto",
                               wan.down_weight));
    if (wan.held.empty() && wan.carried.empty()) into.push_back("    address own");
    for (const auto& carried : wan.carried)
        into.push_back(fmt::format("    address {}, of the group", carried.to_string()));
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
    if (!gateway.alert.empty()) into.push_back(fmt::format("  alert {}", fmt::join(gateway.alert, " ")));
}

void describe_peer_link(const config::PeerLink& link, Lines& into) {
    into.push_back(fmt::format("peer_link: port {}, key_file {}", link.port, or_none(link.key_file)));
    for (std::size_t i = 0; i < link.members.size(); ++i)
        into.push_back(fmt::format("  member {} {}{}", link.members[i].name, link.members[i].address.to_string(),
                                   link.self == i ? ", this host" : ""));
}

void describe_dns_failover(const config::DnsFailover& block, Lines& into) {
    const auto hold_down = block.hold_down ? fmt::format(", hold_down {} s", in_seconds(*block.hold_down)) : "";
    into.push_back(fmt::format("dns_failover: follows {}, when_dead {}{}", block.follows,
                               block.demote ? fmt::format("demote {}", *block.demote) : "redirect", hold_down));
    for (const auto& forwarder : block.forwarders)
        into.push_back(
            fmt::format("  forwarder {} {} port {}", forwarder.name, forwarder.address.to_string(), forwarder.port));
    if (!block.zone.empty()) into.push_back(fmt::format("  zone {}", block.zone));
    for (const auto& canary : block.canaries)
        into.push_back(fmt::format("  canary {} {}", canary.name, canary.address.to_string()));
}

void describe_dhcp_sync(const config::DhcpSync& block, Lines& into) {
    const auto& dnsmasq = block.dnsmasq;
    const auto probe = !block.probe                  ? "auto"
                       : *block.probe == Duration(0) ? "off"
                                                     : fmt::format("{} s", in_seconds(*block.probe));
    into.push_back(
        fmt::format("dhcp_sync: follows {}, scan {}, probe {}", block.follows, block.scan ? "on" : "off", probe));
    into.push_back(fmt::format("  dnsmasq: lease_file {}, configuration {}, bus {}, down_weight {}",
                               or_auto(dnsmasq.lease_file), or_auto(dnsmasq.configuration),
                               dnsmasq.bus_name.empty() ? "off" : dnsmasq.bus_name, dnsmasq.down_weight));
    if (!dnsmasq.restart_unit.empty()) into.push_back(fmt::format("    restart_unit {}", dnsmasq.restart_unit));
    if (!dnsmasq.restart_command.empty())
        into.push_back(fmt::format("    restart_command {}", fmt::join(dnsmasq.restart_command, " ")));
}

}  // namespace

std::vector<std::string> describe(const config::Config& config) {
    Lines lines;
    lines.push_back(fmt::format("router_id {}, startup_delay {} s, realtime {}, lock_memory {}", config.router_id,
                                in_seconds(config.startup_delay), config.realtime_priority, config.lock_memory));
    for (const auto& instance : config.instances) describe_instance(instance, lines);
    for (const auto& group : config.sync_groups) describe_group(config, group, lines);
    for (const auto& gateway : config.gateways) describe_gateway(gateway, lines);
    if (config.peer_link) describe_peer_link(*config.peer_link, lines);
    for (const auto& block : config.dns_failovers) describe_dns_failover(block, lines);
    if (config.dhcp_sync) describe_dhcp_sync(*config.dhcp_sync, lines);
    return lines;
}

}  // namespace vrrpd::supervisor
