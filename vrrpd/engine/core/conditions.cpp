#include "vrrpd/engine/core/conditions.hpp"

#include <algorithm>

namespace vrrpd::engine {

namespace {

// Never a virtual address, of any instance: it may leave us at any time, and a stand-in is silent.
bool is_virtual(const config::Instance& instance, const Beside& beside, const netlink::Address& address) {
    const auto& ip = address.prefix.address;
    const auto same = [&](const config::VirtualAddress& vip) { return vip.prefix.address == ip; };
    const bool tagged = address.protocol == netlink::protocol_keepalived &&
                        !std::binary_search(beside.statics.begin(), beside.statics.end(), ip);
    return tagged || std::binary_search(beside.others.begin(), beside.others.end(), ip) ||
           std::any_of(instance.addresses.begin(), instance.addresses.end(), same) ||
           std::any_of(instance.excluded_addresses.begin(), instance.excluded_addresses.end(), same);
}

// RFC 9568 5.1.1.1, 5.1.2.1: the primary IPv4 address, or the link-local IPv6 address.
std::optional<IpAddress> primary_address(const config::Instance& instance, const World& world, IfIndex link,
                                         const Beside& beside) {
    const bool wants_link_local = instance.family == Family::ipv6 && !instance.unicast();
    for (const auto& address : world.addresses()) {
        const auto& ip = address.prefix.address;
        if (address.link != link || ip.family() != instance.family) continue;
        if (address.tentative || address.dad_failed) continue;
        if (instance.family == Family::ipv6 && ip.is_link_local() != wants_link_local) continue;
        if (!is_virtual(instance, beside, address)) return ip;
    }
    return std::nullopt;
}

LinkDamper::Verdict verdict(const Beside& beside, const std::string& device) {
    return beside.damper ? beside.damper->verdict(device) : LinkDamper::Verdict::as_it_is;
}

bool is_up(const World& world, const Beside& beside, const std::string& device) {
    const auto* link = world.link(device);
    const auto damped = verdict(beside, device);
    return damped == LinkDamper::Verdict::as_it_is ? link && link->usable() : damped == LinkDamper::Verdict::still_up;
}

void judge_device(const World& world, const Beside& beside, const std::string& device,
                  std::vector<std::string>& faults) {
    const auto* link = world.link(device);
    const auto damped = verdict(beside, device);
    if (damped == LinkDamper::Verdict::still_up) return;
    if (damped == LinkDamper::Verdict::still_down)
        faults.push_back(device + " has not been up for long enough (interface_up_down_delays)");
    else if (!link)
        faults.push_back(device + " does not exist (yet)");
    else if (!link->admin_up)
        faults.push_back(device + " is down");
    else if (!link->running)
        faults.push_back(device + " has no carrier");
}

void judge_source(const config::Instance& instance, const World& world, const Beside& beside, Conditions& result) {
    const auto* link = world.link(instance.interface);
    if (link) result.link = link->index;
    const auto primary = link ? primary_address(instance, world, link->index, beside) : std::nullopt;
    result.source = instance.source ? instance.source : primary;
    if (instance.source) {
        if (instance.interface.empty()) result.link = world.device_of(*instance.source);
        const bool here = world.holds(*instance.source);
        if (!here && (instance.track_source || (beside.begins && instance.unicast())))
            result.faults.push_back("source address " + instance.source->to_string() + " is not on this host");
        else if (!here && instance.interface.empty())
            result.faults.push_back("no interface has the source address " + instance.source->to_string() + " (yet)");
        if (here || instance.interface.empty()) return;
    }
    if (link && !primary)
        result.faults.push_back(instance.interface + (instance.family == Family::ipv4
                                                          ? " has no IPv4 address besides the virtual ones"
                                                          : " has no usable IPv6 link-local address"));
}

// Devices of the virtual addresses and routes are tracked unless the item says no_track.
void judge_items(const config::Instance& instance, const World& world, const Beside& beside,
                 std::vector<std::string>& faults) {
    std::vector<std::string> devices;
    const auto note = [&](const std::string& name, bool track) {
        const auto* own = instance.virtual_device(name);  // it is up while we are Active
        const auto& device = own ? own->base : name;
        if (track && !device.empty() && device != instance.interface) devices.push_back(device);
    };
    for (const auto& vip : instance.addresses) note(vip.device, vip.track);
    for (const auto& vip : instance.excluded_addresses) note(vip.device, vip.track);
    for (const auto& route : instance.routes)
        for (const auto& hop : route.hops) note(hop.device, route.track);
    for (const auto& item : instance.rules) {
        note(item.rule.iif, item.track);
        note(item.rule.oif, item.track);
    }
    std::sort(devices.begin(), devices.end());
    devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
    for (const auto& device : devices) judge_device(world, beside, device, faults);
}

void judge_dns(const config::Instance& instance, std::span<const std::string> without_dns, Conditions& result) {
    for (const auto& item : instance.track_dns) {
        const bool up = std::find(without_dns.begin(), without_dns.end(), item.gateway) == without_dns.end();
        result.tracked.push_back({"DNS of " + item.gateway, item.weight, item.reverse, up});
        if (proto::is_fault(result.tracked.back()))
            result.faults.push_back("this host's DNS forwarder of " + item.gateway +
                                    (item.reverse ? " works" : " does not work"));
    }
}

}  // namespace

Conditions evaluate(const config::Instance& instance, const World& world, const Beside& beside) {
    Conditions result;
    if (instance.fault_without_peers) result.faults.push_back("unicast is configured, but no peer");
    const auto* link = world.link(instance.interface);
    if (!instance.interface.empty()) {
        if (instance.track_primary || !link) judge_device(world, beside, instance.interface, result.faults);
    }
    judge_source(instance, world, beside, result);
    judge_items(instance, world, beside, result.faults);
    for (const auto& item : instance.track_interfaces) {
        result.tracked.push_back({item.device, item.weight, item.reverse, is_up(world, beside, item.device)});
        if (proto::is_fault(result.tracked.back()))
            result.faults.push_back("tracked interface " + item.device + (item.reverse ? " is up" : " is down"));
    }
    judge_dns(instance, beside.without_dns, result);
    return result;
}

}  // namespace vrrpd::engine
