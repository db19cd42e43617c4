// The answer to `vrrpctl status`: what is known, as one JSON document. Pure: values in, text out; the only place that
// knows its form, but for the engine's part, which goes in as it came.
//
//   version, host, time, engine ("ok", or what is wrong), observing
//   instances[]  the engine's (vrrpd/engine/core/status.hpp)
//   sync_groups[]  likewise
//   gateways[]   the engine's, and:
//     name, state, since, ready, obstacles[]   of this host, all its parts considered
//     candidates[]   host, self, state, since, priority, ready, obstacles[], dhcp, dns, version, heard;
//                    or: host, self, trouble
//     split_brain[]  peer, since, we_stay
//     units[]  name, wanted, problem: of while_active
//   peer_link   configured, trouble
//   peers[]     host, address, connected, version, clock_offset, drift[], queued, trouble
//   leases      gateway, lease_file, count, missing, refused, faulty, quarantined, fed, caught_up, trouble, server
//               {alive, why}, term, offers, lags[] {host, complete, behind, last}; or null
//   dns[]       gateway, mode, answers, since, why, may_differ, wan_down, none_alive, trouble, forwarders[] {name,
//               address, port, health, symptom, since, latency}
//
// Times are seconds; "since", "connected" and "heard" are how long ago.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dhcpsync/lease_service.hpp"
#include "vrrpd/agent/dns_status.hpp"
#include "vrrpd/agent/peer/peer_link.hpp"
#include "vrrpd/agent/split_brain.hpp"
#include "vrrpd/agent/summary.hpp"
#include "vrrpd/ipc/notices.hpp"

namespace vrrpd::agent {

struct LeasesStatus {
    std::string gateway;
    dhcpsync::ServiceStatus service;
    bool caught_up = false;
    std::map<dhcpsync::NodeId, std::string> names;  // of the members
};

struct StatusInputs {
    std::string version, host;
    std::chrono::seconds wall{0};
    Instant now;
    std::optional<std::string> engine;  // its JSON; nullopt: it did not answer
    Summary own;
    bool peer_link_configured = false;
    std::string peer_link_trouble;  // why there is none
    std::vector<PeerStatus> peers;
    struct Heard {
        std::string peer;
        Summary summary;
        Instant at;
    };
    std::vector<Heard> heard;
    std::vector<SplitBrain::Notice> splits;
    std::vector<DnsStatus> dns;
    std::optional<LeasesStatus> leases;
    std::vector<ipc::Units> units;
};

[[nodiscard]] std::string status_document(const StatusInputs& inputs);

}  // namespace vrrpd::agent
