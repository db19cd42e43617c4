// The agent: what moves with a gateway beside its address, and needs neither the engine's privileges nor its timing.
// One event loop; everything that needs a privilege is asked of the engine or the supervisor, through the channel.
// agent.cpp: the channel, and what a configuration brings about; agent_outcomes.cpp: what comes of what its parts find.
#pragma once

#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "vrrpd/agent/alerts.hpp"
#include "vrrpd/agent/control_desk.hpp"
#include "vrrpd/agent/dhcp_weight.hpp"
#include "vrrpd/agent/dns_service.hpp"
#include "vrrpd/agent/lease_desk.hpp"
#include "vrrpd/agent/own_gateways.hpp"
#include "vrrpd/agent/peers.hpp"
#include "vrrpd/agent/split_brain.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/ipc/channel.hpp"
#include "vrrpd/ipc/outbox.hpp"

namespace vrrpd::agent {

inline constexpr Duration settings_interval = std::chrono::minutes(1);  // other programs' settings are read again
// A DHCP server that is dead is known for it by then, if it was not seen to live before. Until then the weight that an
// agent before this one told holds.
inline constexpr Duration dhcp_judged_after = std::chrono::seconds(15);

class Agent {
public:
    Agent(ipc::Channel& channel, ipc::ChannelLog& log, std::string id);
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;

    // Until the supervisor is gone, or says stop. What to run comes through the channel.
    void run();

private:
    // ---- agent.cpp: the channel
    void read_channel();
    void handle(ipc::Message& message);
    void handle_engine(const ipc::Message& message);
    void time_reached();
    void set_deadline();
    void beat();

    // ---- what a configuration, or a resource of the supervisor, brings about
    void configure(int configuration);
    void open_control(Fd listener);
    void renew_dns();
    void add_dns(const DnsService::Setup& setup, const DnsService* before);
    void wan_changed(const ipc::WanState& state);
    void renew_leases();
    [[nodiscard]] std::optional<LeaseDesk::Setup> leases_wanted();
    [[nodiscard]] LeaseDesk::Port lease_port();
    void renew_peers();
    void end_peers();
    [[nodiscard]] PeerOutcomes peer_outcomes();
    [[nodiscard]] std::optional<Key> read_key();
    void no_peers(LogLevel level, const std::string& why);
    void renew_fingerprints();
    [[nodiscard]] std::optional<std::string> dnsmasq_settings() const;

    // ---- agent_outcomes.cpp
    void role_changed(const ipc::RoleChange& change);
    void engine_said(int memfd);
    void own_changed();
    void tell_engine();
    void silence_dhcp();
    void look_at_dns();
    void look_at_leases();
    void weigh_dhcp();
    void dhcp_health_changed(const dhcpsync::HealthChange& change);
    void said_by_peer(PeerId peer, const Summary& summary);
    void found_peer(const std::string& peer);
    void lost_peer(const std::string& peer);
    bool send_replica(const std::string& peer, BytesView message);
    void split_brain_of_leases(const std::string& peer);
    [[nodiscard]] const config::Member* member(const std::string& name) const;
    void claim_for_split_brain();
    void tell(const SplitBrain::Notice& notice);
    void tell_alerts();
    [[nodiscard]] std::string status(const std::optional<std::string>& engine) const;
    [[nodiscard]] Summary summary() const;

    ipc::Channel& channel_;
    ipc::Outbox to_engine_;
    ipc::ChannelLog& log_;
    std::string id_;
    config::Config config_;  // without its instances
    Fingerprint vrrp_settings_;
    Loop loop_;

    Fd key_file_, state_directory_;
    std::string key_path_, key_trouble_;

    OwnGateways own_;
    std::map<std::string, std::vector<std::string>> told_;  // the engine, of what is in the way of services
    std::map<std::string, bool> silent_;                    // ... of who gives no leases, by gateway
    std::map<std::string, ipc::Units> units_;               // while_active, by gateway
    Alerts alerts_;
    SplitBrain split_brain_;
    std::list<DnsService> dns_;       // a list: their probers stay where they are
    std::set<std::string> wan_down_;  // gateways
    std::optional<LeaseDesk> leases_;
    std::string no_leases_because_;  // and that was said
    DhcpWeight dhcp_weight_;
    std::optional<int> dhcp_weight_told_;
    std::optional<Key> key_;  // of peers_, to know another one
    std::optional<Peers> peers_;
    std::string no_peers_because_;  // and that was said
    std::optional<ControlDesk> control_;
    Instant read_settings_at_, look_at_leases_, judge_dhcp_at_, beat_at_;
    Loop::Watch watch_;
};

}  // namespace vrrpd::agent
