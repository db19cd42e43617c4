// Another configuration, by its difference: what did not change is not touched, roles are kept.
#include <algorithm>
#include <utility>

#include "vrrpd/engine/engine.hpp"
#include "vrrpd/engine/received_config.hpp"

namespace vrrpd::engine {

namespace {

// What is new in `after`, or changed.
template <class T>
std::vector<T> renewed(const std::vector<T>& before, const std::vector<T>& after) {
    std::vector<T> result;
    for (const auto& object : after)
        if (std::find(before.begin(), before.end(), object) == before.end()) result.push_back(object);
    return result;
}

}  // namespace

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

// What a router that keeps its role over the reload no longer wants, and what it wants anew.
struct Engine::Edit {
    std::uint32_t number;  // in the new configuration
    std::uint64_t claim;
    Desired gone, fresh;
};

void Engine::adopt_configuration(std::unique_ptr<config::Config> next) {
    const auto difference = config::diff(*config_, *next);
    const bool reporting = std::exchange(reporting_, false);  // nobody is told of what is half done
    for (const auto removed : difference.removed) {
        drive(*routers_[removed], proto::Stop{});
        herald_.tell_removed(*routers_[removed]);
    }

    const auto gateways = all_followed(*next, difference);
    std::vector<std::unique_ptr<Router>> routers(next->instances.size());
    std::vector<Edit> edits;
    for (const auto& kept : difference.kept) {
        auto& router = routers_[kept.before];
        const auto& after = next->instances[kept.after];
        const auto& gateway = gateways[kept.after];
        if (router->installed && (kept.changed || difference.gateways_changed))
            edits.push_back(edit_of(*router, after, gateway, kept.after));
        router->config = &after;
        router->adopted = false;  // told, or a gateway that is new: which has no role to go on with
        router->followed = gateway;
        router->announcer.set_policy(*after.announce, loop_.now());
        routers[kept.after] = std::move(router);
    }
    for (const auto added : difference.added) {
        const auto& instance = next->instances[added];
        routers[added] = std::make_unique<Router>(instance, gateways[added]);
        prepare(*routers[added]);
    }
    for (const auto removed : difference.removed) speaker_->forget(*routers_[removed]);
    routers_ = std::move(routers);
    const auto before = std::exchange(config_, std::move(next));
    deadlines_.reset(routers_.size());
    form_groups();
    if (status_) begin_status();  // from the beginning
    for (auto& dump : dumps_) dump.restart(*config_);
    dumped_ = 0;
    use_configuration();
    trackers_.configure(*config_);
    const bool speaking = std::exchange(speaking_, false);  // nobody begins before the sockets are there
    gateways_->configure(*config_);                         // while `before` still lives: the keeper compares with it
    prober_->configure(config_->gateways);
    bfd_->configure(*config_, bfd_surface());
    speaking_ = speaking;
    devices_->configure(*config_, loop_.now());
    carry_out(edits);
    refuse_packets();
    statics_->configure(*config_->statics, loop_.now());
    review_absent();
    for (auto& router : routers_) follow_configuration(*router);
    reconsider_all();
    reporting_ = reporting;
    report();
    log_.notice("reloaded: {} instances added, {} removed, {} kept", difference.added.size(), difference.removed.size(),
                difference.kept.size());
}

void Engine::follow_configuration(Router& router) {
    authenticate(router);
    if (router.machine.parameters() != router.config->parameters)
        drive(router, proto::Reconfigured{router.config->parameters});
    router.renew_at.reset();
    const auto& gateway = router.followed;
    if (gateway.gateway && router.installed)
        renew(router, loop_.now());
    else if (gateway.gateway && !first_installed(gateway) && gateways_->fence_is_open(gateway.number))
        gateways_->shut_fence(gateway.number);  // it followed another router before
    schedule(number_of(router));
}

// Of a group, the way out stays with the member that has it, as long as it is Active: another one may have to wait for
// its role.
std::vector<Followed> Engine::all_followed(const config::Config& next, const config::Difference& difference) const {
    std::vector<Followed> result;
    result.reserve(next.instances.size());
    for (const auto& instance : next.instances) result.push_back(followed(next, instance));
    for (const auto& kept : difference.kept) {
        const auto& router = *routers_[kept.before];
        const auto* gateway = result[kept.after].gateway;
        if (!gateway || !router.installed || !router.followed.gateway || !router.followed.leads) continue;
        for (auto& other : result)
            if (other.gateway == gateway) other.leads = false;
        result[kept.after].leads = true;
    }
    return result;
}

Engine::Edit Engine::edit_of(Router& router, const config::Instance& after, const Followed& gateway,
                             std::size_t number) {
    const auto stands = router.standing ? *router.standing : wanted_by(router);
    auto wants = desired(after, gateway, desk_->world());
    absent_.ask_first(renewed(stands.addresses, wants.addresses), desk_->world(), loop_.now());
    absent_.hold_back(wants, desk_->world());
    router.standing = gateway.gateway ? std::make_unique<Desired>(wants) : nullptr;
    return {static_cast<std::uint32_t>(number),
            router.claim,
            without(stands, wants),
            {renewed(stands.addresses, wants.addresses), renewed(stands.routes, wants.routes),
             renewed(stands.rules, wants.rules)}};
}

// All removals first: an address that moved from one instance to another must not be taken away from the new one.
void Engine::carry_out(const std::vector<Edit>& edits) {
    std::vector<netlink::Request> requests;
    for (const auto& edit : edits) {
        const auto gone = removals(edit.gone);
        requests.insert(requests.end(), gone.begin(), gone.end());
    }
    desk_->apply(std::move(requests), [this](const Results& results) { log_failures("reload", results); });
    for (const auto& edit : edits) {
        auto* router = find_claim(edit.number, edit.claim);
        if (router) add(*router, edit.fresh, Say::failures);
    }
}

}  // namespace vrrpd::engine
