// What the supervisor watches for us, and what it is told for scripts, FIFOs and mail.
#include <poll.h>

#include "vrrpd/engine/engine.hpp"

namespace vrrpd::engine {

namespace {

using Event = ipc::Notice::Event;

constexpr int last_tries = 20, last_wait_ms = 10;  // for the supervisor to make room, when we stop

}  // namespace

// What is tracked already has its states in the channel: who is adopted or begins should know them. The rest waits
// until there is something to apply it to.
void Engine::take_early_messages() {
    ipc::Message message;
    while (options_.channel.receive(message) == ipc::Channel::State::message) take_early(std::move(message));
}

void Engine::take_early(ipc::Message message) {
    const auto state = message.kind == ipc::Kind::tracker ? ipc::decode<ipc::TrackerState>(message.text) : std::nullopt;
    const auto choice =
        message.kind == ipc::Kind::dns_choice ? ipc::decode<ipc::DnsChoice>(message.text) : std::nullopt;
    if (state)
        (void)trackers_.apply(*state);
    else if (choice)
        gateways_->remember(*choice);
    else
        early_.push_back(std::move(message));
}

// One pass over those that track it; nothing of the kernel's picture is looked at again.
void Engine::tracker_changed(const ipc::TrackerState& state) {
    const auto object = trackers_.apply(state);
    if (!object || !speaking_) return;
    std::vector<Router*> concerned;
    for (auto& router : routers_)
        if (tracks(*router->config, *object)) concerned.push_back(router.get());
    for (auto* router : concerned) rejudge(*router);
    for (auto* router : concerned) settle(*router);
}

// Is anybody? An observer tells nobody.
bool Engine::is_told(const config::Notify& notify, bool mail) const {
    const auto& all = config_->notification;
    return !options_.observe && (!all.fifos.empty() || notify != config::Notify{} || (mail && all.mail.is_possible()));
}

void Engine::announce_state(const Router& router, Event event) {
    const auto& config = *router.config;
    if (!is_told(*config.notify, config.mail)) return;
    notices_.add({ipc::Notice::Object::instance, event, router.machine.effective_priority().value(), config.name});
}

// An owner is Backup only to ask who has its addresses: it is told as one when somebody answered.
bool Engine::only_asks(const Router& router) {
    return !router.config->sync_group && router.machine.effective_priority().is_owner();
}

void Engine::announce_transition(const Router& router, const proto::Transition& transition) {
    if (transition.cause == proto::Cause::stopped) return;  // said by who stops it
    switch (transition.to) {
        case proto::Role::active:
            return announce_state(router, Event::master);
        case proto::Role::backup:
            if (transition.cause == proto::Cause::started && only_asks(router)) return;
            return announce_state(router, Event::backup);
        case proto::Role::initialize:
            return announce_state(router, Event::fault);
    }
}

void Engine::announce_group(const Group& group, Event event) {
    if (!is_told(*group.config->notify, group.config->mail)) return;
    notices_.add({ipc::Notice::Object::group, event, 0, group.name});
}

void Engine::announce_priority(const Router& router) {
    if (!router.config->notify->priority_changes) return;
    announce_state(router, router.active() ? Event::master_priority : Event::backup_priority);
}

// keepalived's: who left the configuration is in FAULT, unless notify_deleted says otherwise.
void Engine::announce_removed(const Router& router) {
    announce_state(router, router.config->notify->deleted_state ? Event::deleted : Event::fault);
}

void Engine::announce_stopped() {
    for (const auto& router : routers_) announce_state(*router, Event::stop);
    stop_groups();
    flush_notices();
    for (int i = 0; i < last_tries && !notices_.empty(); ++i) {
        pollfd waiting{options_.channel.fd(), POLLOUT, 0};
        ::poll(&waiting, 1, last_wait_ms);
        flush_notices();
    }
}

// The supervisor waits for it, for ever if it must; its channel may be full of log lines now.
void Engine::answer(ipc::Kind kind, std::uint8_t detail) {
    answers_.push_back({kind, detail});
    send_answers();
}

void Engine::send_answers() {
    while (!answers_.empty()) {
        const auto [kind, detail] = answers_.front();
        // Of what left, while the supervisor still knows whom to tell.
        if (kind == ipc::Kind::reloaded) flush_notices();
        if (kind == ipc::Kind::reloaded && !notices_.empty()) return;
        if (!options_.channel.send(kind, {}, detail)) return;
        answers_.erase(answers_.begin());
    }
}

void Engine::flush_notices() {
    notices_.flush([this](const std::string& text) { return options_.channel.send(ipc::Kind::notify, text); },
                   ipc::max_text);
}

}  // namespace vrrpd::engine
