// Virtual MACs and accept mode: the devices that the addresses stand on go up and down with the role, and packets to
// addresses that are not accepted are refused while it lasts.
#include <algorithm>
#include <utility>

#include "vrrpd/engine/engine.hpp"

namespace vrrpd::engine {

// Before the addresses: they are put on devices that are up.
void Engine::raise_devices(Router& router, std::vector<netlink::Request>& requests) {
    auto first = devices_->raise(*router.config);
    requests.insert(requests.begin(), std::make_move_iterator(first.begin()), std::make_move_iterator(first.end()));
}

// Before the addresses go, too: from a device that is down no multicast report leaves when they do.
void Engine::lower_devices(const Router& router) {
    auto requests = devices_->lower(*router.config);
    if (requests.empty()) return;
    desk_->apply(std::move(requests),
                 [this, name = router.config->name](const Results& results) { log_failures(name, results); });
}

void Engine::judge_devices(const Router& router, Conditions& conditions) const {
    if (auto problem = devices_->problem(*router.config)) conditions.faults.push_back(std::move(*problem));
}

// What comes from our own virtual MAC, another Active's adverts, the kernel gives to the device that has it, and to
// that one alone while it is up. What comes from elsewhere is heard on the interface.
void Engine::hear_on_device(const Router& router, std::uint32_t number, std::vector<Transport::Need>& needs) const {
    const auto& config = *router.config;
    if (!config.virtual_mac->sender) return;
    const auto* link = desk_->world().link(config.virtual_mac->devices.front().name);
    if (!link || !is_ours(*link)) return;
    const bool ah = config.authentication->type == proto::AuthType::ah;
    for (const auto protocol : {proto::ip_protocol, proto::ah_protocol})
        if (ah || protocol == proto::ip_protocol)
            needs.push_back({*link, config.family, std::nullopt, config.vrid, number, protocol, true});
}

// Whether one came back, without its addresses.
bool Engine::look_after_devices(const std::vector<netlink::Change>& changes) {
    const auto is_link = [](const netlink::Change& change) {
        return std::holds_alternative<netlink::LinkChanged>(change) ||
               std::holds_alternative<netlink::LinkGone>(change);
    };
    return std::any_of(changes.begin(), changes.end(), is_link) && devices_->look(loop_.now());
}

void Engine::refuse_packets() {
    std::vector<netlink::nft::Refused> all;
    for (const auto& router : routers_) {
        if (!router->installed || router->config->accepts) continue;
        auto some = refused_by(*router->config);
        all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
    }
    refusals_->set(std::move(all));
}

}  // namespace vrrpd::engine
