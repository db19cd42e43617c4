// What this host's dnsmasq has against moving with the gateway that dhcp_sync follows (dhcpsync/core/dnsmasq_check), as
// faults of the configuration. None prevents a start: the rest moves without it.
#pragma once

#include <vector>

#include "vrrpd/config/parse.hpp"

namespace vrrpd::supervisor {

// Reads dnsmasq's files. `block`: where dhcp_sync stands; said of what stands nowhere.
[[nodiscard]] std::vector<config::Fault> dnsmasq_faults(const config::Config& config, const config::Position& block);

}  // namespace vrrpd::supervisor
