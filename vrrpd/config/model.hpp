// The configuration as plain values, complete: every default is filled in, every reference resolved.
// Made by config::parse(), compared by config::diff(); the running objects are never these (a reload
// builds a new Config and applies the difference).
//
// Interfaces stay names here: a device may not exist yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netlink/nft/gateway.hpp"
#include "netlink/types.hpp"
#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/mac.hpp"
#include "vrrpd/base/seldom.hpp"
#include "vrrpd/base/time.hpp"
#include "vrrpd/config/bfd_model.hpp"
#include "vrrpd/config/process_model.hpp"
#include "vrrpd/config/script_model.hpp"
#include "vrrpd/proto/advert.hpp"
#include "vrrpd/proto/announce.hpp"
#include "vrrpd/proto/auth.hpp"
#include "vrrpd/proto/machine.hpp"
#include "vrrpd/proto/router_key.hpp"
#include "vrrpd/proto/types.hpp"

namespace vrrpd::config {

// One line of virtual_ipaddress or virtual_ipaddress_excluded.
struct VirtualAddress {
    // What most lines do not say.
    struct Extras {
        std::optional<IpAddress> peer;
        std::optional<IpAddress> broadcast;
        std::string label;
        netlink::Lifetime preferred;  // zero: deprecated (default for IPv6 /128)

        bool operator==(const Extras&) const = default;
    };

    Prefix prefix;
    std::uint8_t scope = 0;
    bool dad = false;  // -nodad given
    bool home = false, manage_temporary = false, no_prefix_route = false, auto_join = false;
    bool track = true;         // no_track not given
    bool virtual_mac = false;  // use_vmac given
    std::string device;        // never empty: the instance's interface, or its virtual device, unless `dev` was given
    Seldom<Extras> extras;

    bool operator==(const VirtualAddress&) const = default;
};

// One line of virtual_routes. Devices by name; resolved by the engine.
struct VirtualRoute {
    struct Hop {
        std::optional<IpAddress> via;
        std::string device;
        std::uint16_t weight = 1;  // 1..256
        bool onlink = false;
        std::uint32_t realms = 0;  // of one of several
        bool operator==(const Hop&) const = default;
    };
    netlink::Route route;  // hops left empty here
    std::vector<Hop> hops;
    bool track = true;

    bool operator==(const VirtualRoute&) const = default;
};

struct VirtualRule {
    netlink::Rule rule;
    bool track = true;
    bool operator==(const VirtualRule&) const = default;
};

// track_interface: weight 0 is a fault when down.
struct TrackInterface {
    std::string device;
    int weight = 0;
    bool reverse = false;
    bool operator==(const TrackInterface&) const = default;
};

// track_dns: what is known of a dns_failover's own forwarder weighs; weight 0 is a fault while it is dead.
struct TrackDns {
    std::string gateway;  // that the dns_failover follows
    int weight = 0;
    bool reverse = false;
    bool operator==(const TrackDns&) const = default;
};

// A macvlan of ours with a virtual MAC, over another device (RFC 9568 7.3, 8.1.2).
struct VirtualDevice {
    std::string name;
    std::string base;
    MacAddress mac;
    bool operator==(const VirtualDevice&) const = default;
};

// use_vmac and its kin. Adverts are heard on the interface in any case.
struct VirtualMac {
    std::vector<VirtualDevice> devices;  // that of the instance's interface first
    std::optional<MacAddress> sender;    // of its adverts; none: those leave with the interface's own
    bool operator==(const VirtualMac&) const = default;
};

struct Instance {
    std::string name;
    std::string interface;  // may be empty with unicast and a source address
    proto::Vrid vrid = *proto::Vrid::make(1);
    Family family = Family::ipv4;
    proto::ChecksumForm checksum = proto::ChecksumForm::pseudo_header;
    proto::RouterParameters parameters;
    Seldom<proto::AnnouncePolicy> announce;

    Seldom<proto::Authentication> authentication;  // nothing wanted: neither asked nor given

    std::vector<VirtualAddress> addresses;  // advertised, in order
    std::vector<VirtualAddress> excluded_addresses;
    SeldomList<VirtualRoute> routes;
    SeldomList<VirtualRule> rules;

