// Tracked connections of addresses that this host gave up: they go too, or a later return of the role finds
// stale translations, and packets that still come in are answered out of a dead state. The engine's, by its writer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/result.hpp"

namespace netlink::ct {

struct Which {
    std::vector<vrrpd::IpAddress> addresses;
    // None: every connection that has one of the addresses at an end, before or after translation. Else only those
    // that were opened towards this port of one of them.
    std::optional<std::uint16_t> port{};
};

// Removes them, in whatever zone, and tells how many. The others are not touched. A kernel without connection
// tracking has none.
[[nodiscard]] vrrpd::Result<std::size_t> purge(Which which);

}  // namespace netlink::ct
