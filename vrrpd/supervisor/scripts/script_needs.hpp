// What of a configuration the supervisor needs to run its scripts: those that are tracked by anybody, who is told of
// states, the FIFOs, mail; each script checked against this host. And the units of while_active. The supervisor's.
#pragma once

#include <string>
#include <vector>

#include "vrrpd/config/model.hpp"
#include "vrrpd/config/parse.hpp"
#include "vrrpd/ipc/dump.hpp"
#include "vrrpd/supervisor/notify/notifier.hpp"
#include "vrrpd/supervisor/notify/unit_keeper.hpp"
#include "vrrpd/supervisor/scripts/track_desk.hpp"

namespace vrrpd::supervisor {

struct ScriptNeeds {
    // startup_script, shutdown_script.
    struct Once {
        std::optional<RunnableScript> script;
        Duration limit{0};
    };
    TrackNeeds track;
    NotifyNeeds notify;
    Once startup, shutdown;
    UnitKeeper::Needs units;
    std::vector<ipc::ScriptIdentity> identities;  // of all that run something, for the dumps

    // Of one who only watches: no script is run, nobody is told.
    [[nodiscard]] ScriptNeeds observed() const;
};

// What should be known of a script of the configuration.
struct ScriptRemark {
    config::Severity severity;       // as keepalived judges it
    std::vector<std::string> words;  // of the script
    std::string text;
};
[[nodiscard]] ScriptNeeds script_needs(const config::Config& config, std::vector<ScriptRemark>* remarks = nullptr);

}  // namespace vrrpd::supervisor
