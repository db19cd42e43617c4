// What -t and a start say of the units of while_active, given what systemd has been told on this host. The
// supervisor's.
#pragma once

#include <string>
#include <vector>

#include "vrrpd/config/parse.hpp"

namespace vrrpd::supervisor {

// A unit that is enabled would run on a stand-in from boot on. `folders`: where systemd looks (systemd.unit(5)).
[[nodiscard]] std::vector<config::Fault> unit_faults(const config::Config& config,
                                                     const std::vector<config::Line>& lines,
                                                     const std::vector<std::string>& folders);
[[nodiscard]] std::vector<std::string> unit_folders();

}  // namespace vrrpd::supervisor
