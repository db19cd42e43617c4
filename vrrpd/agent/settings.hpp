// Which settings are meant to be alike on all members, as one text each; equal texts, equal settings. Pure. A hash of
// such a text is a fingerprint of the peer link's hello.
#pragma once

#include <string>
#include <string_view>

#include "vrrpd/agent/peer/messages.hpp"
#include "vrrpd/config/model.hpp"

namespace vrrpd::agent {

// Without what differs rightly: priorities, states, devices, and the names by which one host tells its blocks apart.
[[nodiscard]] std::string canonical_vrrp(const config::Config& config);

// AdGuard Home's AdGuardHome.yaml: what it answers and filters, without users, addresses of this host, and numbers
// and times that it gives by itself.
[[nodiscard]] std::string canonical_adguard(std::string_view yaml);

// SHA-256 of the text.
[[nodiscard]] Fingerprint fingerprint(std::string name, std::string_view text);

}  // namespace vrrpd::agent
