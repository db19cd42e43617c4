// What the agent and the engine tell each other, through the supervisor: values, and the text they travel as. Both
// ends are one build; text that does not fit is a spoilt message and has no value.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/mac.hpp"
#include "vrrpd/base/time.hpp"
#include "vrrpd/proto/types.hpp"

namespace vrrpd::ipc {

// An agent says Kind::alive so often.
inline constexpr Duration beat_interval = std::chrono::seconds(10);

// agent -> engine: clients of this gateway get their DNS answers from there; from nobody else than they asked, where
// `to` is the unspecified address of its family.
struct DnsChoice {
    std::string gateway;
    IpAddress to;
    std::uint16_t port = 0;

    [[nodiscard]] static DnsChoice nobody(const std::string& gateway, Family family);
    [[nodiscard]] bool is_nobody() const { return to.is_unspecified(); }
    bool operator==(const DnsChoice&) const = default;
};

// agent -> engine: what a service of this gateway weighs on its router's priority now. 0: nothing.
struct ServiceWeight {
    std::string gateway;
    std::string service;  // "dns", "dhcp"
    int weight = 0;
    bool operator==(const ServiceWeight&) const = default;
};

// agent -> engine, for track_dns: does this host's own forwarder work? `gateway` is what its dns_failover follows.
struct DnsHealth {
    std::string gateway;
    bool up = true;
    bool operator==(const DnsHealth&) const = default;
};

// agent -> engine: while this is so nobody gets a lease from this host, although it is Active or becomes it; what else
// a gateway does goes on. Two are Active, and the other one has the better claim; or the DHCP server here does not know
// all leases yet.
struct DhcpSilence {
    std::string gateway;
    bool silent = false;
    bool operator==(const DhcpSilence&) const = default;
};

// engine -> agent.
struct WanState {
    std::string gateway;
    bool up = true;
    bool operator==(const WanState&) const = default;
};

// engine -> agent: what this host is for a gateway now. Also each time an agent is new, and then `resumed`: it has
// been all along.
struct RoleChange {
    std::string gateway;
    proto::Role role = proto::Role::initialize;
    bool resumed = false;
    bool operator==(const RoleChange&) const = default;
};

// Could this host be the gateway now? engine -> agent: as far as the kernel shows. agent -> engine: as far as leases
// and DNS go; the engine waits for that, for a while, before it preempts.
struct Readiness {
    std::string gateway;
    std::vector<std::string> obstacles;  // empty: yes
    bool operator==(const Readiness&) const = default;
};

// engine -> agent: how strong this host's claim to the role is, and since when its part is what it is.
struct Standing {
    std::string gateway;
    int priority = 0;  // effective, 1..255
    Instant since;
    bool operator==(const Standing&) const = default;
};

// agent -> engine: ask who is there, address by address from `first` to `last` (IPv4, both included, at most 4,096),
// one every `pace`. Each that answers is told by a HostAlive.
struct Scan {
    std::string gateway;
    IpAddress first, last;
    std::chrono::milliseconds pace{0};
    bool operator==(const Scan&) const = default;
};

// engine -> agent.
struct HostAlive {
    std::string gateway;
    IpAddress address;
    MacAddress mac;
    bool operator==(const HostAlive&) const = default;
};

// engine -> agent: a DHCP server answered the probe.
struct DhcpOffer {
    std::string gateway;
    IpAddress server;  // option 54
    bool operator==(const DhcpOffer&) const = default;
};

// supervisor -> engine: what a tracked script, file or process is like now. BFD sessions are the engine's own.
struct TrackerState {
    enum class Kind : std::uint8_t { script, file, process, bfd };
    enum class Health : std::uint8_t {
        unknown,  // no result yet
        up,       // of a file: it has a number
        down,
        disabled,  // it cannot be run, and is not tracked
    };
    Kind kind = Kind::script;
    std::string name;
    Health health = Health::unknown;
    std::int64_t number = 0;  // a file's; of a process how many run
    std::string detail;       // for the log: "failed (exit 1)"
    bool operator==(const TrackerState&) const = default;
};

// engine -> supervisor: the state of an instance or a sync group, or what happened to it.
struct Notice {
    enum class Object : std::uint8_t { instance, group };
    enum class Event : std::uint8_t {
        // The states: of several that wait only the last is told.
        master,
        backup,
        fault,
        stop,
        deleted,
        // And what happens while it is in one.
        master_rx_lower_priority,
        master_priority,
        backup_priority,
    };
    Object object = Object::instance;
    Event event = Event::backup;
    std::uint8_t priority = 0;  // the effective one; a group has none
    std::string name;
    bool operator==(const Notice&) const = default;
};
[[nodiscard]] constexpr bool is_state(Notice::Event event) { return event < Notice::Event::master_rx_lower_priority; }
// Several in one message, in the order in which they happened.
struct Notices {
    std::vector<Notice> all;
    bool operator==(const Notices&) const = default;
};

// supervisor -> agent: the units of a gateway's while_active, as they were started or stopped last.
struct Units {
    struct Unit {
        std::string name;
        bool wanted = false;  // to run
        std::string problem;  // that systemctl had with it; empty: none
        bool operator==(const Unit&) const = default;
    };
    std::string gateway;
    std::vector<Unit> all;
    bool operator==(const Units&) const = default;
};

// agent -> supervisor: run the gateway's alert command with this on its input.
struct Alert {
    std::string gateway;
    std::string json;  // one line
    bool operator==(const Alert&) const = default;
};

// Names are words of a configuration file: no line break is in them.
[[nodiscard]] std::string encode(const DnsChoice& choice);
[[nodiscard]] std::string encode(const ServiceWeight& weight);
[[nodiscard]] std::string encode(const DnsHealth& health);
[[nodiscard]] std::string encode(const DhcpSilence& silence);
[[nodiscard]] std::string encode(const WanState& state);
[[nodiscard]] std::string encode(const RoleChange& change);
[[nodiscard]] std::string encode(const Readiness& readiness);
[[nodiscard]] std::string encode(const Standing& standing);
[[nodiscard]] std::string encode(const Scan& scan);
[[nodiscard]] std::string encode(const HostAlive& host);
[[nodiscard]] std::string encode(const DhcpOffer& offer);
[[nodiscard]] std::string encode(const TrackerState& state);
[[nodiscard]] std::string encode(const Notice& notice);
[[nodiscard]] std::string encode(const Notices& notices);
[[nodiscard]] std::string encode(const Units& units);
[[nodiscard]] std::string encode(const Alert& alert);
template <class Notice>
[[nodiscard]] std::optional<Notice> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<DnsChoice> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<ServiceWeight> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<DnsHealth> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<DhcpSilence> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<WanState> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<RoleChange> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<Readiness> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<Standing> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<Scan> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<HostAlive> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<DhcpOffer> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<TrackerState> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<Notice> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<Notices> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<Units> decode(std::string_view text);
template <>
[[nodiscard]] std::optional<Alert> decode(std::string_view text);

}  // namespace vrrpd::ipc
