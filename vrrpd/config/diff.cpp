// What changes from one Config to the next, and small questions asked of a Config.
#include "vrrpd/config/diff.hpp"

#include <algorithm>
#include <map>

#include "vrrpd/proto/envelope.hpp"

namespace vrrpd::config {

proto::RouterKey Instance::key() const {
    if (unicast()) return {interface, family, vrid, std::nullopt, source};
    return {interface, family, vrid, group.value_or(proto::multicast_group(family)), std::nullopt};
}

bool Instance::same_router(const Instance& other) const {
    return key() == other.key() && virtual_mac == other.virtual_mac;
}

bool Instance::has_address_on(std::string_view device) const {
    const auto is_there = [&](const VirtualAddress& address) { return address.device == device; };
    return std::any_of(addresses.begin(), addresses.end(), is_there) ||
           std::any_of(excluded_addresses.begin(), excluded_addresses.end(), is_there);
}

const VirtualDevice* Instance::virtual_device(std::string_view device) const {
    const auto& devices = virtual_mac->devices;
    const auto found =
        std::find_if(devices.begin(), devices.end(), [&](const VirtualDevice& one) { return one.name == device; });
    return found == devices.end() ? nullptr : &*found;
}

namespace {

template <class Named>
const Named* find(const std::vector<Named>& all, std::string_view name) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const Named& one) { return one.name == name; });
    return found == all.end() ? nullptr : &*found;
}

}  // namespace

const Instance* Config::instance(std::string_view name) const { return find(instances, name); }

const Gateway* Config::gateway(std::string_view name) const { return find(gateways, name); }

const SyncGroup* Config::sync_group(std::string_view name) const { return find(sync_groups, name); }

std::vector<const Instance*> Config::followed_by(const Gateway& gateway) const {
    if (const auto* one = instance(gateway.follows)) return {one};
    std::vector<const Instance*> members;
    if (const auto* group = sync_group(gateway.follows))
        for (const auto member : group->members) members.push_back(&instances[member]);
    // The source of the gateway's route must stand before the route does.
    if (gateway.wan && gateway.wan->held.empty()) {
        std::stable_partition(members.begin(), members.end(),
                              [&](const Instance* member) { return member->has_address_on(gateway.wan->device); });
    }
    return members;
}

std::vector<Prefix> Gateway::networks() const {
    std::vector<Prefix> result;
    for (const auto& lan : lans) result.push_back(lan.prefix);
    return result;
}

Difference diff(const Config& before, const Config& after) {
    Difference result;
    std::multimap<proto::RouterKey, std::size_t> unmatched;
    for (std::size_t i = 0; i < before.instances.size(); ++i) unmatched.emplace(before.instances[i].key(), i);
    for (std::size_t i = 0; i < after.instances.size(); ++i) {
        const auto& instance = after.instances[i];
        const auto [first, last] = unmatched.equal_range(instance.key());
        const auto found = std::find_if(
            first, last, [&](const auto& entry) { return before.instances[entry.second].same_router(instance); });
        if (found == last) {
            result.added.push_back(i);
            continue;
        }
        result.kept.push_back({found->second, i, !(before.instances[found->second] == instance)});
        unmatched.erase(found);
    }
    for (const auto& [key, index] : unmatched) result.removed.push_back(index);
    std::sort(result.removed.begin(), result.removed.end());
    result.gateways_changed = before.gateways != after.gateways;
    return result;
}

bool has_address(const Instance& instance, const IpAddress& address, std::string_view device) {
    const auto is_it = [&](const VirtualAddress& vip) {
        return vip.prefix.address == address && (device.empty() || vip.device == device);
    };
    return std::any_of(instance.addresses.begin(), instance.addresses.end(), is_it) ||
           std::any_of(instance.excluded_addresses.begin(), instance.excluded_addresses.end(), is_it);
}

}  // namespace vrrpd::config
