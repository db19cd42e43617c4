#include "vrrpd/agent/own_gateways.hpp"

#include <algorithm>
#include <utility>

namespace vrrpd::agent {

void OwnGateways::configure(const config::Config& config) {
    auto before = std::exchange(gateways_, {});
    order_.clear();
    for (const auto& gateway : config.gateways) {
        order_.push_back(gateway.name);
        auto& now = gateways_[gateway.name];
        if (const auto known = before.find(gateway.name); known != before.end()) now = std::move(known->second);
        now.dhcp = now.dns = {};  // whoever watches them now says it anew
        now.lan_dhcp = {};
    }
}

bool OwnGateways::role(const ipc::RoleChange& change, Instant now) {
    const auto at = gateways_.find(change.gateway);
    if (at == gateways_.end() || at->second.role == change.role) return false;
    at->second.role = change.role;
    at->second.since = now;
    return true;
}

bool OwnGateways::readiness(const ipc::Readiness& readiness) {
    const auto at = gateways_.find(readiness.gateway);
    return at != gateways_.end() && std::exchange(at->second.obstacles, readiness.obstacles) != readiness.obstacles;
}

bool OwnGateways::standing(const ipc::Standing& standing) {
    const auto at = gateways_.find(standing.gateway);
    if (at == gateways_.end()) return false;
    at->second.since = standing.since;
    return std::exchange(at->second.priority, standing.priority) != standing.priority;
}

bool OwnGateways::dhcp(const std::string& gateway, ServiceState state, const std::string& obstacle) {
    return set(gateway, &Gateway::dhcp, {state, obstacle});
}

bool OwnGateways::dns(const std::string& gateway, ServiceState state, const std::string& obstacle) {
    return set(gateway, &Gateway::dns, {state, obstacle});
}

bool OwnGateways::lan_dhcp(const std::string& gateway, ServiceState state, dhcpsync::Term term) {
    const auto at = gateways_.find(gateway);
    const std::pair value(state, term);
    return at != gateways_.end() && std::exchange(at->second.lan_dhcp, value) != value;
}

bool OwnGateways::set(const std::string& gateway, Service Gateway::*service, Service value) {
    const auto at = gateways_.find(gateway);
    return at != gateways_.end() && std::exchange(at->second.*service, value) != value;
}

std::vector<std::string> OwnGateways::service_obstacles(const std::string& gateway) const {
    std::vector<std::string> result;
    const auto at = gateways_.find(gateway);
    if (at == gateways_.end()) return result;
    for (const auto* const service : {&at->second.dhcp, &at->second.dns})
        if (!service->obstacle.empty()) result.push_back(service->obstacle);
    return result;
}

Summary OwnGateways::summary(std::string version, Instant now) const {
    Summary result{std::move(version), {}};
    for (const auto& name : order_) {
        const auto& gateway = gateways_.at(name);
        auto obstacles = gateway.obstacles;
        for (auto& obstacle : service_obstacles(name)) obstacles.push_back(std::move(obstacle));
        result.gateways.push_back({name, gateway.role,
                                   std::chrono::duration_cast<std::chrono::milliseconds>(now - gateway.since),
                                   gateway.priority, std::move(obstacles), gateway.dhcp.state, gateway.dns.state,
                                   gateway.lan_dhcp.first, gateway.lan_dhcp.second});
    }
    return result;
}

proto::Role OwnGateways::role() const {
    auto result = proto::Role::initialize;
    for (const auto& [name, gateway] : gateways_) result = std::max(result, gateway.role);
    return result;
}

proto::Role OwnGateways::role(const std::string& gateway) const {
    const auto at = gateways_.find(gateway);
    return at == gateways_.end() ? proto::Role::initialize : at->second.role;
}

}  // namespace vrrpd::agent
