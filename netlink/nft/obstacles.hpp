// Foreign rules that would stop a host from being the gateway. An accept of ours cannot overrule a drop
// of theirs, so they are found and named, with what to run. For Tables.
//
// iptables-nft, nft, Docker, ufw and firewalld all stand in nf_tables and are seen. Rules of iptables-legacy (x_tables)
// are another mechanism and are not.
#pragma once

#include <span>
#include <vector>

#include "netlink/nft/connection.hpp"
#include "netlink/nft/tables.hpp"

namespace netlink::nft {

[[nodiscard]] Result<std::vector<Obstacle>> find_obstacles(Connection& connection, std::span<const Served> gateways);

}  // namespace netlink::nft
