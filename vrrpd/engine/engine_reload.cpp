// Another configuration, by its difference: what did not change is not touched, roles are kept (surface 1.6).
#include <algorithm>
#include <utility>

#include "vrrpd/config/parse.hpp"
#include "vrrpd/engine/engine.hpp"

namespace vrrpd::engine {

namespace {

// What stands in `all` and not in `other`.
template <class T>
std::vector<T> without(const std::vector<T>& all, const std::vector<T>& other) {
    std::vector<T> result;
    for (const auto& object : all)
        if (std::none_of(other.begin(), other.end(), [&](const T& x) { return same_object(x, object); }))
            result.push_back(object);
    return result;
}

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
    const auto text = ipc::unseal(memfd);
    const auto lines = text ? config::deserialize(*text) : std::nullopt;
    // The supervisor judged this very text; if it cannot be read back, the old configuration runs on.
    if (!lines) {
        log_.error("the new configuration could not be read; the old one runs on");
        return;
    }
    adopt_configuration(std::make_unique<config::Config>(config::parse(*lines, options_.id).config));
    options_.channel.send(ipc::Kind::reloaded);
}

void Engine::adopt_configuration(std::unique_ptr<config::Config> next) {
    const auto difference = config::diff(*config_, *next);
    for (const auto removed : difference.removed) drive(*routers_[removed], proto::Stop{});

    std::vector<std::unique_ptr<Router>> routers(next->instances.size());
    for (const auto& kept : difference.kept) {
        auto& router = routers_[kept.before];
        const auto& after = next->instances[kept.after];
        const auto gateway = followed(*next, after);
        if (kept.changed || difference.gateways_changed) keep(*router, config_->instances[kept.before], after, gateway);
        router->config = &after;
        router->followed = gateway;
        routers[kept.after] = std::move(router);
    }
    for (const auto added : difference.added) {
        const auto& instance = next->instances[added];
        routers[added] = std::make_unique<Router>(instance, followed(*next, instance));
        attach_record(*routers[added]);
    }
    for (const auto removed : difference.removed) speaker_->forget(*routers_[removed]);
    routers_ = std::move(routers);
    const auto before = std::exchange(config_, std::move(next));
    deadlines_.reset(routers_.size());
    use_peer_link();
    const bool speaking = std::exchange(speaking_, false);  // nobody begins before the sockets are there
    gateways_->configure(config_->gateways);                // while `before` still lives: the keeper compares with it
    speaking_ = speaking;
    for (auto& router : routers_) {
        if (const auto parameters = run_parameters(*router->config); router->machine.parameters() != parameters)
            drive(*router, proto::Reconfigured{parameters});
        router->renew_at.reset();
        if (router->installed && router->followed.gateway) renew(*router, loop_.now());
        schedule(number_of(*router));
    }
    reconsider_all();
    log_.notice("reloaded: {} instances added, {} removed, {} kept", difference.added.size(), difference.removed.size(),
                difference.kept.size());
}

void Engine::keep(Router& router, const config::Instance& before, const config::Instance& after,
                  const Followed& gateway) {
    router.announcer.set_policy(after.announce);
    if (router.installed)
        change_addresses(router, desired(before, router.followed, desk_->world()),
                         desired(after, gateway, desk_->world()));
}

void Engine::change_addresses(Router& router, const Desired& before, const Desired& after) {
    const Desired gone{without(before.addresses, after.addresses), without(before.routes, after.routes),
                       without(before.rules, after.rules)};
    const Desired fresh{renewed(before.addresses, after.addresses), renewed(before.routes, after.routes),
                        renewed(before.rules, after.rules)};
    auto requests = removals(gone);
    const auto more = additions(fresh);
    requests.insert(requests.end(), more.begin(), more.end());
    if (requests.empty()) return;
    const auto claim = router.claim;
    const bool announce = !fresh.addresses.empty();
    desk_->apply(std::move(requests), [this, claim, announce](const auto& results) {
        for (const auto& result : results)
            if (!result) log_.error("reload: {}", result.error().describe());
        const auto mine = std::find_if(routers_.begin(), routers_.end(),
                                       [claim](const auto& candidate) { return candidate->claim == claim; });
        if (mine == routers_.end() || !(*mine)->installed || !announce) return;
        auto& announcer = (*mine)->announcer;
        const auto all = announced(**mine, desk_->world());
        announcer.start(loop_.now(), all.arp.size(), all.na.size());
        speaker_->announce(**mine, announcer.due(loop_.now()));
        schedule(number_of(**mine));
    });
}

}  // namespace vrrpd::engine
