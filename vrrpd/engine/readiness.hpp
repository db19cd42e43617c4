// Could this host be the gateway now? A value of the engine's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vrrpd/proto/tracking.hpp"

namespace vrrpd::engine {

struct Readiness {
    std::optional<proto::Tracked> wan;     // weighs on the priority; none: the gateway has no WAN
    std::vector<proto::Tracked> services;  // those that weighed on it once; those that are down do so now
    std::vector<std::string> obstacles;    // why it is not ready; empty: ready

    bool operator==(const Readiness&) const = default;
};

}  // namespace vrrpd::engine
