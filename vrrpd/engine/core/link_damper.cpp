#include "vrrpd/engine/core/link_damper.hpp"

#include <utility>

namespace vrrpd::engine {

void LinkDamper::configure(const std::vector<config::InterfaceDelay>& delays) {
    const auto before = std::exchange(states_, {});
    for (const auto& delay : delays) {
        const auto known = before.find(delay.device);
        auto& state = states_[delay.device] = known == before.end() ? State{} : known->second;
        state.down = delay.down;
        state.up = delay.up;
    }
}

void LinkDamper::look(Instant now, const World& world) {
    for (auto& [device, state] : states_) {
        const auto* link = world.link(device);
        const bool up = link && link->usable();
        if (!state.seen_up) {
            state.seen_up = state.is_up = state.counts_up = up;
            continue;
        }
        if (up != state.is_up) {
            state.is_up = up;
            if (up == state.counts_up)
                state.changes_at.reset();  // it flapped
            else
                state.changes_at = now + (up ? state.up : state.down);
        }
        if (!state.changes_at || now < *state.changes_at) continue;
        state.changes_at.reset();
        state.counts_up = up;
    }
}

Deadline LinkDamper::next_deadline() const {
    Deadline next;
    for (const auto& [device, state] : states_) next = earlier(next, state.changes_at);
    return next;
}

LinkDamper::Verdict LinkDamper::verdict(const std::string& device) const {
    const auto found = states_.find(device);
    if (found == states_.end() || found->second.is_up == found->second.counts_up) return Verdict::as_it_is;
    return found->second.counts_up ? Verdict::still_up : Verdict::still_down;
}

}  // namespace vrrpd::engine
