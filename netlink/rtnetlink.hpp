// The real Kernel, over libnl-route-3.
#pragma once

#include <memory>

#include "netlink/kernel.hpp"

namespace netlink {

// Opens its own NETLINK_ROUTE socket. Fails without CAP_NET_ADMIN only when something is changed.
[[nodiscard]] Result<std::unique_ptr<Kernel>> open_rtnetlink();

}  // namespace netlink