    SeldomList<proto::Peer> peers;    // unicast_peer; empty: multicast
    std::optional<IpAddress> source;  // mcast_src_ip or unicast_src_ip
    std::optional<IpAddress> group;   // mcast_dst_ip; none: the standard group
    bool track_source = false;        // track_src_ip
    bool check_unicast_source = false;
    bool fault_without_peers = false;  // unicast_fault_no_peer and no peer
    std::uint8_t unicast_ttl = proto::sent_ttl;
    bool ignores_adverts = false;  // owner_ignore_adverts
    bool accepts = true;           // packets to its addresses (RFC 9568 6.1, Accept_Mode)
    bool strict = false;           // strict_mode; what it means stands in the other values
    // Both always so, whatever the text says: for who reads the dumps.
    bool promotes_secondaries = false, skips_address_check = false;
    bool state_master = false;  // state MASTER: of an owner nobody is told that it is Backup first
    Seldom<VirtualMac> virtual_mac;

    bool mail = false;          // smtp_alert
    bool track_primary = true;  // dont_track_primary not given
    SeldomList<TrackInterface> track_interfaces;
    SeldomList<TrackDns> track_dns;
    SeldomList<Track> tracks;  // its own, then those of its sync group
    Seldom<Notify> notify;
    std::optional<std::uint32_t> sync_group;  // index into Config::sync_groups

    [[nodiscard]] bool unicast() const { return !peers.empty(); }
    [[nodiscard]] bool has_address_on(std::string_view device) const;
    // Its virtual device of that name; nullptr: it has none.
    [[nodiscard]] const VirtualDevice* virtual_device(std::string_view name) const;
    [[nodiscard]] proto::RouterKey key() const;
    // keepalived matches by this over a reload, not by name.
    [[nodiscard]] bool same_router(const Instance& other) const;
    bool operator==(const Instance&) const = default;
};

// vrrp_sync_group. What a group tracks stands in the lists of its members.
struct SyncGroup {
    std::string name;
    std::vector<std::uint32_t> members;  // indexes into Config::instances, in the order of the text; never empty
    Seldom<Notify> notify = {};
    bool mail = false;  // smtp_alert
    bool operator==(const SyncGroup&) const = default;
};

// ---- the blocks keepalived does not have ---------------------------------------------------

struct Wan {
    std::string device;
    std::vector<Prefix> held;     // empty: `address own`, or these:
    std::vector<Prefix> carried;  // addresses on this device that instances of the followed group carry

    // Where it has a fixed address while Active.
    [[nodiscard]] const std::vector<Prefix>& fixed() const { return held.empty() ? carried : held; }
    std::optional<IpAddress> via;  // none: `auto`, the host's own default route
    int down_weight = -120;
    bool operator==(const Wan&) const = default;
};

struct Gateway {
    std::string name;
    std::string follows;  // a vrrp_instance or a vrrp_sync_group
    std::vector<netlink::nft::Lan> lans;
    std::optional<Wan> wan;
    netlink::nft::GatewayRules rules;  // compiled from the block, addresses of `follows` included
    std::vector<std::string> alert;    // a command and its words: told what happens. Empty: nobody is
    std::vector<std::string> units;    // while_active: systemd's, run on the Active alone

    [[nodiscard]] std::vector<Prefix> networks() const;  // of its lans
    bool operator==(const Gateway&) const = default;
};

struct Member {
    std::string name;
    IpAddress address;
    bool operator==(const Member&) const = default;
};

struct PeerLink {
    std::string key_file;
    std::uint16_t port = 8725;
    std::vector<Member> members;
    std::optional<std::size_t> self;  // index of the member that this host is
    bool operator==(const PeerLink&) const = default;
};

using netlink::nft::dns_port;

struct Forwarder {
    std::string name;
    IpAddress address;
    std::uint16_t port = dns_port;
    bool operator==(const Forwarder&) const = default;
};

// A name that a filter must answer with this address.
struct Canary {
    std::string name;
    IpAddress address;
    bool operator==(const Canary&) const = default;
};

struct DnsFailover {
    std::string follows;                // a gateway
    std::vector<Forwarder> forwarders;  // the best first
    std::optional<int> demote;          // when_dead: a weight instead of a redirection
    std::optional<Duration> hold_down;  // none: the default of dnsfailover
    std::string zone;                   // below which every name resolves: asked for, beside the well-known names
    std::vector<Canary> canaries;
    bool operator==(const DnsFailover&) const = default;
};

// The DHCP server beside a gateway.
struct Dnsmasq {
    std::string lease_file;                    // empty: found (auto)
    std::string configuration;                 // its dnsmasq.conf; empty: found (auto)
    std::string bus_name;                      // on the system's D-Bus; empty: it is not spoken to
    std::string restart_unit;                  // where there is no bus: restarted after its lease file was written
    std::vector<std::string> restart_command;  // ... or so
    int down_weight = -120;                    // while it is dead here

