// Values <-> rtnetlink messages, one file per object (address.cpp, link.cpp, neighbour.cpp, route.cpp, rule.cpp). No
// socket: what goes out and what comes in is tested as bytes. Private to netlink/ and its tests.
#pragma once

#include <optional>
#include <variant>

#include "netlink/kernel.hpp"
#include "netlink/message.hpp"
#include "netlink/types.hpp"

namespace netlink {

// NLM_F_REQUEST and NLM_F_ACK are always set; `flags` are those of the operation (NLM_F_CREATE ...).
[[nodiscard]] Message encode(const Address& address, int type, int flags);
[[nodiscard]] Message encode(const Route& route, int type, int flags);
[[nodiscard]] Message encode(const Rule& rule, int type, int flags);

// What apply() sends first for a request; a macvlan takes several messages (macvlan.cpp).
[[nodiscard]] Message encode(const Request& request);

// nullopt: malformed, or an object that this program has no value for (see each decoder).
[[nodiscard]] std::optional<Link> decode_link(const nlmsghdr& message);
[[nodiscard]] std::optional<Address> decode_address(const nlmsghdr& message);
[[nodiscard]] std::optional<Route> decode_route(const nlmsghdr& message);
[[nodiscard]] std::optional<Rule> decode_rule(const nlmsghdr& message);
[[nodiscard]] std::optional<Neighbour> decode_neighbour(const nlmsghdr& message);

}  // namespace netlink
