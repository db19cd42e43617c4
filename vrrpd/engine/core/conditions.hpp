// Whether a virtual router can run now, and with what: its faults, the address it sends from, what its
// trackers say. Pure: an instance and the picture of the kernel in, values out.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vrrpd/config/model.hpp"
#include "vrrpd/engine/core/link_damper.hpp"
#include "vrrpd/engine/core/world.hpp"
#include "vrrpd/proto/tracking.hpp"

namespace vrrpd::engine {

struct Conditions {
    std::vector<std::string> faults;      // "lan0 is down"; empty: it can run
    IfIndex link;                         // where adverts go; none: nowhere yet
    std::optional<IpAddress> source;      // what adverts are sent from
    std::vector<proto::Tracked> tracked;  // interfaces and forwarders with their state now
};

// What is known beside the kernel's picture.
struct Beside {
    std::span<const IpAddress> others = {};         // the virtual addresses of all instances, sorted: never a source
    std::span<const std::string> without_dns = {};  // gateways whose forwarder on this host does not work
    std::span<const IpAddress> statics = {};  // static_ipaddress, sorted: ours by their tag, and a source all the same
    const LinkDamper* damper = nullptr;       // of interface_up_down_delays
    bool begins = false;                      // it does not run yet, which wants more
};

// The source is the configured one; else the device's first that is not virtual, for IPv6 multicast a link-local one.
[[nodiscard]] Conditions evaluate(const config::Instance& instance, const World& world, const Beside& beside = {});

}  // namespace vrrpd::engine
