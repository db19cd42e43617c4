// The leases of one gateway, alike on all its routers: follows the local DHCP server's lease file, replicates it, tells
// a stand-in's server what it lacks, keeps the table on disk, and watches whether the server lives. The shell of
// dhcpsync/core; its owner (the agent) has the peers, the roles and the privileges that it asks for.
//
// One event loop, nothing here waits. The owner asks next_deadline() before each wait and calls step() then.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dhcpsync/core/repair.hpp"
#include "dhcpsync/core/replica.hpp"
#include "dhcpsync/core/server_watch.hpp"
#include "dhcpsync/core/witnesses.hpp"
#include "dhcpsync/server_bus.hpp"
#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/base/mac.hpp"
#include "vrrpd/base/result.hpp"

namespace dhcpsync {

struct RoleChange {
    bool active = false;
    bool resumed = false;  // it has been all along, only we are new
};

struct Peer {
    NodeId id;
    std::string name;
};

struct ServiceSetup {
    std::string gateway;
    NodeId self;
    std::vector<Peer> peers;
    std::string lease_file;     // empty: found
    std::string configuration;  // dnsmasq.conf; empty: found
    std::string bus_name;       // empty: no D-Bus
    bool may_restart = false;   // without a bus: ask for the file to be written, and the server to be restarted
    bool scan = true;
    // How often the LAN is asked for an offer while it answers; nullopt: as seldom as the other signs allow; 0: never.
    std::optional<Duration> probe{};
    int state_directory = -1;               // an open directory for the image and the term; outlives the service
    std::vector<vrrpd::Prefix> networks{};  // of the gateway's LANs: of several dnsmasqs, the one that serves these
};

// What it asks of its owner. None of them waits, and none calls back from within.
struct ServiceOutcomes {
    // One replica message for a peer. false: not now; the replica says it again.
    std::function<bool(NodeId, vrrpd::BytesView)> send;
    // Replace the file and restart the server; leases_written() answers.
    std::function<void(const std::string& path, const std::string& text)> write_leases;
    // Ask each of these addresses who is there, one every `pace`; host_alive() tells each that is.
    std::function<void(const IpAddress& first, const IpAddress& last, Duration pace)> scan;
    // Ask the LAN for an offer, as a client that never takes it; dhcp_offered() tells of an answer.
    std::function<void()> probe;
    std::function<void(const HealthChange&)> health;
    // A stand-in's probes are answered no more, or again.
    std::function<void(bool)> lan_served = [](bool) {};
    // We are Active, and so is this peer.
    std::function<void(NodeId)> split_brain;
};

// For people (`vrrpctl status`).
struct ServiceStatus {
    std::string lease_file;  // empty: not found
    std::string trouble;     // the last: the file cannot be read, no bus, ...
    std::size_t leases = 0;
    std::size_t missing = 0;      // not in the local server yet, or as they were more than a second ago
    std::size_t refused = 0;      // ... and never will be: its table is full
    std::size_t faulty = 0;       // records of the file that were not used
    std::size_t quarantined = 0;  // addresses that two machines hold
    bool fed = false;             // the local server takes leases (bus, or file and restart)
    HealthChange health;
    bool seen_alive = false;          // the server, by every sign there is; without that `health` may be too young
    std::optional<IpAddress> offers;  // who answered the last probe of the LAN; a stand-in asks
    Term term;
    // As a stand-in: what the gateway's server gives us, and which gateway's. `could_serve` is the owner's to say.
    Testimony testimony;
    struct PeerLag {
        NodeId peer;
        Lag lag;
    };
    std::vector<PeerLag> lags;  // of the connected
};

// What the DHCP server's configuration says.
struct ServerFacts {
    std::string lease_file;                         // empty: not found (yet)
    std::optional<std::size_t> most_leases = 1000;  // that it takes; nullopt: nobody knows
    std::vector<Pool> pools;
    std::set<IpAddress> reserved;  // dhcp-host
    std::string trouble{};         // why it is not given every lease; empty: it is
    bool may_use_bus = true;       // false: its configuration is known, and does not let it
    bool operator==(const ServerFacts&) const = default;
};

// The machine around the service; tests have their own.
struct Surroundings {
    std::function<std::unique_ptr<ServerBus>(BusEvents)> open_bus;
    std::function<std::optional<bool>()> server_listens;
    std::function<ServerFacts()> find_server;
    std::function<WallTime()> wall;
    // Who is not on the bus for so long is not only late. dnsmasq (2.90) does not come back to a bus that restarted.
    Duration bus_is_late = std::chrono::seconds(30);
};
// `setup` is not needed afterwards.
[[nodiscard]] Surroundings this_machine(vrrpd::Loop& loop, vrrpd::Log& log, const ServiceSetup& setup);

class LeaseService {
public:
    LeaseService(vrrpd::Loop& loop, vrrpd::Log& log, ServiceSetup setup, ServiceOutcomes outcomes);
    LeaseService(vrrpd::Loop& loop, vrrpd::Log& log, ServiceSetup setup, ServiceOutcomes outcomes,
                 const Surroundings& around);
    LeaseService(const LeaseService&) = delete;
    LeaseService& operator=(const LeaseService&) = delete;
    ~LeaseService();

    void peer_up(NodeId peer);
    void peer_down(NodeId peer);
    void received(NodeId peer, vrrpd::BytesView message);
    void testified(NodeId peer, const Testimony& testimony);
    void role_changed(const RoleChange& change);
    void host_alive(const IpAddress& address, const vrrpd::MacAddress& mac);
    void dhcp_offered(const IpAddress& server);
    void leases_written(const std::string& problem);  // empty: it is done

    [[nodiscard]] Deadline next_deadline() const;
    void step();

    [[nodiscard]] ServiceStatus status() const;
    // The server is given another file and is restarted, or would be if the role came now: what runs until then does
    // not know all leases.
    [[nodiscard]] bool restarts_server() const;
    // One of the peers has told once what it has. Without peers nobody can.
    [[nodiscard]] bool has_heard() const;
    // Has heard from every reachable peer what they have, and its server has it: nothing is lost if the role comes now.
    [[nodiscard]] bool caught_up() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dhcpsync
