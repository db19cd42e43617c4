#include "vrrpd/supervisor/switches.hpp"

#include <algorithm>
#include <set>

namespace vrrpd::supervisor {

using netlink::DeviceOption;

namespace {

// The device with an address that comes and goes: without promote_secondaries deleting a primary address
// takes its secondaries with it.
std::set<std::string> devices_with_addresses(const config::Config& config) {
    std::set<std::string> devices;
    for (const auto& instance : config.instances)
        for (const auto* list : {&instance.addresses, &instance.excluded_addresses})
            for (const auto& vip : *list)
                if (vip.prefix.address.is_v4()) devices.insert(vip.device);
    for (const auto& address : config.statics->addresses)
        if (address.prefix.address.is_v4()) devices.insert(address.device);
    for (const auto& gateway : config.gateways)
        if (gateway.wan && !gateway.wan->held.empty()) devices.insert(gateway.wan->device);
    return devices;
}

bool has_ipv6(const config::Gateway& gateway) {
    const auto& vips = gateway.rules.virtual_addresses;
    return std::any_of(gateway.lans.begin(), gateway.lans.end(),
                       [](const auto& lan) { return lan.prefix.address.is_v6(); }) ||
           std::any_of(vips.begin(), vips.end(), [](const auto& vip) { return vip.is_v6(); });
}

void add_forwarding(const config::Gateway& gateway, std::vector<Switch>& into) {
    std::set<std::string> lans;
    for (const auto& lan : gateway.lans) lans.insert(lan.device);
    for (const auto& lan : lans) {
        into.push_back({lan, DeviceOption::forwarding_ipv4, 1, {}});
        // A redirect would send clients past the virtual address. In force where the `all` switch is 0 too.
        into.push_back({lan, DeviceOption::send_redirects, 0, {}});
    }
    if (gateway.wan) into.push_back({gateway.wan->device, DeviceOption::forwarding_ipv4, 1, {}});
    if (!has_ipv6(gateway)) return;

    // The kernel forwards IPv6 by its global switch alone, and a device that forwards ignores router
    // advertisements unless accept_ra is 2. The global switch is never put back: by then others (Docker)
    // may live on it. And so accept_ra stays, too, or the host's own default route would run out.
    if (gateway.wan) lans.insert(gateway.wan->device);
    for (const auto& device : lans) into.push_back({device, DeviceOption::accept_ra, 2, 1, false});
    into.push_back({"all", DeviceOption::forwarding_ipv6, 1, {}, false});
}

// Who asks on the base device for what stands on a virtual one gets no answer from it, and whom the base asks is not
// told that the virtual addresses are its own: the neighbours keep the virtual MAC. keepalived lets arp_announce be,
// and then its clients learn the other MAC as soon as it asks for one of them.
void add_virtual_bases(const config::Config& config, std::vector<Switch>& into) {
    std::set<std::string> bases;
    bool any = false;
    for (const auto& instance : config.instances) {
        for (const auto& device : instance.virtual_mac->devices) bases.insert(device.base);
        any = any || !instance.virtual_mac->devices.empty();
    }
    for (const auto& base : bases) {
        into.push_back({base, DeviceOption::arp_ignore, 1, {}, true, true});
        into.push_back({base, DeviceOption::arp_filter, 1, {}, true, true});
        into.push_back({base, DeviceOption::arp_announce, 2, {}, true, true});
    }
    // Packets come in on the virtual device and go out on its base: a filter that is on for all devices would drop
    // them.
    if (any) into.push_back({"all", DeviceOption::rp_filter, 0, {}});
}

// The filter of all devices becomes that of each one, also of those that come; so nothing but the virtual ones, which
// have none, is without it.
void spread_filter(int filter, netlink::Kernel& kernel, std::vector<OwnedSwitch>& into) {
    const auto option = DeviceOption::rp_filter;
    std::vector<std::string> devices{"default"};
    const auto snapshot = kernel.snapshot();
    if (snapshot)
        for (const auto& link : snapshot->links)
            if (!netlink::is_ours(link)) devices.push_back(link.name);
    for (const auto& device : devices) {
        const auto now = kernel.device_option(device, option);
        if (now && *now < filter) into.push_back({device, option, *now, filter});
    }
}

// The global switch is every device's: one that the gateway does not even use would lose the default route that it
// learnt, and those that come later would learn none.
void keep_router_advertisements(netlink::Kernel& kernel, std::vector<OwnedSwitch>& into) {
    const auto option = DeviceOption::accept_ra;
    std::vector<std::string> devices{"default"};
    if (const auto snapshot = kernel.snapshot())
        for (const auto& link : snapshot->links)
            if (!netlink::is_ours(link)) devices.push_back(link.name);
    for (const auto& device : devices) {
        const auto known = [&](const OwnedSwitch& one) { return one.device == device && one.option == option; };
        const auto now = kernel.device_option(device, option);
        if (now && *now == 1 && std::none_of(into.begin(), into.end(), known)) into.push_back({device, option, 2, 2});
    }
}

bool forwards_ipv6(const Switch& one) { return one.device == "all" && one.option == DeviceOption::forwarding_ipv6; }

// Also without a way out: a question that is sent on to another host's forwarder is forwarded.
bool forwards(const config::Config& config, const config::Gateway& gateway) {
    const auto sends_on = [&](const config::DnsFailover& block) {
        return block.follows == gateway.name && !block.demote;
    };
    return gateway.wan || std::any_of(config.dns_failovers.begin(), config.dns_failovers.end(), sends_on);
}

}  // namespace

bool is_spread(const Switch& one) { return one.device == "all" && one.option == DeviceOption::rp_filter; }

std::vector<Switch> switches_of(const config::Config& config) {
    std::vector<Switch> wanted;
    for (const auto& device : devices_with_addresses(config))
        wanted.push_back({device, DeviceOption::promote_secondaries, 1, {}});
    for (const auto& gateway : config.gateways)
        if (forwards(config, gateway)) add_forwarding(gateway, wanted);
    add_virtual_bases(config, wanted);
    return wanted;
}

std::vector<OwnedSwitch> changes_needed(const std::vector<Switch>& wanted, netlink::Kernel& kernel) {
    std::vector<OwnedSwitch> changes;
    for (const auto& one : wanted) {
        const auto now = kernel.device_option(one.device, one.option);
        if (!now || *now == one.value) continue;  // an error: no such device yet, or a kernel without IPv6
        if (one.instead_of && *now != *one.instead_of) continue;
        if (one.at_least && *now > one.value) continue;
        if (is_spread(one)) spread_filter(*now, kernel, changes);
        if (forwards_ipv6(one)) keep_router_advertisements(kernel, changes);
        changes.push_back({one.device, one.option, one.restore ? *now : one.value, one.value});
    }
    return changes;
}

void set(const std::vector<OwnedSwitch>& changes, netlink::Kernel& kernel, Log& log) {
    for (const auto& change : changes) {
        const auto done = kernel.set_device_option(change.device, change.option, change.ours);
        if (!done) log.error("{}", done.error().describe());
        if (done) log.debug("{}: {} is now {}", change.device, name_of(change.option), change.ours);
    }
}

void restore(const std::vector<OwnedSwitch>& changed, netlink::Kernel& kernel, Log& log) {
    // Somebody (Docker) has switched it on for the whole host since, our devices among them.
    const bool all_forward = kernel.device_option("all", DeviceOption::forwarding_ipv4) == 1;
    for (auto it = changed.rbegin(); it != changed.rend(); ++it) {
        const auto now = kernel.device_option(it->device, it->option);
        if (!now || *now != it->ours || it->former == it->ours) continue;
        if (it->option == DeviceOption::forwarding_ipv4 && all_forward) continue;
        const auto done = kernel.set_device_option(it->device, it->option, it->former);
        if (!done) log.warning("{}", done.error().describe());
        if (done) log.debug("{}: {} is {} again", it->device, name_of(it->option), it->former);
    }
}

}  // namespace vrrpd::supervisor
