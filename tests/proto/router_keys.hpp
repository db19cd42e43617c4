// Virtual routers of the standard groups.
#pragma once

#include <string>

#include "vrrpd/proto/envelope.hpp"
#include "vrrpd/proto/router_key.hpp"

namespace vrrpd::proto::test {

inline RouterKey key(std::string interface, unsigned vrid = 1, Family family = Family::ipv4) {
    return {std::move(interface), family, *Vrid::make(vrid), multicast_group(family), std::nullopt};
}

}  // namespace vrrpd::proto::test
