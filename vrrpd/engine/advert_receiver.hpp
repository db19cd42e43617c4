// What the wire says to our routers: whose an advert is, whether it is to be believed (proto/advert), what is counted
// and said of it. What is believed drives the router. The engine's.
#pragma once

#include <bitset>
#include <functional>
#include <span>
#include <vector>

#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/engine/core/peer_names.hpp"
#include "vrrpd/engine/core/router_table.hpp"
#include "vrrpd/engine/transport.hpp"

namespace vrrpd::engine {

class AdvertReceiver {
public:
    // Its timers count from `at`, when the advert came in.
    using Received = std::function<void(Router&, const proto::Received&, Instant at)>;
    // Its authenticator learnt something that must outlive a crash.
    using Remember = std::function<void(const Router&)>;

    AdvertReceiver(Loop& loop, Log& log, const RouterTable& routers, const PeerNames& peers, Remember remember,
                   Received received)
        : loop_(loop),
          log_(log),
          routers_(routers),
          peers_(peers),
          remember_(std::move(remember)),
          received_(std::move(received)) {}

    // `members`: who has its VRID on that link.
    void heard(std::span<const Transport::Member> members, const netlink::Link& link, const AdvertSocket::Heard& heard);

private:
    [[nodiscard]] Router* addressee(std::span<const Transport::Member> members, const proto::Envelope& envelope) const;
    void say_unknown(const netlink::Link& link, const AdvertSocket::Heard& heard);
    void rejected(Router& router, const netlink::Link& link, const AdvertSocket::Heard& heard, proto::Rejection why);
    void accepted(Router& router, const AdvertSocket::Heard& heard, const proto::Accepted& accepted);
    void authenticated(Router& router, const proto::Envelope& envelope, const proto::Accepted& accepted);
    void watch_paths(Router& router, const proto::Envelope& envelope);
    void compare_addresses(Router& router, const IpAddress& peer, const std::vector<IpAddress>& advertised);

    Loop& loop_;
    Log& log_;
    const RouterTable& routers_;
    const PeerNames& peers_;
    Remember remember_;
    Received received_;
    std::bitset<256> unknown_vrids_said_;
    Instant unknown_vrids_until_{};  // ... are not said again
};

}  // namespace vrrpd::engine
