// What the agent is told, and what it asks for.
#include <algorithm>

#include "vrrpd/engine/engine.hpp"

namespace vrrpd::engine {

Router* Engine::router_of(const config::Gateway& gateway) const {
    const auto its = std::find_if(routers_.begin(), routers_.end(),
                                  [&](const auto& router) { return router->config->name == gateway.follows; });
    return its == routers_.end() ? nullptr : its->get();
}

std::vector<std::string> Engine::obstacles(std::size_t gateway, const Router& router) const {
    auto result = gateways_->readiness(gateway).obstacles;
    const auto& faults = router.troubles->faults;
    for (const auto& fault : faults)
        if (std::find(result.begin(), result.end(), fault) == result.end()) result.push_back(fault);
    if (!speaking_) result.push_back(router.config->name + " does not speak VRRP yet: vrrp_startup_delay");
    return result;
}

// Tells the agent of each gateway what it does not know yet. Not while a claim is under way: whoever is woken by it
// needs the processor that the claim needs.
void Engine::report() {
    if (!reporting_ || tell_at_) return;
    std::vector<Reporter::Standing> all;
    for (std::size_t i = 0; i < config_->gateways.size(); ++i) {
        const auto& gateway = config_->gateways[i];
        const auto* router = router_of(gateway);
        if (!router) continue;
        auto role = router->machine.role();
        if (options_.observe && role == proto::Role::active) role = proto::Role::backup;  // it only would be
        all.push_back({gateway.name, role, router->adopted, obstacles(i, *router)});
    }
    reporter_.tell(all);
}

}  // namespace vrrpd::engine
