// `vrrpd --sweep`: takes out of the kernel what a daemon that died left there. Removes only what the list
// names *and* what carries our tag; works when nothing is there.
#pragma once

#include <string>
#include <vector>

#include "netlink/kernel.hpp"
#include "netlink/nft/tables.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/supervisor/owned.hpp"

namespace vrrpd::supervisor {

// What of the kernel's state is on the list and tagged: an address by its protocol or its finite lifetime
// (a kernel before 5.18 knows no address protocol), routes and rules by protocol 18. Rules first, then
// routes, then addresses; before them the virtual devices, by their alias. Pure.
[[nodiscard]] std::vector<netlink::Request> leftovers(const Owned& owned, const netlink::Snapshot& kernel);

// Returns false when something of ours is still there (said in the log).
[[nodiscard]] bool sweep(const Owned& owned, netlink::Kernel& kernel, Log& log);
// The gateways' packet rules go, and those of no_accept; the fence is shut.
[[nodiscard]] bool sweep_tables(const Owned& owned, netlink::nft::Tables& tables, Log& log);

}  // namespace vrrpd::supervisor
