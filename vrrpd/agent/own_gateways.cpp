#include "vrrpd/agent/own_gateways.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

namespace vrrpd::agent {

namespace {

using nlohmann::json;

const json* member(const json& object, const char* key) {
    if (!object.is_object()) return nullptr;
    const auto at = object.find(key);
    return at == object.end() ? nullptr : &*at;
}

bool update(std::optional<int>& value, int now) { return std::exchange(value, now) != now; }

std::string text(const json& object, const char* key) {
    const auto* const value = member(object, key);
    return value && value->is_string() ? value->get<std::string>() : std::string();
}

// The members of a list of objects; none where it is none.
std::vector<json> list(const json& object, const char* key) {
    const auto* const value = member(object, key);
    return value && value->is_array() ? value->get<std::vector<json>>() : std::vector<json>();
}

}  // namespace

void OwnGateways::configure(const config::Config& config) {
    auto before = std::exchange(gateways_, {});
    order_.clear();
    for (const auto& gateway : config.gateways) {
        order_.push_back(gateway.name);
        auto& now = gateways_[gateway.name];
        if (const auto known = before.find(gateway.name); known != before.end()) now = std::move(known->second);
        now.dhcp = now.dns = {};  // whoever watches them now says it anew
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

bool OwnGateways::dhcp(const std::string& gateway, ServiceState state, const std::string& obstacle) {
    return set(gateway, &Gateway::dhcp, {state, obstacle});
}

bool OwnGateways::dns(const std::string& gateway, ServiceState state, const std::string& obstacle) {
    return set(gateway, &Gateway::dns, {state, obstacle});
}

bool OwnGateways::set(const std::string& gateway, Service Gateway::*service, Service value) {
    const auto at = gateways_.find(gateway);
    return at != gateways_.end() && std::exchange(at->second.*service, value) != value;
}

bool OwnGateways::engine_said(const std::string& status, Instant now) {
    const auto document = json::parse(status, nullptr, false);
    const auto instances = list(document, "instances");
    bool changed = false;
    for (const auto& object : list(document, "gateways")) {
        const auto at = gateways_.find(text(object, "name"));
        const auto follows = text(object, "follows");
        const auto router = std::find_if(instances.begin(), instances.end(),
                                         [&](const json& one) { return text(one, "name") == follows; });
        if (at == gateways_.end() || router == instances.end()) continue;
        auto& gateway = at->second;
        if (const auto* const priority = member(*router, "effective_priority");
            priority && priority->is_number_integer())
            changed |= update(gateway.priority, priority->get<int>());
        if (const auto* const since = member(*router, "since"); since && since->is_number())
            gateway.since = now - std::chrono::milliseconds(std::llround(1e3 * since->get<double>()));
    }
    return changed;
}

Summary OwnGateways::summary(std::string version, Instant now) const {
    Summary result{std::move(version), {}};
    for (const auto& name : order_) {
        const auto& gateway = gateways_.at(name);
        auto obstacles = gateway.obstacles;
        for (const auto* const service : {&gateway.dhcp, &gateway.dns})
            if (!service->obstacle.empty()) obstacles.push_back(service->obstacle);
        result.gateways.push_back({name, gateway.role,
                                   std::chrono::duration_cast<std::chrono::milliseconds>(now - gateway.since),
                                   gateway.priority, std::move(obstacles), gateway.dhcp.state, gateway.dns.state});
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
