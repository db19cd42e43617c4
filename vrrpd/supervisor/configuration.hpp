// A configuration on its way through the supervisor: read, judged, sealed for the engine. The parsed form
// is dropped at once: of 1,000 instances the supervisor keeps one descriptor.
#pragma once

#include <string>
#include <vector>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/config/parse.hpp"
#include "vrrpd/supervisor/engine_place.hpp"
#include "vrrpd/supervisor/errands.hpp"
#include "vrrpd/supervisor/options.hpp"
#include "vrrpd/supervisor/owned.hpp"
#include "vrrpd/supervisor/scripts/script_needs.hpp"
#include "vrrpd/supervisor/switches.hpp"

namespace vrrpd::supervisor {

// What of a configuration the agent needs the supervisor for.
struct AgentNeeds {
    struct Service {
        std::string gateway, name;  // as in ipc::ServiceWeight
        bool operator==(const Service&) const = default;
    };
    std::vector<std::string> gateways;
    std::string key_file;           // empty: no peer_link
    std::vector<Service> weighing;  // those that may weigh on a priority

    // Without work of its own (plain instances only) it does nothing but answer vrrpctl.
    [[nodiscard]] bool has_work() const { return !gateways.empty() || !key_file.empty(); }
};

// What of a configuration the supervisor itself acts on.
struct Outline {
    Owned owned;
    std::vector<Switch> switches;
    Duration longest_interval{0};
    AgentNeeds agent;
    ErrandNeeds errands;
    ScriptNeeds scripts;
    config::ProcessSettings process;
    std::string dumped_globals;  // for keepalived.data
    EnginePlace engine_place;
};

struct Judgement {
    std::vector<config::Fault> faults;
    bool file_missing = false;
    bool can_start = false;
    bool balanced = true;  // see config::Parsed
    // Only if can_start, and not of -t, which starts nothing:
    Fd sealed;            // the lines, for the engine
    Fd sealed_for_agent;  // ... without passwords and keys; none: there are none
    Outline outline;
};
// Why a Judgement is not balanced; for a log.
inline constexpr const char* not_balanced = "its braces do not pair, so that one block may have swallowed another";
// Every fault, a line each: what prevents a start as an error, what is merely noted as a notice.
void say(const Judgement& judgement, Log& log);

// Reads the files that the options name, and, but for --fence, which comes before the devices, this host to
// compare them with (as far as permitted).
[[nodiscard]] Judgement judge(const Options& options);
// Again, of lines that were judged before.
[[nodiscard]] Outline outline(int sealed, const std::string& id);
// The parsed form again, for -d, --fence and outline().
[[nodiscard]] config::Config reread(int sealed, const std::string& id);

// -i, or the host name up to its first dot.
[[nodiscard]] std::string identity(const Options& options);

}  // namespace vrrpd::supervisor
