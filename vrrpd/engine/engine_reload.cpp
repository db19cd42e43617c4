// Another configuration, by its difference: what did not change is not touched, roles are kept.
#include <algorithm>
#include <utility>

#include "vrrpd/engine/engine.hpp"
#include "vrrpd/engine/received_config.hpp"

namespace vrrpd::engine {

void Engine::reload(int memfd) {
    auto next = received_config(memfd, options_.id);
    // The supervisor judged this very text; if it cannot be read back, the old configuration runs on.
    if (!next) {
        log_.error("the new configuration could not be read; the old one runs on");
        return herald_.answer(ipc::Kind::reloaded, 1);
    }
    adopt_configuration(std::make_unique<config::Config>(std::move(*next)));
    herald_.answer(ipc::Kind::reloaded);
}

void Engine::adopt_configuration(std::unique_ptr<config::Config> next) {
    const auto difference = config::diff(config(), *next);
    const bool reporting = std::exchange(reporting_, false);  // nobody is told of what is half done
    for (const auto removed : difference.removed) {
        drive(routers_[removed], proto::Stop{});
        herald_.tell_removed(routers_[removed]);
        speaker_->forget(routers_[removed]);
    }

    const auto gateways = all_followed(*next, difference);
    auto before = routers_.take();
    std::vector<std::unique_ptr<Router>> routers(next->instances.size());
    std::vector<ClaimDesk::Edit> edits;
    for (const auto& kept : difference.kept) {
        auto& router = before[kept.before];
        const auto& after = next->instances[kept.after];
        const auto& gateway = gateways[kept.after];
        if (router->installed && (kept.changed || difference.gateways_changed))
            edits.push_back(claims_->edit_of(*router, after, gateway, kept.after));
        router->config = &after;
        router->adopted = false;  // told, or a gateway that is new: which has no role to go on with
        router->followed = gateway;
        router->announcer.set_policy(*after.announce, loop_.now());
        routers[kept.after] = std::move(router);
    }
    for (const auto added : difference.added) {
        routers[added] = std::make_unique<Router>(next->instances[added], gateways[added]);
        prepare(*routers[added]);
    }
    const auto old = routers_.exchange({std::move(next), std::move(routers)});
    groups_->form(options_.adopt);
    survey_->restart();
    use_configuration();
    trackers_.configure(config());
    const bool speaking = std::exchange(speaking_, false);  // nobody begins before the sockets are there
    gateways_->configure(config());                         // while `old` still lives: the keeper compares with it
    prober_->configure(config().gateways);
    bfd_->configure(config(), bfd_surface());
    speaking_ = speaking;
    devices_->configure(config(), loop_.now());
    claims_->carry_out(edits);
    statics_->configure(*config().statics, loop_.now());
    absentees_->review();
    for (auto& router : routers_) follow_configuration(*router);
    reconsider_all();
    reporting_ = reporting;
    report();
    log_.notice("reloaded: {} instances added, {} removed, {} kept", difference.added.size(), difference.removed.size(),
                difference.kept.size());
}

// What is looked up often is taken out of the configuration once.
void Engine::use_configuration() {
    place_.take(config());
    herald_.follow(config().notification);
    peers_.configure(config().peer_link);
    virtual_addresses_.clear();
    speaker_->configure(config());
    for (const auto& instance : config().instances)
        for (const auto* list : {&instance.addresses, &instance.excluded_addresses})
            for (const auto& vip : *list) virtual_addresses_.push_back(vip.prefix.address);
    static_addresses_.clear();
    for (const auto& address : config().statics->addresses) static_addresses_.push_back(address.prefix.address);
    std::sort(static_addresses_.begin(), static_addresses_.end());
    damper_.configure(config().interface_delays);
    std::sort(virtual_addresses_.begin(), virtual_addresses_.end());
    virtual_addresses_.shrink_to_fit();
    desk_->follow_routes(routes_of(config()));
}

void Engine::prepare(Router& router) {
    const auto& config = *router.config;
    router.record = options_.state.record(config.key());
    router.since = loop_.now();
    authenticate(router, options_.state);
}

void Engine::follow_configuration(Router& router) {
    authenticate(router, options_.state);
    if (router.machine.parameters() != router.config->parameters)
        drive(router, proto::Reconfigured{router.config->parameters});
    router.renew_at.reset();
    const auto& gateway = router.followed;
    if (gateway.gateway && router.installed)
        claims_->renew(router);
    else if (gateway.gateway && !routers_.first_installed(*gateway.gateway) && gateways_->fence_is_open(gateway.number))
        gateways_->shut_fence(gateway.number);  // it followed another router before
    routers_.schedule(router);
}

// Of a group, the way out stays with the member that has it, as long as it is Active: another one may have to wait for
// its role.
std::vector<Followed> Engine::all_followed(const config::Config& next, const config::Difference& difference) const {
    std::vector<Followed> result;
    result.reserve(next.instances.size());
    for (const auto& instance : next.instances) result.push_back(followed_by(instance, next));
    for (const auto& kept : difference.kept) {
        const auto& router = routers_[kept.before];
        const auto* gateway = result[kept.after].gateway;
        if (!gateway || !router.installed || !router.followed.gateway || !router.followed.leads) continue;
        for (auto& other : result)
            if (other.gateway == gateway) other.leads = false;
        result[kept.after].leads = true;
    }
    return result;
}

}  // namespace vrrpd::engine
