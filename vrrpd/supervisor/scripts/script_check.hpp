// Whether a script of the configuration can be run here, by whom, and whether it is safe that root runs it.
// Looks at users, groups and files, and changes nothing. The supervisor's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vrrpd/config/script_model.hpp"
#include "vrrpd/supervisor/scripts/command.hpp"

namespace vrrpd::supervisor {

// One that can be run. Made once for a configuration: what changes on disk later shows when it is run.
struct RunnableScript {
    std::vector<std::string> words;  // the first one is a path
    std::string opens;               // instead: a file that is only opened (`</path`)
    RunAs as;
    bool operator==(const RunnableScript&) const = default;
};

struct CheckedScript {
    std::optional<RunnableScript> script;  // none: it is not run
    std::vector<std::string> remarks;      // why not, and what else should be known; each with what to do
    bool is_there = false;                 // its file, whether it can be run or not
    bool lacks_default_user = false;       // it names no user, and default_identity() knows none
};

[[nodiscard]] CheckedScript check(const config::Script& script, const config::ScriptPolicy& policy);

// A user and a group by name or number; without a group the user's own. The problem, if there is none such.
struct Identity {
    std::optional<RunAs> as;
    std::string problem;
};
[[nodiscard]] Identity find_identity(const std::string& user, const std::string& group);
// Whose a script or a FIFO is that names no user: script_user's, else keepalived_script's, else whoever runs the
// daemon; with enable_script_security not the latter.
[[nodiscard]] Identity default_identity(const config::ScriptPolicy& policy);

// The command for it, as keepalived would run it.
[[nodiscard]] Command command_for(const RunnableScript& script, std::string what);

}  // namespace vrrpd::supervisor
