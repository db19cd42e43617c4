// What a start and -t can say once they see the machine. Nothing here prevents a start: an
// interface that is not there yet is waited for.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "vrrpd/config/parse.hpp"

namespace vrrpd::config {
namespace {

class HostCheck {
public:
    HostCheck(const Config& config, const netlink::Snapshot& host) : config_(config), host_(host) {}

    std::vector<Fault> run() {
        for (const auto& instance : config_.instances) {
            const auto owner = "vrrp_instance " + instance.name;
            device(owner, instance.interface);
            for (const auto& tracked : instance.track_interfaces) device(owner, tracked.device);
            addresses(owner, instance);
            routes(owner, instance.routes, &instance);
            rules(owner, instance.rules, &instance);
            for (const auto& made : instance.virtual_mac->devices) name_is_free(owner, made.name);
        }
        for (const auto& address : config_.statics->addresses) device("static_ipaddress", address.device);
        routes("static_routes", config_.statics->routes, nullptr);
        rules("static_rules", config_.statics->rules, nullptr);
        for (const auto& group : config_.garp_groups)
            for (const auto& name : group.devices) device("garp_group", name);
        for (const auto& gateway : config_.gateways) gateway_devices(gateway);
        for (const auto& delay : config_.interface_delays)  // the last ones: what was reported is worse
            device("interface_up_down_delays", delay.device, Severity::unusable);
        own_address();
        return std::move(faults_);
    }

private:
    void fault(Severity severity, std::string text) { faults_.push_back({severity, {}, std::move(text), false}); }

    void device(const std::string& owner, const std::string& name, Severity severity = Severity::error) {
        if (name.empty() || host_.link(name) != nullptr || !reported_.insert(name).second) return;
        fault(
            severity,
            fmt::format("{}: there is no interface {} on this host: it is waited for; correct the name if it is a slip",
                        owner, name));
    }

    // Of an item; one that we make when we run is known by its base. No instance: of a static item.
    void item_device(const std::string& owner, const std::string& name, const Instance* instance) {
        const auto* made = instance != nullptr ? instance->virtual_device(name) : nullptr;
        device(owner, made != nullptr ? made->base : name);
    }

    void routes(const std::string& owner, const auto& routes, const Instance* instance) {
        for (const auto& route : routes)
            for (const auto& hop : route.hops) item_device(owner, hop.device, instance);
    }

    void rules(const std::string& owner, const auto& rules, const Instance* instance) {
        for (const auto& [rule, track] : rules)
            for (const auto& name : {rule.iif, rule.oif}) item_device(owner, name, instance);
    }

    void addresses(const std::string& owner, const Instance& instance) {
        for (const auto* list : {&instance.addresses, &instance.excluded_addresses}) {
            for (const auto& address : *list) {
                item_device(owner, address.device, &instance);
                only_address(owner, address);
            }
        }
    }

    // keepalived takes another name then; a parser does not see the host.
    void name_is_free(const std::string& owner, const std::string& name) {
        const auto* there = host_.link(name);
        if (there == nullptr || is_ours(*there)) return;
        fault(Severity::error,
              fmt::format("{}: use_vmac: this host has a device {} already, which is left alone, and {} is in fault: "
                          "write another name",
                          owner, name, owner));
    }

    // A host that has nothing but the VIP loses its network as a stand-in.
    void only_address(const std::string& owner, const VirtualAddress& address) {
        const auto* link = host_.link(address.device);
        if (link == nullptr) return;
        bool held = false;
        bool others = false;
        for (const auto& present : host_.addresses) {
            if (present.link != link->index || present.prefix.address.family() != address.prefix.address.family())
                continue;
            if (present.prefix.address.is_v6() && present.prefix.address.is_link_local()) continue;
            (present.prefix.address == address.prefix.address ? held : others) = true;
        }
        if (!held || others) return;
        fault(Severity::note,
              fmt::format("{}: the virtual address {} is the only address of {}: give the host an address of its own",
                          owner, address.prefix.address.to_string(), address.device));
    }

    // The members connect to it.
    void own_address() {
        if (!config_.peer_link || !config_.peer_link->self) return;
        const auto& self = config_.peer_link->members[*config_.peer_link->self];
        const auto here = [&](const auto& present) { return present.prefix.address == self.address; };
        if (std::any_of(host_.addresses.begin(), host_.addresses.end(), here)) return;
        fault(
            Severity::note,
            fmt::format("peer_link: the address {} of {}, which is this host, is not on it: it is waited for; correct "
                        "it if it is a slip",
                        self.address.to_string(), self.name));
    }

    void gateway_devices(const Gateway& gateway) {
        const auto owner = "gateway " + gateway.name;
        for (const auto& lan : gateway.lans) device(owner, lan.device);
        if (!gateway.wan) return;
        device(owner, gateway.wan->device);
        const auto* link = host_.link(gateway.wan->device);
        if (link == nullptr || !gateway.wan->via || on_link(*gateway.wan, link->index)) return;
        fault(Severity::note,
              fmt::format("{}: via {} is in no network of {}: it cannot be reached; correct it or the address", owner,
                          gateway.wan->via->to_string(), gateway.wan->device));
    }

    [[nodiscard]] bool on_link(const Wan& wan, IfIndex link) const {
        if (wan.via->is_link_local()) return true;
        const auto has = [&](const Prefix& prefix) { return prefix.network().contains(*wan.via); };
        return std::any_of(wan.fixed().begin(), wan.fixed().end(), has) ||
               std::any_of(host_.addresses.begin(), host_.addresses.end(),
                           [&](const auto& address) { return address.link == link && has(address.prefix); }) ||
               std::any_of(host_.addresses.begin(), host_.addresses.end(),
                           [&](const auto& address) { return address.link == link && address.peer == wan.via; });
    }

    const Config& config_;
    const netlink::Snapshot& host_;
    std::vector<Fault> faults_;
    std::set<std::string> reported_;
};

}  // namespace

std::vector<Fault> check_host(const Config& config, const netlink::Snapshot& host) {
    return HostCheck(config, host).run();
}

}  // namespace vrrpd::config
