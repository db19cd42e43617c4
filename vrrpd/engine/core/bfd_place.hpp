// Where a BFD session is spoken: the device in whose network the neighbour is, and our address there. Pure.
#pragma once

#include <optional>
#include <span>

#include "vrrpd/config/bfd_model.hpp"
#include "vrrpd/engine/core/world.hpp"

namespace vrrpd::engine {

struct BfdPlace {
    IfIndex link;                     // none: several hops away, or behind a route that only the kernel knows
    std::optional<IpAddress> source;  // none: the kernel's choice
    bool operator==(const BfdPlace&) const = default;
};

// `virtual_addresses`, sorted, are never spoken from: they leave with the role.
[[nodiscard]] BfdPlace place_of(const config::BfdInstance& session, const World& world,
                                std::span<const IpAddress> virtual_addresses);

}  // namespace vrrpd::engine
