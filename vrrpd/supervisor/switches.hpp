// Per-device switches of the kernel that a configuration needs: which,
// what they were before, and back again. Reads and writes through netlink::Kernel alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "netlink/kernel.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/config/model.hpp"
#include "vrrpd/supervisor/owned.hpp"

namespace vrrpd::supervisor {

struct Switch {
    std::string device;
    netlink::DeviceOption option = netlink::DeviceOption::forwarding_ipv4;
    int value = 0;
    std::optional<int> instead_of;  // only where it has this value now
    bool restore = true;            // at a clean stop
    bool at_least = false;          // a larger value will do, too

    bool operator==(const Switch&) const = default;
};

// The filter of all devices, which each of them has instead while this is wanted.
[[nodiscard]] bool is_spread(const Switch& one);

// In the order in which they must be set.
[[nodiscard]] std::vector<Switch> switches_of(const config::Config& config);

// Those that are not yet as wanted, with what they are now. Devices that do not exist are left out.
[[nodiscard]] std::vector<OwnedSwitch> changes_needed(const std::vector<Switch>& wanted, netlink::Kernel& kernel);
void set(const std::vector<OwnedSwitch>& changes, netlink::Kernel& kernel, Log& log);
// Each back to its former value, if it still has the one we gave it.
void restore(const std::vector<OwnedSwitch>& changed, netlink::Kernel& kernel, Log& log);

}  // namespace vrrpd::supervisor
