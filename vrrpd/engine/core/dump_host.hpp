// What keepalived.data says of the host that we are on: the devices, the sockets on them, and how far apart
// announcements are sent there. keepalived's lines in keepalived's order, but for its own book-keeping. For Dump. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "netlink/kernel.hpp"
#include "vrrpd/config/model.hpp"

namespace vrrpd::engine {

struct DumpedSocket {
    int fd = -1;
    std::string device;
    Family family = Family::ipv4;
    std::uint8_t protocol = 0;
    std::vector<std::uint32_t> routers;  // by their number in Config
};

// Sections with their headings; empty where there is nothing.
[[nodiscard]] std::string pacing_text(const config::Config& config);
[[nodiscard]] std::string sockets_text(const std::vector<DumpedSocket>& sockets, const config::Config& config);
[[nodiscard]] std::string interfaces_text(const netlink::Snapshot& host, const config::Config& config);

}  // namespace vrrpd::engine
