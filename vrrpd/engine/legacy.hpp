// What of a router outlives its engine, in the state that engines share: after a crash, and over a handoff. The
// engine's.
#pragma once

#include <optional>

#include "vrrpd/engine/core/router.hpp"
#include "vrrpd/ipc/shared_state.hpp"

namespace vrrpd::engine {

// Its authenticator is as its configuration says, and knows what it knew before.
void authenticate(Router& router, ipc::SharedState& state);
// What its authenticator must not forget. At once: who crashed between a number and its record would use the number
// again.
void remember(const Router& router, ipc::SharedState& state);

// Left on purpose: counters, and since when the role is the same.
void leave(const Router& router, ipc::SharedState& state);
using Legacy = std::optional<ipc::LegacyRecord::Values>;
[[nodiscard]] Legacy legacy_of(const Router& router, ipc::SharedState& state);
// When its role is known again. As over a reload: what was counted goes on, and a role that stayed has lasted since it
// began.
void take_up(Router& router, const Legacy& legacy);

}  // namespace vrrpd::engine
