// What the supervisor and the agent watch for us: the states of what is tracked.
#include "vrrpd/engine/engine.hpp"

namespace vrrpd::engine {

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

}  // namespace vrrpd::engine
