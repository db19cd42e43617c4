// What this host is for each of its gateways, gathered from those who know a part of it: the engine, the DHCP server's
// watch, the forwarders' probes. Pure.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "vrrpd/agent/summary.hpp"
#include "vrrpd/base/time.hpp"
#include "vrrpd/config/model.hpp"
#include "vrrpd/ipc/notices.hpp"

namespace vrrpd::agent {

class OwnGateways {
public:
    // Those that are gone are forgotten.
    void configure(const config::Config& config);

    // What is said of an unknown gateway is of no consequence. True: something is another than before.
    bool role(const ipc::RoleChange& change, Instant now);
    bool readiness(const ipc::Readiness& readiness);
    bool standing(const ipc::Standing& standing);
    // `obstacle`: what it means for a take-over; empty: nothing.
    bool dhcp(const std::string& gateway, ServiceState state, const std::string& obstacle);
    bool dns(const std::string& gateway, ServiceState state, const std::string& obstacle);
    // As in the summary.
    bool lan_dhcp(const std::string& gateway, ServiceState state, dhcpsync::Term term);

    // What is in the way of DHCP and DNS.
    [[nodiscard]] std::vector<std::string> service_obstacles(const std::string& gateway) const;
    [[nodiscard]] Summary summary(std::string version, Instant now) const;
    [[nodiscard]] proto::Role role() const;  // Active for any: Active
    [[nodiscard]] proto::Role role(const std::string& gateway) const;

private:
    struct Service {
        ServiceState state = ServiceState::none;
        std::string obstacle;
        bool operator==(const Service&) const = default;
    };
    struct Gateway {
        proto::Role role = proto::Role::initialize;
        Instant since;
        std::optional<int> priority;
        std::vector<std::string> obstacles = {"the engine has not said yet whether it could take over"};
        Service dhcp, dns;
        std::pair<ServiceState, dhcpsync::Term> lan_dhcp;
    };
    bool set(const std::string& gateway, Service Gateway::*service, Service value);

    std::vector<std::string> order_;
    std::map<std::string, Gateway> gateways_;
};

}  // namespace vrrpd::agent
