// What the cores asked for, carried out.
#include <algorithm>
#include <utility>

#include "vrrpd/engine/core/describe.hpp"
#include "vrrpd/engine/engine.hpp"

namespace vrrpd::engine {

namespace {

constexpr Duration longest_hold = std::chrono::milliseconds(5);  // of log lines, while a claim is under way

// Who was missed is Active again within the time for which it was waited. VR-153.
bool came_back_at_once(const Router& router, const proto::Transition& action, Instant now) {
    const bool yields = action.cause == proto::Cause::higher_priority || action.cause == proto::Cause::equal_priority;
    return yields && action.peer && router.from_silence && now - router.since < router.machine.down_interval();
}

}  // namespace

void Engine::drive(Router& router, const proto::Event& event, Instant at) {
    router.stepped_at = std::max(router.stepped_at, at);
    const auto before = router.machine.role();
    const auto actions = router.machine.step(router.stepped_at, event);
    for (const auto& action : actions) std::visit([&](const auto& what) { perform(router, what); }, action);
    routers_.schedule(router);
    if (router.config->sync_group) groups_->stepped(router, before, actions);
}

void Engine::perform(Router& router, const proto::SendAdvert& action) {
    speaker_->advertise(*transport_, router, action.priority);
    remember(router, options_.state);
    if (router.record)
        router.record->last_advert.store(loop_.now().time_since_epoch().count(), std::memory_order_relaxed);
}

// Whoever is woken by it needs the very processor that a claim needs.
void Engine::hold_news() {
    log_.hold();
    tell_at_ = loop_.now() + longest_hold;
}

void Engine::tell_news() {
    tell_at_.reset();
    log_.release();
    report();
}

// As keepalived does: whoever was misled about one address of a group may be about the others.
void Engine::perform(Router& router, const proto::AnnounceAgain&) {
    herald_.tell(router, Herald::Event::master_rx_lower_priority);
    if (!router.config->sync_group) return claims_->repeat_announcements(router);
    for (const auto member : config().sync_groups[*router.config->sync_group].members)
        claims_->repeat_announcements(routers_[member]);
}

void Engine::perform(Router& router, const proto::Transition& action) {
    router.rejections_said = 0;
    const bool flapped = came_back_at_once(router, action, loop_.now());
    router.from_silence = action.cause == proto::Cause::silence;
    router.since = loop_.now();
    router.adopted = action.cause == proto::Cause::adopted;
    tidy_at_ = loop_.now() + tidy_delay;
    if (action.to == proto::Role::active) ++router.counters.became_active;
    if (action.from == proto::Role::active) ++router.counters.released;
    if (router.record) router.record->active.store(action.to == proto::Role::active, std::memory_order_relaxed);
    if (action.cause == proto::Cause::silence && action.peer)
        outbox_.tell(ipc::Kind::host_silent, action.peer->to_string());
    const auto name_of = [this](const IpAddress& peer) { return peers_.describe(peer); };
    const auto better = describe_better(action, router.master_priority, router.machine.effective_priority(), name_of);
    if (!better.empty()) log_.info("({}) {}", router.config->name, better);
    const auto line = describe(action, routers_.faults_of(router), name_of);
    const bool pretended = options_.observe && action.to == proto::Role::active;
    log_.write(line.level, fmt::format("({}) {}{}{}", router.config->name, options_.observe ? "[observing] " : "",
                                       pretended ? "would have asked who holds the addresses, then: " : "", line.text));
    if (flapped && router.troubles.edit().flaps.came_back(loop_.now()))
        log_.warning(
            "({}) {} fell silent and was back before it can have started anew, {} times within {} min: its adverts are "
            "late or lost on the way, or it stands still now and then. Give protocol 112 precedence in the network "
            "(it is marked CS6), or all routers a longer advert_int",
            router.config->name, peers_.describe(*action.peer), FlapWatch::suspicious,
            FlapWatch::window / std::chrono::minutes(1));
    herald_.tell(router, action);
    if (action.cause == proto::Cause::started && router.config->unicast()) announce_source(router);
    if (router.followed.gateway) report();
}

// Who stands in is silent, and after a cable was pulled the switches no longer know where the adverts of its unicast
// peers are to go.
void Engine::announce_source(const Router& router) {
    const auto* link = desk_->world().link(router.link);
    if (!link || !router.source) return;
    speaker_->ask(router.link, router.source->is_v4() ? proto::gratuitous_arp(*router.source, link->mac)
                                                      : proto::unsolicited_na(*router.source, link->mac, true));
}

void Engine::perform(Router& router, const proto::Note& action) {
    herald_.tell(router, action);
    const auto line = describe(action, {router.machine.effective_priority(), holder_, not_ready_because(router)},
                               [this](const IpAddress& peer) { return peers_.describe(peer); });
    log_.write(line.level, fmt::format("({}) {}", router.config->name, line.text));
}

}  // namespace vrrpd::engine
