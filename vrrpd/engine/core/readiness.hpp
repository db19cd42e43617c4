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
    std::vector<std::string> obstacles;    // why it is not ready, as far as the engine sees
    std::vector<std::string> of_services;  // ... and as the agent says, which is not told back to it

    [[nodiscard]] bool ready() const { return obstacles.empty() && of_services.empty(); }

    bool operator==(const Readiness&) const = default;
};

}  // namespace vrrpd::engine
