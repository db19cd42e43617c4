// The lease service of a gateway, with what it needs of the agent: the other members, the engine and the supervisor.
// The agent's.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dhcpsync/lease_service.hpp"
#include "vrrpd/agent/status_document.hpp"
#include "vrrpd/config/model.hpp"
#include "vrrpd/ipc/channel.hpp"
#include "vrrpd/ipc/notices.hpp"

namespace vrrpd::agent {

// Between two looks at how far they are; and while something is in the way of a take-over, which may wait for it.
inline constexpr Duration leases_interval = std::chrono::milliseconds(500);
inline constexpr Duration leases_interval_not_ready = std::chrono::milliseconds(100);

// A member's name as the replica's number of a node: the same on every host.
[[nodiscard]] dhcpsync::NodeId node_id(std::string_view name);
// Two members that would be one node; empty: there are none.
[[nodiscard]] std::string same_node(const std::vector<config::Member>& members);

class LeaseDesk {
public:
    // What it is made from; another one needs another desk.
    struct Setup {
        config::DhcpSync block;
        std::string self;                     // this host, as a member is named
        std::vector<config::Member> members;  // with ourselves; may be empty
        std::vector<Prefix> networks;         // of the gateway's LANs
        bool operator==(const Setup&) const = default;
    };
    struct Port {
        std::function<bool(const std::string& member, BytesView message)> send;
        // To the supervisor; false: it did not get through.
        std::function<bool(ipc::Kind, const std::string& text, int memfd)> tell;
        std::function<void(const dhcpsync::HealthChange&)> health;
        std::function<void(bool)> lan_served;
        std::function<void(const std::string& member)> split_brain;
    };

    LeaseDesk(Loop& loop, Log& log, Setup setup, int state_directory, Port port);
    LeaseDesk(const LeaseDesk&) = delete;
    LeaseDesk& operator=(const LeaseDesk&) = delete;

    [[nodiscard]] const Setup& setup() const { return setup_; }

    // Of the members, by name.
    void up(const std::string& member);
    void down(const std::string& member);
    void received(const std::string& member, BytesView message) { service_.received(node_id(member), message); }
    // What its summary says of this gateway.
    void said(const std::string& member, const GatewaySummary& summary);

    // Notices; those of other gateways are of no consequence.
    void role_changed(const ipc::RoleChange& change);
    void host_alive(const ipc::HostAlive& host);
    void dhcp_offered(const ipc::DhcpOffer& offer);
    void leases_written(const std::string& problem) { service_.leases_written(problem); }

    [[nodiscard]] Deadline next_deadline() const;
    void step();

    [[nodiscard]] LeasesStatus status() const;
    [[nodiscard]] bool restarts_server() const { return service_.restarts_server(); }
    struct Standing {
        bool server_lives = true;
        bool seen_alive = false;                     // ... and that is no mere lack of news
        std::string obstacle;                        // why a take-over now would lose leases; empty: it would not
        ServiceState lan_dhcp = ServiceState::none;  // as in the summary
        dhcpsync::Term term{};
    };
    [[nodiscard]] Standing standing() const;

private:
    [[nodiscard]] dhcpsync::ServiceSetup service_setup(int state_directory) const;
    [[nodiscard]] dhcpsync::ServiceOutcomes outcomes();
    void write_leases(const std::string& path, const std::string& text);
    [[nodiscard]] std::string obstacle(const dhcpsync::ServiceStatus& status) const;

    Setup setup_;
    Port port_;
    std::map<dhcpsync::NodeId, std::string> names_;
    std::optional<bool> active_;      // as it was told last
    std::string write_problem_;       // to be answered: nobody else will
    dhcpsync::LeaseService service_;  // last: it calls us
};

}  // namespace vrrpd::agent
