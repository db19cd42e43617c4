// The text of keepalived.data: its sections, and in them keepalived's lines in keepalived's order, since exporters read
// them line by line. For Dump. Pure.
#pragma once

#include <string>
#include <vector>

#include "vrrpd/engine/core/dump.hpp"

namespace vrrpd::engine {

// What every section may need.
struct DumpContext {
    const config::Config& config;
    const ipc::KnownScripts& scripts;
};

// The lines of one instance. `faults`: its own, or those of the others of its group.
[[nodiscard]] std::string topology_text(const Router& router, const std::vector<std::string>& faults,
                                        const DumpContext& context, DumpMoment moment);
// Sections with their headings; empty where there are none.
[[nodiscard]] std::string statics_text(const config::StaticEntries& statics);
[[nodiscard]] std::string groups_text(const std::vector<DumpedGroup>& groups, const DumpContext& context);
[[nodiscard]] std::string scripts_text(const DumpContext& context, const Trackers& trackers);
[[nodiscard]] std::string files_text(const config::Config& config, const Trackers& trackers);
[[nodiscard]] std::string processes_text(const config::Config& config, const Trackers& trackers);

}  // namespace vrrpd::engine
