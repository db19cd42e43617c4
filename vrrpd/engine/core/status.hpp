// The engine's part of the status, as JSON; the agent adds its own, and vrrpctl shows the whole. Made on request, in
// pieces, since 1,000 routers take longer than an advert may wait. Pure: values in, text out.
//
//   {"observing": false,
//    "instances": [{"name": "LAN", "interface": "lan0", "family": "ipv4", "vrid": 1,
//                   "state": "BACKUP", "since": 12.345,
//                   "priority": 200, "effective_priority": 80,
//                   "reasons": [{"name": "wan0", "weight": -120, "reverse": false, "up": false, "number": null,
//                                "contributes": -120}],  number: what a tracked file holds
//                   "faults": [], "missing": ["route 192.0.2.0/24"], "sync_group": null,
//                   "master": {"address": "10.12.14.2", "name": "H001"},
//                   "advert_interval": 0.1, "down_interval": 0.322,
//                   "addresses": ["10.12.14.1/24"],
//                   "counters": {"adverts_received": 5, "adverts_sent": 0, "priority_zero_received": 0,
//                                "priority_zero_sent": 0, "became_master": 0, "released_master": 0,
//                                "rejected": {"checksum": 2}}}],
//    "sync_groups": [{"name": "G", "state": "BACKUP", "since": 12.345, "members": ["LAN", "WAN"]}],
//    "bfd": [{"name": "B", "neighbor": "10.12.14.2", "interface": "lan0", "state": "Up", "since": 12.345,
//             "diagnostic": "No Diagnostic", "remote_diagnostic": "No Diagnostic",
//             "transmit_interval": 0.05, "detection_time": 0.15,
//             "counters": {"sent": 5, "received": 5, "became_up": 1, "went_down": 0, "rejected": {"hops": 1}}}],
//    "gateways": [{"name": "HOME", "follows": "LAN", "state": "BACKUP", "ready": false, "obstacles": ["wan0 is down"],
//                  "wan": {"device": "wan0", "next_hop": "198.51.100.1", "up": false, "weight": -120},
//                  "dns": [{"address": "10.12.14.2", "port": 53}],
//                  "services": [{"name": "dns", "weight": -60}],
//                  "fence": "shut"}]}
//
// Times are seconds; "since" is how long ago the state began. "faults" are those of the others of its sync group where
// it has none of its own; "missing" is what an Active one could not put into the kernel, has lost, or leaves to the
// machine that answers for it. "master" is null unless BACKUP and somebody was heard, its name is null where peer_link
// does not tell it; a BFD session's "interface" is null where nothing ties it to one, and its state "Unknown" while
// observing; "wan" and its next hop are null where there is none. Kinds of "rejected" are there once they were counted.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/engine/core/bfd_dump.hpp"
#include "vrrpd/engine/core/readiness.hpp"
#include "vrrpd/engine/core/router.hpp"

namespace vrrpd::engine {

// What peer_link calls this address; none: it is no member's.
using MemberName = std::function<std::optional<std::string>(const IpAddress&)>;

// What is known of a gateway beside its router.
struct GatewayStatus {
    const config::Gateway& config;
    const Readiness& readiness;
    std::vector<std::string> obstacles;  // those of its router too
    std::optional<IpAddress> next_hop;
    std::vector<netlink::nft::GatewayRules::DnsServer> dns;
    bool fence_open = false;
};

// A router beside what it knows of itself.
struct RouterStatus {
    const Router& router;
    std::vector<std::string> faults;
    std::vector<std::string> missing;  // of what it should have as Active
    std::string sync_group;            // empty: it is in none
};

struct GroupStatus {
    std::string name;
    proto::Role role = proto::Role::initialize;
    Instant since{};
    std::vector<std::string> members;
};

class StatusReport {
public:
    explicit StatusReport(bool observing) : observing_(observing) {}
    void add(const RouterStatus& status, Instant now, const MemberName& member);
    void add(const GroupStatus& group, Instant now);
    void add(const BfdStatus& session, Instant now);
    void add(const GatewayStatus& gateway, proto::Role role);
    [[nodiscard]] std::string text() const;

private:
    bool observing_;
    std::string instances_, groups_, sessions_, gateways_;  // their objects
};

}  // namespace vrrpd::engine
