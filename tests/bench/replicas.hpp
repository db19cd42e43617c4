// Three replicas and their encrypted links, without DHCP servers and daemons: what the replication itself costs. All on
// one loop, over the loopback of a namespace.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>

#include "dhcpsync/core/replica.hpp"
#include "netns-tests/lab/netns.hpp"
#include "vrrpd/agent/peer/peer_link.hpp"
#include "vrrpd/base/loop.hpp"

namespace bench {

[[nodiscard]] dhcpsync::Moment moment();
// Number `i` of a large pool, and a client of the same number.
[[nodiscard]] dhcpsync::Lease lease_number(std::size_t i, dhcpsync::WallTime expires);

class Replicas {
public:
    static constexpr std::size_t count = 3;

    Replicas();
    Replicas(const Replicas&) = delete;
    Replicas& operator=(const Replicas&) = delete;

    // Told of each lease that a node learnt from another.
    using Learnt = std::function<void(std::size_t node, const dhcpsync::Change&)>;
    void on_learnt(Learnt learnt) { learnt_ = std::move(learnt); }

    void step(std::size_t node, dhcpsync::Event event);
    [[nodiscard]] std::size_t leases_of(std::size_t node) const;

    // Turns the loop until `done`, which is asked at least every millisecond; false: not within `limit`.
    bool run_until(const std::function<bool()>& done, vrrpd::Duration limit);
    void connect();  // all pairs
    bool await_connections();

private:
    struct Node {
        explicit Node(std::uint32_t id) : replica(dhcpsync::NodeId{id}) {}
        dhcpsync::Replica replica;
        std::unique_ptr<vrrpd::agent::PeerLink> link;
        std::size_t connected = 0;
    };
    void carry_out(std::size_t node, const dhcpsync::Actions& actions);
    void make_link(std::size_t node);

    vrrpd::Loop loop_;
    std::deque<Node> nodes_;
    Learnt learnt_ = [](std::size_t, const dhcpsync::Change&) {};
};

}  // namespace bench
