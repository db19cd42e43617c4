// What makes a virtual router this one and no other of the host. Two of one VRID may run on one device, as under
// keepalived, where their adverts go different ways: to different groups, or unicast from different sources. Pure.
#pragma once

#include <compare>
#include <optional>
#include <string>

#include "vrrpd/base/ip.hpp"
#include "vrrpd/proto/types.hpp"

namespace vrrpd::proto {

struct RouterKey {
    std::string interface;  // empty: wherever its source is
    Family family = Family::ipv4;
    Vrid vrid = *Vrid::make(1);
    std::optional<IpAddress> group = {};   // none: unicast
    std::optional<IpAddress> source = {};  // of a unicast router, as configured; none: whatever the device has

    [[nodiscard]] bool unicast() const { return !group; }
    // Whether two that do not hear each other, as two programs of one host, could be taken for one by others.
    [[nodiscard]] bool may_be(const RouterKey& other) const {
        return interface == other.interface && family == other.family && vrid == other.vrid && group == other.group &&
               (!source || !other.source || source == other.source);
    }
    auto operator<=>(const RouterKey&) const = default;
};

}  // namespace vrrpd::proto
