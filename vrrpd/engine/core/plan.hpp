// What a virtual router wants in the kernel while it is Active, as values: addresses, then routes and rules.
// Pure. The engine adds it on Claim, deletes it in reverse on Release, and reconciles
// it against the World in between.
#pragma once

#include <string_view>
#include <vector>

#include "netlink/kernel.hpp"
#include "vrrpd/config/model.hpp"
#include "vrrpd/engine/core/world.hpp"

namespace vrrpd::engine {

// The own table of the first gateway, and the two rules before it: `main` without its default routes, then
// ours. So the host's default route is never replaced. The n-th gateway uses base + 2 n.
inline constexpr std::uint32_t gateway_table_base = 11200;
inline constexpr std::uint32_t gateway_rule_base = 11200;

struct Desired {
    std::vector<netlink::Address> addresses;  // advertised, excluded, held WAN addresses, in that order
    std::vector<netlink::Route> routes;
    std::vector<netlink::Rule> rules;

    bool operator==(const Desired&) const = default;
};
// What is in `all` and not in `others`, as objects of the kernel (netlink::same_object).
[[nodiscard]] Desired without(const Desired& all, const Desired& others);
// What is in `after` and was not in `before`, or not like this.
[[nodiscard]] Desired renewed(const Desired& before, const Desired& after);
// Of an object that is in both, the newer form counts.
void unite(Desired& into, const Desired& newer);

// The gateway that follows an instance, and which of the configuration's gateways it is.
struct Followed {
    const config::Gateway* gateway = nullptr;  // none: a plain keepalived instance
    std::uint32_t number = 0;
    bool leads = true;  // its wan moves with this instance; false: with another of the sync group that it follows
};

[[nodiscard]] Followed followed_by(const config::Instance& instance, const config::Config& config);

// Devices that do not exist are left out: their items come when the device does. A gateway's addresses get
// the finite lifetime of dead_man().
[[nodiscard]] Desired desired(const config::Instance& instance, const Followed& followed, const World& world);

// Whether it is one of those addresses, on whatever device.
[[nodiscard]] bool has_address(const config::Instance& instance, const Followed& followed, const IpAddress& address,
                               std::string_view device = {});

// The static entries, likewise.
[[nodiscard]] Desired desired(const config::StaticEntries& entries, const World& world);

// How long the kernel keeps a gateway's addresses and its open fence without a sign of life: max(5 s,
// 3 x down interval), whole seconds: the dead man. Renewed every third of it.
[[nodiscard]] std::chrono::seconds dead_man(Duration down_interval);

// What it may lose without consequences for its role: `no_track`.
[[nodiscard]] Desired untracked(const config::Instance& instance, const World& world);

// Whatever stands in the way of a route that this configuration may ever want, or is one.
[[nodiscard]] netlink::RouteInterest routes_of(const config::Config& config);

[[nodiscard]] netlink::Address kernel_address(const config::VirtualAddress& vip, IfIndex link);

// In the order of a take-over.
[[nodiscard]] std::vector<netlink::Request> additions(const Desired& wanted);
// In the order of a hand-over: rules, routes, addresses last to first.
[[nodiscard]] std::vector<netlink::Request> removals(const Desired& wanted);
// What is wanted and not there.
[[nodiscard]] Desired missing(const Desired& wanted, const World& world);

}  // namespace vrrpd::engine
