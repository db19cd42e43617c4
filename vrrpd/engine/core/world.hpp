// The engine's picture of the kernel: links, addresses, and the routes and rules that may be ours. Kept
// current by the monitor's changes and replaced by every audit. Pure values; the engine's one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netlink/kernel.hpp"
#include "netlink/monitor.hpp"

namespace vrrpd::engine {

class World {
public:
    // Which routes are held from now on. Others are let go; those that are new here are known once they were read.
    void follow(netlink::RouteInterest interest);
    [[nodiscard]] const netlink::RouteInterest& interest() const { return interest_; }
    // Whether routes like this one have been read: if not, nobody knows whether it stands.
    [[nodiscard]] bool has_read(const netlink::Route& like) const { return read_.covers(like); }
    // False: another program's route, of which nothing here depends.
    [[nodiscard]] bool is_concerned_by(const netlink::Change& change) const;

    // `read`: which routes the snapshot holds, for interests may have changed since it was asked for.
    void reset(netlink::Snapshot snapshot, netlink::RouteInterest read = {});
    // Takes one change in. Overrun is the caller's: it reads everything again.
    void apply(const netlink::Change& change);
    // Gives back the room that was kept for more to come.
    void tidy();

    [[nodiscard]] const netlink::Link* link(std::string_view name) const { return picture_.link(name); }
    [[nodiscard]] const netlink::Link* link(IfIndex index) const { return picture_.link(index); }
    // For people: "?" where it is gone.
    [[nodiscard]] std::string link_name(IfIndex index) const;
    [[nodiscard]] const std::vector<netlink::Address>& addresses() const { return picture_.addresses; }
    [[nodiscard]] const netlink::Snapshot& picture() const { return picture_; }

    [[nodiscard]] const netlink::Address* find(const netlink::Address& like) const;
    [[nodiscard]] const netlink::Route* find(const netlink::Route& like) const;
    [[nodiscard]] const netlink::Rule* find(const netlink::Rule& like) const;
    // The device that has this address; none: no device has.
    [[nodiscard]] IfIndex device_of(const IpAddress& address) const;
    // Whether an address stands on any device of this host.
    [[nodiscard]] bool holds(const IpAddress& address) const { return static_cast<bool>(device_of(address)); }

    // The hop of the host's own default route over this device; lowest metric wins. Without `via` on a
    // point-to-point link (PPPoE).
    [[nodiscard]] std::optional<netlink::NextHop> default_hop(IfIndex device, Family family) const;

private:
    void let_routes_go();

    netlink::RouteInterest interest_, read_;
    netlink::Snapshot picture_;
};

}  // namespace vrrpd::engine
