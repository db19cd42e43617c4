// Authenticators of the routers: made from the configuration, and what they must remember put where the next engine
// finds it.
#include <algorithm>
#include <utility>

#include "vrrpd/engine/engine.hpp"

namespace vrrpd::engine {

void Engine::authenticate(Router& router) {
    const auto& wanted = *router.config->authentication;
    if (!wanted.wanted()) return router.authenticator.reset();
    const auto peers = router.config->peers.size();
    if (router.authenticator) return router.authenticator->configure(wanted, peers);
    router.authenticator = std::make_unique<proto::Authenticator>(wanted, peers);
    if (router.record) router.authenticator->restore(ipc::load(options_.state.auth(*router.record)));
}

// At once: who crashed between a number and its record would use the number again.
void Engine::remember(const Router& router) {
    if (router.authenticator && router.record)
        ipc::store(router.authenticator->memory(), options_.state.auth(*router.record));
}

void Engine::authenticated(Router& router, const proto::Envelope& envelope, const proto::Accepted& accepted) {
    if (!router.authenticator) return;
    auto& authenticator = *router.authenticator;
    authenticator.accept(envelope.source, envelope.destination.is_multicast(), accepted.proof);
    const auto ours = router.machine.effective_priority(), theirs = accepted.advert.priority;
    const bool lower = theirs < ours || (theirs == ours && envelope.source < router.source);
    if (authenticator.type() == proto::AuthType::ah && router.active() && lower) authenticator.stay_ahead();
    remember(router);
    const auto apart = std::chrono::abs(accepted.proof.clock_ahead);
    const auto& settings = router.config->authentication->hmac;
    if (settings.monotonic || 2 * apart <= settings.window) {
        router.clock_said = false;
    } else if (!std::exchange(router.clock_said, true)) {
        log_.warning(
            "({}) the clock of {} is {} {} ours; its adverts are refused from {} on (time_window): set both by NTP",
            router.config->name, name_of(envelope.source), text(apart),
            accepted.proof.clock_ahead.count() > 0 ? "ahead of" : "behind", text(settings.window));
    }
}

}  // namespace vrrpd::engine
