// Per-device switches, through /proc/sys/net of the caller's network namespace. Not through rtnetlink: setting
// IFLA_INET_CONF there stores the number without its effects (forwarding must also disable LRO, flush routes and
// join the routers' groups), and IPv6 has no such attribute. CAP_NET_ADMIN suffices. Private to netlink/.
#pragma once

#include <string>

#include "netlink/kernel.hpp"

namespace netlink {

[[nodiscard]] Result<int> read_device_option(const std::string& link, DeviceOption option);
[[nodiscard]] Result<void> write_device_option(const std::string& link, DeviceOption option, int value);

}  // namespace netlink
