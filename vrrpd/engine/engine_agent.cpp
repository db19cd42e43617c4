// What the agent is told, and what it asks for.
#include <algorithm>

#include "vrrpd/engine/engine.hpp"

namespace vrrpd::engine {

std::vector<std::string> Engine::obstacles(std::size_t gateway, const Router& router) const {
    auto result = gateways_->readiness(gateway).obstacles;
    const auto faults = routers_.faults_of(router);
    for (const auto& fault : faults)
        if (std::find(result.begin(), result.end(), fault) == result.end()) result.push_back(fault);
    if (!speaking_) result.push_back(router.config->name + " does not speak VRRP yet: vrrp_startup_delay");
    return result;
}

std::vector<std::string> Engine::not_ready_because(const Router& router) const {
    if (!router.followed.gateway) return {};
    const auto& readiness = gateways_->readiness(router.followed.number);
    auto result = readiness.obstacles;
    result.insert(result.end(), readiness.of_services.begin(), readiness.of_services.end());
    return result;
}

// Tells the agent of each gateway what it does not know yet. Not while a claim is under way: whoever is woken by it
// needs the processor that the claim needs.
void Engine::report() {
    if (!reporting_ || tell_at_) return;
    std::vector<Reporter::Standing> all;
    for (std::size_t i = 0; i < config().gateways.size(); ++i) {
        const auto& gateway = config().gateways[i];
        const auto* router = routers_.leader_of(gateway);
        if (!router) continue;
        auto role = router->machine.role();
        if (options_.observe && role == proto::Role::active) role = proto::Role::backup;  // it only would be
        all.push_back({gateway.name, role, router->adopted, obstacles(i, *router), router->machine.effective_priority(),
                       router->since});
    }
    reporter_.tell(all);
}

std::unique_ptr<LanProber> Engine::make_prober() {
    return std::make_unique<LanProber>(
        Surroundings{loop_, log_, burst_}, desk_->world(), *speaker_,
        [this](const IpAddress& address) {
            return std::binary_search(virtual_addresses_.begin(), virtual_addresses_.end(), address);
        },
        LanProber::Outcomes{
            [this](const auto& host) { options_.channel.send(ipc::Kind::host_alive, encode(host)); },
            [this](const auto& offer) { options_.channel.send(ipc::Kind::dhcp_offer, encode(offer)); }});
}

// The other one has withdrawn by now; neighbours may have learnt its address last.
void Engine::announce_again(const std::string& name) {
    const auto* gateway = config().gateway(name);
    auto* router = gateway == nullptr ? nullptr : routers_.leader_of(*gateway);
    if (!router || !router->active()) return;  // the role moved, or a reload took the gateway away
    for (auto& each : routers_) {
        if (each->followed.gateway != router->followed.gateway || !each->active()) continue;
        log_.notice("({}) announcing its addresses again: another router had been Active too", each->config->name);
        // garp_lower_prio_repeat 0 is for a single advert of lower priority; this was more than that.
        if (each->config->announce->lower_prio_repeat > 0)
            claims_->repeat_announcements(*each);
        else if (each->installed)
            claims_->announce_all(*each);
    }
}

}  // namespace vrrpd::engine
