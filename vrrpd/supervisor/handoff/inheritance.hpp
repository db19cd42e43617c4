// The successor's part of a handoff (handoff_wire.hpp): what it gets from the daemon before, and what the supervisor
// must know of that to go on where it left off. The supervisor's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vrrpd/base/log.hpp"
#include "vrrpd/ipc/notices.hpp"
#include "vrrpd/supervisor/handoff/handoff_wire.hpp"
#include "vrrpd/supervisor/notify/unit_keeper.hpp"

namespace vrrpd::supervisor {

// Of the channel to the daemon before, in a successor.
inline constexpr int successor_descriptor = 3;

// What a supervisor knows that no file and no kernel knows. Its encoding, with that of the notices in it, belongs to
// ipc::state_layout: whoever changes one changes the number.
struct Memory {
    std::vector<ipc::TrackerState> trackers;
    std::vector<ipc::Notice> told;   // the last state of each that scripts and FIFOs know of
    std::vector<std::string> agent;  // AgentKeeper::memory()
    std::vector<std::string> fifos;  // that the daemon made
    std::vector<UnitKeeper::Order> units;
};
[[nodiscard]] std::string encode(const Memory& memory);
[[nodiscard]] std::optional<Memory> decode_memory(std::string_view text);

struct Inheritance {
    HandoffSocket predecessor;
    bool readable = false;  // shared state and memory are of our layout
    Fd lock_file, lock_socket, shared_state, configuration, configuration_for_agent, control_socket;
    HandoffSocket listener;
    Memory memory;
};
// Says hello and takes what comes. none: the daemon before is gone, or sent what makes no sense; the log says so.
[[nodiscard]] std::optional<Inheritance> take_inheritance(HandoffSocket predecessor, Log& log);

}  // namespace vrrpd::supervisor
