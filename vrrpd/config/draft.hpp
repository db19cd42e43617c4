// What parse() knows while it reads: values as they stood in the text, before defaults and references are
// resolved (resolve.cpp) and judged (validate.cpp). Internal to vrrpd/config.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vrrpd/config/parse.hpp"

namespace vrrpd::config {

// Where a value stood: the line in the input and the word in it.
struct Place {
    Place() = default;
    Place(std::size_t in_line, std::size_t in_words)
        : line(static_cast<std::uint32_t>(in_line)), word(static_cast<std::uint32_t>(in_words)) {}

    std::uint32_t line = 0;  // of at most most_lines
    std::uint32_t word = 0;
};

// use_vmac and its kin, as they stood.
struct VirtualMacDraft {
    bool wanted = false;            // use_vmac
    bool for_addresses = false;     // use_vmac_addr
    std::string name;               // empty: the next free one
    std::vector<std::uint8_t> mac;  // empty: the standard's; five octets: followed by the VRID
    std::optional<Place> place, mac_place, name_place, transmit_base;
};

// notify and its kin, as they stood.
struct NotifyDraft {
    Notify value;
    std::optional<bool> priority_changes;
    std::optional<bool> mail;  // smtp_alert
    Place mail_place;
};

// One item of track_script, track_file, track_process or track_bfd.
struct TrackDraft {
    Track value;
    Place place;
    std::string name;
};

struct InstanceDraft {
    Instance value;  // what needs no default from elsewhere is filled in at once
    Place place;     // of the block
    std::optional<Family> family;
    std::optional<proto::Version> version;
    std::optional<std::int64_t> advert_millionths;
    Place advert_place;
    Place preempt_place;
    bool vrid_given = false, priority_given = false;
    std::optional<bool> state_master;
    bool nopreempt = false;
    bool no_addresses_wanted = false;  // no_virtual_ipaddress
    bool multicast_source = false;     // mcast_src_ip, not unicast_src_ip, gave the source
    bool unicast_word = false;         // any unicast_* option
    bool fault_without_peers = false;
    bool check_unicast_source = false;
    std::optional<bool> strict, accepts, skips_address_check;
    std::optional<Place> accept_place;
    VirtualMacDraft virtual_mac;
    bool promote_secondaries = false;  // the switch is set on every device with virtual addresses anyway
    std::optional<Place> authentication, auth_hmac;
    std::optional<std::int64_t> hmac_window;
    AnnounceDraft announce;
    std::optional<std::uint8_t> down_timer_adverts;
    std::optional<bool> lower_prio_no_advert, higher_prio_send_advert, v3_checksum_as_v2, owner_ignores_adverts;
    std::optional<Place> timer_expired_place;
    std::vector<Place> address_places, excluded_places;  // one per addresses, excluded_addresses
    std::vector<Place> track_places;                     // one per track_interfaces
    std::vector<Place> dns_places;                       // one per track_dns
    std::vector<TrackDraft> tracks;
    NotifyDraft notify;
};

struct GatewayDraft {
    Gateway value;
    Place place;
    Place follows_place;
    bool lan_written = false;  // even if it was refused
    std::vector<Place> lan_places, forward_places;
    Place wan_place;
    bool wan_own = false;  // address own
    std::optional<Place> nat;
};

struct DnsFailoverDraft {
    struct Source {
        Place place;
        bool addressed;  // its address stands in the text; else it is a member's
    };
    DnsFailover value;
    Place place;
    Place follows_place;
    std::vector<Source> forwarders;  // beside those of value
};

struct DhcpSyncDraft {
    DhcpSync value;
    Place place;
    Place follows_place;
    std::optional<Place> dnsmasq;
};

struct SyncGroupDraft {
    std::string name;
    Place place;
    std::vector<std::string> members;
    std::vector<TrackInterface> interfaces;  // track_interface
    std::vector<TrackDns> dns;               // track_dns
    std::vector<Place> dns_places;           // one per dns
    bool tracking_weight = false;            // sync_group_tracking_weight
    std::vector<TrackDraft> tracks;          // apply to each member
    NotifyDraft notify;
};

struct GarpGroupDraft {
    GarpGroup value;
    Place place;
};

struct TrackGroupDraft {
    std::string name;
    std::vector<std::string> members;
};

// A static entry with a track_group: the device that the group's instances track for it.
struct StaticTrackDraft {
    std::string group;
    std::string device;  // empty: default_interface
    Place place;
};

struct BfdDraft {
    BfdInstance value;
    std::optional<std::uint8_t> hops;  // ttl, hoplimit
    int max_hops = 0;                  // -1: any
    std::optional<Place> source_place, max_hops_place;
    bool for_vrrp = false, for_checkers = false;  // neither: both
};

// vrrp_script, track_file, ...: what is named by those who track it. Of the four values its kind's counts.
struct TrackerDraft {
    Place place;
    bool complete = false;                // it has its mandatory word
    std::optional<std::uint32_t> object;  // its number in Config
    int weight = 0;
    bool weight_given = false, reverse = false;
    TrackedScript script;
    std::optional<Duration> script_timeout;  // none: the interval
    TrackedFile file;
    TrackedProcess process;
    BfdDraft bfd;
};

struct FifoDraft {
    std::optional<Fifo> value;
    Script reader;
    Place place;  // of the reader
};

struct Draft {
    Config config;
    Globals globals;
    std::deque<InstanceDraft> instances;        // large, and never moved
    std::set<std::string_view> instance_names;  // into the lines
    std::vector<GatewayDraft> gateways;
    std::vector<DnsFailoverDraft> dns_failovers;
    std::optional<DhcpSyncDraft> dhcp_sync;
    std::vector<SyncGroupDraft> groups;
    std::vector<TrackGroupDraft> track_groups;
    std::vector<GarpGroupDraft> garp_groups;
    std::vector<StaticTrackDraft> static_tracks;
    std::map<std::pair<Track::Kind, std::string>, TrackerDraft> trackers;  // by kind and name
    FifoDraft fifo, vrrp_fifo;                                             // notify_fifo, vrrp_notify_fifo
    std::optional<Place> peer_link, peer_link_port;
    std::vector<Place> members;  // of peer_link, their addresses
    unsigned next_rule_priority = 16'384;
};

}  // namespace vrrpd::config
