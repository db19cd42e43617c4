// The real Kernel, over libnl-route-3.
#pragma once

#include <memory>

#include "netlink/kernel.hpp"

namespace netlink {

// Opens its own NETLINK_ROUTE socket. Fails without CAP_NET_ADMIN only when something is changed.
// The receive buffer holds the answers to a batch with ease; a test makes it too small.
[[nodiscard]] Result<std::unique_ptr<Kernel>> open_rtnetlink(int receive_buffer_bytes = 1 << 20);

}  // namespace netlink