    [[nodiscard]] bool can_restart() const { return !restart_unit.empty() || !restart_command.empty(); }
    bool operator==(const Dnsmasq&) const = default;
};

struct DhcpSync {
    std::string follows;  // a gateway
    Dnsmasq dnsmasq;
    bool scan = true;                 // hosts that are there without a lease keep their addresses
    std::optional<Duration> probe{};  // how often a stand-in asks for an offer; 0: never; none: as dhcpsync chooses
    bool operator==(const DhcpSync&) const = default;
};

// static_ipaddress, static_routes, static_rules: there as long as we run, whatever the roles. The
// instances of an entry's track_group track its device.
struct StaticEntries {
    std::vector<VirtualAddress> addresses;
    std::vector<VirtualRoute> routes;
    std::vector<VirtualRule> rules;
    bool operator==(const StaticEntries&) const = default;
};

// interface_up_down_delays: how long a device is down, or up, before it counts.
struct InterfaceDelay {
    std::string device;
    Duration down{0}, up{0};
    bool operator==(const InterfaceDelay&) const = default;
};

// garp_group: announcements on these devices keep a distance to one another, counted over all of them.
struct GarpGroup {
    Duration arp{0}, na{0};  // 0: none
    std::vector<std::string> devices;
    bool operator==(const GarpGroup&) const = default;
};

struct Config {
    std::string router_id;
    Duration startup_delay{0};     // vrrp_startup_delay
    Duration delay_after_boot{0};  // vrrp_delay_after_boot
    bool log_unknown_vrids = false;
    bool gives_up_over_loss = false;  // lost_address give_up_role: keepalived's cycle instead of putting things back
    bool realtime = false;            // vrrp_rt_priority was given
    int realtime_priority = 0;        // SCHED_RR 1..99
    bool lock_memory = false;         // vrrp_no_swap
    std::vector<Instance> instances;
    std::vector<TrackedScript> scripts;
    std::vector<TrackedFile> files;
    std::vector<TrackedProcess> processes;
    std::vector<BfdInstance> bfd_instances;
    ScriptPolicy script_policy;
    Notification notification;
    std::vector<SyncGroup> sync_groups;
    Seldom<StaticEntries> statics;
    std::vector<InterfaceDelay> interface_delays;
    std::vector<GarpGroup> garp_groups;
    Duration garp_interval{0}, gna_interval{0};  // vrrp_garp_interval, vrrp_gna_interval: on each other device
    unsigned json_version = 1;
    std::vector<Gateway> gateways;
    std::optional<PeerLink> peer_link;
    std::vector<DnsFailover> dns_failovers;
    std::optional<DhcpSync> dhcp_sync;
    Seldom<ProcessSettings> process;

    // nullptr: there is none of that name.
    [[nodiscard]] const Instance* instance(std::string_view name) const;
    [[nodiscard]] const Gateway* gateway(std::string_view name) const;
    [[nodiscard]] const SyncGroup* sync_group(std::string_view name) const;
    // The one that it follows, or the members of the group that it follows. The first one leads: what the gateway has
    // beside its virtual addresses moves with it, and comes after what it carries on the wan device.
    [[nodiscard]] std::vector<const Instance*> followed_by(const Gateway& gateway) const;
    bool operator==(const Config&) const = default;
};

}  // namespace vrrpd::config
