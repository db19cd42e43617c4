// What changes between two configurations, instance by instance: what did not change is not
// touched, roles and addresses that stay are kept.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "vrrpd/config/model.hpp"

namespace vrrpd::config {

struct Kept {
    std::size_t before = 0, after = 0;  // indexes into instances
    bool changed = false;               // any field at all
};

struct Difference {
    std::vector<std::size_t> removed;  // indexes into before.instances
    std::vector<std::size_t> added;    // indexes into after.instances
    std::vector<Kept> kept;
    bool gateways_changed = false;
};

// Instances are matched by same_router(): renaming one keeps its role.
[[nodiscard]] Difference diff(const Config& before, const Config& after);

// Whether this is one of its addresses, advertised or not; with a device: one that stands there.
[[nodiscard]] bool has_address(const Instance& instance, const IpAddress& address, std::string_view device = {});

}  // namespace vrrpd::config
