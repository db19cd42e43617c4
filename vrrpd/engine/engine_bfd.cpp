// The BFD sessions among the rest: what they tell goes where the supervisor's trackers go.
#include "vrrpd/engine/engine.hpp"

namespace vrrpd::engine {

std::unique_ptr<BfdDesk> Engine::make_bfd_desk() {
    const auto mode = options_.observe ? BfdDesk::Mode::observe
                      : options_.adopt ? BfdDesk::Mode::resume
                                       : BfdDesk::Mode::speak;
    return std::make_unique<BfdDesk>(Surroundings{loop_, log_, burst_}, options_.state, mode,
                                     [this](const ipc::TrackerState& state) { tracker_changed(state); });
}

}  // namespace vrrpd::engine
