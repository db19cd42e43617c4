// The section "Global definitions" of keepalived.data, which is all that keepalived_parent.data has: keepalived's lines
// in keepalived's order, of what is acted on here. Left out is what only keepalived has: its other processes, LVS,
// SNMP, D-Bus, buffers. Pure.
#pragma once

#include <string>
#include <vector>

#include "vrrpd/config/globals.hpp"
#include "vrrpd/config/model.hpp"
#include "vrrpd/ipc/dump.hpp"

namespace vrrpd::supervisor {

// Without the first lines, which tell where we are: globals_heading().
[[nodiscard]] std::string globals_text(const config::Config& config, const config::Globals& globals,
                                       const std::vector<ipc::ScriptIdentity>& identities);
// `net_namespace`: empty for the one we were started in.
[[nodiscard]] std::string globals_heading(const std::string& net_namespace);

}  // namespace vrrpd::supervisor
