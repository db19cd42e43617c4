// The engine process, as the supervisor starts it.
#pragma once

#include <string>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/ipc/channel.hpp"
#include "vrrpd/ipc/shared_state.hpp"

namespace vrrpd::engine {

struct EngineOptions {
    ipc::Channel channel;
    ipc::SharedState state;
    Fd configuration;      // sealed memfd: config::serialize()d lines
    std::string id;        // for parse(): which peer_link member we are
    bool observe = false;  // send and change nothing; log what would be done
    bool adopt = false;    // restarted after a crash: adopt fresh roles from `state`
    bool detail = false;   // -D: GARP, timers, interface events
    // A handoff: another engine has the roles. Opens everything, says standing_by, and touches nothing before proceed.
    bool stand_by = false;
    bool watch_addresses = false;  // -a: every address that comes or goes is logged
};

// Runs until told to stop or until the supervisor is gone; returns the exit code of the process: 0 after
// an ordered hand-over, 1 when it could not start (said in the log), 4 without the capabilities.
[[nodiscard]] int run(EngineOptions options);

}  // namespace vrrpd::engine
