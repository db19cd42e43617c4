// A handoff (vrrpd(8), --handoff): the engine before leaves everything as it is, and its successor, which has opened
// everything by then, goes on as after a crash - without the crash.
#include <poll.h>

#include <algorithm>

#include "vrrpd/engine/engine.hpp"

namespace vrrpd::engine {

namespace {

constexpr Duration settle_limit = std::chrono::seconds(3);  // for what the kernel was asked already
constexpr std::chrono::milliseconds shortest_wait{1};

}  // namespace

// With the sockets open, so that no switch hears that the last member left the group, and no advert of another router
// is lost between the two. false: the supervisor is gone, or wants us no more; nothing was touched.
bool Engine::stand_by() {
    for (auto& router : routers_) (void)look(*router);
    require_sockets();
    options_.channel.send(ipc::Kind::standing_by);
    for (;;) {
        pollfd waiting{options_.channel.fd(), POLLIN, 0};
        ::poll(&waiting, 1, -1);
        ipc::Message message;
        const auto state = options_.channel.receive(message);
        if (state == ipc::Channel::State::closed || message.kind == ipc::Kind::stop) return false;
        if (state == ipc::Channel::State::empty) continue;
        if (message.kind != ipc::Kind::proceed) {
            take_early(std::move(message));
            continue;
        }
        options_.adopt = message.detail != 0;
        loop_.refresh();
        desk_->catch_up();  // the picture is from before
        desk_->audit_soon(loop_.now());
        return true;
    }
}

// What was asked of the kernel is done first, with adverts meanwhile. Then one more advert: from now the other routers
// wait as long as ever, and nothing that takes time is left to do. What an authenticator knows is written down.
void Engine::leave_to_successor() {
    const auto give_up = boot_now() + settle_limit;
    bool settled = desk_->drain(std::chrono::milliseconds(0));
    while (!settled && boot_now() < give_up) {
        advertise_all();
        settled = desk_->drain(shortest_advert_interval());
    }
    if (!settled) log_.error("the kernel did not take everything in time; the successor repairs it");
    tell();
    advertise_all();
    for (auto& router : routers_) {
        remember(*router);
        leave(*router);
    }
    herald_.flush();
}

void Engine::advertise_all() {
    loop_.refresh();
    for (auto& router : routers_)
        if (router->active()) perform(*router, proto::SendAdvert{router->machine.effective_priority()});
}

std::chrono::milliseconds Engine::shortest_advert_interval() const {
    auto shortest = std::chrono::duration_cast<std::chrono::milliseconds>(settle_limit);
    for (const auto& router : routers_)
        if (router->active())
            shortest = std::min(shortest, std::chrono::duration_cast<std::chrono::milliseconds>(
                                              Duration(router->config->parameters.advert_interval)));
    return std::max(shortest, shortest_wait);
}

void Engine::leave(const Router& router) {
    if (!router.record) return;
    const auto& counted = router.counters;
    ipc::LegacyRecord::Values values;
    values.role = static_cast<std::uint8_t>(router.machine.role());
    values.since = router.since;
    values.preempt_from = router.machine.preempts_from();
    values.adverts = {counted.adverts_sent, counted.adverts_received};
    values.moves = {counted.zero_sent, counted.zero_received, counted.became_active, counted.released};
    values.rejected = router.troubles->rejected;
    ipc::leave(values, options_.state.legacy(*router.record));
}

Engine::Legacy Engine::legacy_of(const Router& router) {
    if (!options_.adopt || !router.record) return std::nullopt;
    return ipc::take_up(options_.state.legacy(*router.record));
}

// As over a reload: what was counted goes on, and a role that stayed has lasted since it began.
void Engine::take_up(Router& router, const Legacy& legacy) {
    if (!legacy) return;
    const auto role = router.machine.role();
    const bool stayed = role == static_cast<proto::Role>(legacy->role);
    if (stayed) router.since = legacy->since;
    auto& counted = router.counters;
    if (stayed && role == proto::Role::active) --counted.became_active;
    counted.adverts_sent += legacy->adverts[0];
    counted.adverts_received += legacy->adverts[1];
    counted.zero_sent += legacy->moves[0];
    counted.zero_received += legacy->moves[1];
    counted.became_active += legacy->moves[2];
    counted.released += legacy->moves[3];
    if (legacy->rejected == decltype(legacy->rejected){}) return;
    auto& rejected = router.troubles.edit().rejected;
    for (std::size_t kind = 0; kind < rejected.size(); ++kind) rejected[kind] += legacy->rejected[kind];
}

}  // namespace vrrpd::engine
