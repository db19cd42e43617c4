// Makes and removes a macvlan of ours on the real kernel, which takes several messages. Private to netlink/.
#pragma once

#include "netlink/socket.hpp"
#include "netlink/types.hpp"

namespace netlink {

// See Add and Delete (kernel.hpp). The text of an error is the kernel's own reason, often empty.
[[nodiscard]] Result<void> put(Socket& socket, const Macvlan& macvlan);
[[nodiscard]] Result<void> drop(Socket& socket, const Macvlan& macvlan);

}  // namespace netlink
