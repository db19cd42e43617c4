// The port to the kernel's routing tables: apply requests, read what is there. Two implementations,
// rtnetlink (real) and a model in memory (fake, for tests and the simulator), and one contract test
// that both pass. Synchronous: the engine calls it on its writer thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "netlink/types.hpp"
#include "vrrpd/base/result.hpp"

namespace netlink {

using vrrpd::Result;

using Object = std::variant<Address, Route, Rule, Macvlan>;
[[nodiscard]] bool same_object(const Object& a, const Object& b);

// Adding what is there already succeeds and sets lifetimes and flags anew (IPv4 keeps the flags and the label of
// the first time). A route of the same identity is replaced if it carries our protocol number; another program's
// is never touched: IPv4 puts ours in front of it, IPv6 cannot and fails with EEXIST. A macvlan of ours that is there
// goes up or down as told; a device of that name that is another's, or stands elsewhere, is left alone: EEXIST.
struct Add {
    Object object;
};
// Deleting what is not there succeeds, also when the device is gone or the kernel has no such family. Routes and
// rules are only deleted if their protocol number is the one named, a macvlan only if it is ours.
struct Delete {
    Object object;
};

// Per-device switches (net.ipv4.conf.DEV.*, net.ipv6.conf.DEV.*).
enum class DeviceOption : std::uint8_t {
    forwarding_ipv4,
    forwarding_ipv6,
    promote_secondaries,
    accept_ra,       // IPv6: 0, 1, or 2 (also when forwarding)
    send_redirects,  // IPv4
    // IPv4; of the device and "all" the larger value counts, of arp_filter either.
    arp_ignore,
    arp_filter,
    arp_announce,
    rp_filter,
};

using Request = std::variant<Add, Delete>;

[[nodiscard]] const Object& object_of(const Request& request);
// For logs and errors: "add 10.12.14.1/24 dev lan0".
[[nodiscard]] std::string describe(const Request& request, const LinkName& name_of = {});

inline constexpr std::size_t requests_in_flight = 64;  // 1,000 in one send lost every ACK (measured)

// What stands at one moment. What this program has no value for is left out: routes of the kernel's `local` table,
// broadcast and multicast routes, rules that match on ports, users and the like.
struct Snapshot {
    std::vector<Link> links;
    std::vector<Address> addresses;
    std::vector<Route> routes;  // of interest, in all tables but `local`
    std::vector<Rule> rules;

    [[nodiscard]] const Link* link(IfIndex index) const;
    [[nodiscard]] const Link* link(std::string_view name) const;
};

// Which routes a picture holds. A router may carry the whole internet's table, a million routes that change all day
// and that nobody here ever asks for.
class RouteInterest {
public:
    RouteInterest() = default;  // all of them
    // Default routes, and those to these destinations, in whichever table.
    explicit RouteInterest(std::vector<Prefix> destinations);

    [[nodiscard]] bool covers(const Route& route) const;
    // The prefix lengths of what it covers, each once. nullopt: any.
    [[nodiscard]] std::optional<std::vector<std::uint8_t>> lengths() const;
    bool operator==(const RouteInterest&) const = default;

private:
    std::optional<std::vector<Prefix>> destinations_;  // networks, sorted
};

class Kernel {
public:
    Kernel() = default;
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;
    virtual ~Kernel() = default;

    // One result per request, in order. Sends at most requests_in_flight at a time and reads their
    // results before it sends more; one request's failure does not stop the rest.
    [[nodiscard]] virtual std::vector<Result<void>> apply(std::span<const Request> requests) = 0;

    [[nodiscard]] virtual Result<Snapshot> snapshot(const RouteInterest& interest) = 0;
    [[nodiscard]] Result<Snapshot> snapshot() { return snapshot(RouteInterest()); }

    [[nodiscard]] virtual Result<int> device_option(const std::string& link, DeviceOption option) = 0;
    [[nodiscard]] virtual Result<void> set_device_option(const std::string& link, DeviceOption option, int value) = 0;

    // What the kernel holds about a neighbour on that device (RTM_GETNEIGH). nullopt: nothing; nobody spoke to it
    // lately, or the device is gone.
    [[nodiscard]] virtual Result<std::optional<Neighbour>> neighbour(IfIndex link, const IpAddress& address) = 0;
};

}  // namespace netlink
