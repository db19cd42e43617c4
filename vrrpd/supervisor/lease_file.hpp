// The lease file of this host's DHCP server, replaced as the agent asks. The agent has no rights, and may be in
// somebody else's hands: the supervisor decides which file that is, and what may stand in it.
#pragma once

#include <string>
#include <vector>

#include "vrrpd/base/ip.hpp"
#include "vrrpd/config/model.hpp"

namespace vrrpd::supervisor {

struct DhcpServer {
    std::string gateway;
    std::vector<Prefix> networks;  // that it serves
    config::Dnsmasq dnsmasq;
};

inline constexpr std::size_t largest_lease_file = 32 << 20;

// `leases`: a sealed memfd. Reads and writes files, and so takes its time. What is wrong; empty: it is done.
[[nodiscard]] std::string replace_lease_file(const DhcpServer& server, const std::string& path, int leases);

}  // namespace vrrpd::supervisor
