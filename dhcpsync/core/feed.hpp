// What to tell a running dnsmasq, over D-Bus, so that it has the leases the replica has. It knows what the server has
// from the lease file, and tells only what differs, a few calls at a time.
//
// It stays clear of what dnsmasq 2.90 does wrong: a full table crashes it, as does none at all, 0 seconds makes a lease
// for ever, a host name goes unchecked into its file, and an empty name or client id does not clear the old one. A
// lease of which the replica has never heard is left alone: to keep one too long harms nobody. Pure; one feed, one
// server.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "dhcpsync/core/replica.hpp"

namespace dhcpsync {

// ---- calls --------------------------------------------------------------------------------------

// AddDhcpLease(s ip, s hwaddr, ay hostname, ay clid, u seconds, u iaid, b temporary): makes or changes a lease.
struct AddDhcpLease {
    IpAddress address;
    std::string hardware;  // hardware_text(); empty for DHCPv6
    Bytes host_name;       // with a NUL at its end: dnsmasq reads on to one
    Bytes client_id;       // option 61, or the DUID
    std::uint32_t seconds;
    std::uint32_t iaid;
    bool temporary;
    bool operator==(const AddDhcpLease&) const = default;
};
// DeleteDhcpLease(s ip) -> b found. (The manual's RemoveDhcpLease does not exist.)
struct DeleteDhcpLease {
    IpAddress address;
    bool operator==(const DeleteDhcpLease&) const = default;
};
using Call = std::variant<AddDhcpLease, DeleteDhcpLease>;
using Calls = std::vector<Call>;

inline constexpr std::uint32_t for_ever = 0xffffffff;

// ---- events -------------------------------------------------------------------------------------

// What the replica made of other nodes' messages.
struct Wanted {
    std::vector<Change> changes;
};
// The lease file, as the Follower believed it, and what the replica made of that: one event, since on the Active the
// file leads. Apart, the feed would see a lease that is new here as wrong or as missing, and undo what the server did.
struct ServerHas {
    Leases leases;
    bool whole = true;
    std::vector<Change> changes;
};
// While this host is the gateway its server leads: it is only given what it lacks, and a client more time where the
// gateway before promised that. What it has is what it told its clients; to take that back would look like the server's
// own doing, and be published.
struct ServerLeads {
    bool leads = true;
};
// A call came back. Not `ok`: an error, or no answer in time.
struct Answered {
    IpAddress address;
    bool ok = true;
};
// The server was restarted, or the bus: calls under way are lost. Not `back`: until it is, none are made. Once it is,
// its file is waited for; what that held before says nothing any more.
struct Interrupted {
    bool back = true;
};
struct RetryDue {};  // next_deadline() came

using FeedEvent = std::variant<Wanted, ServerHas, ServerLeads, Answered, Interrupted, RetryDue>;

struct FeedLimits {
    // dnsmasq's dhcp-lease-max; 0: it has no table. nullopt: nobody knows, and it is given no more than it had before.
    std::optional<std::size_t> most_leases = 1000;
    std::size_t most_calls = 8;  // outstanding
};

// A call that failed is made again after this; a file read may be older than a call for so long.
inline constexpr Duration retry_pause = std::chrono::seconds(5), file_lag = std::chrono::seconds(1);
// Where clients renew some change is always under way.
inline constexpr Duration late_after = std::chrono::seconds(1);

class Feed {
public:
    explicit Feed(const FeedLimits& limits) : limits_(limits) {}

    // The calls to make now, in this order.
    [[nodiscard]] Calls step(Moment now, const FeedEvent& event);
    [[nodiscard]] Deadline next_deadline() const;

    // The server was started anew, perhaps with another configuration.
    void allow(std::optional<std::size_t> leases) { limits_.most_leases = leases; }

    // Leases that are not in the server yet, and those of them that never will be, since its table is full.
    [[nodiscard]] std::size_t missing() const;
    [[nodiscard]] std::size_t refused() const;
    // What else it has not taken for long: renewals, and that a lease is gone.
    [[nodiscard]] std::size_t late(Instant now) const;

private:
    // In the order of urgency: a removal makes room, a change needs none.
    enum class Need : std::uint8_t { remove, change, add, none };
    static constexpr std::size_t needs = 3;

    // What a call made of an address; until then a read of the file may be older.
    struct Recent {
        std::optional<Lease> lease;
        Instant until;
    };
    // From when the server has something else than it should until it is known to have that.
    struct Open {
        Need need;
        Instant since;
    };

    void on(Moment now, const Wanted& event);
    void on(Moment now, const ServerHas& event);
    void on(Moment now, const ServerLeads& event);
    void on(Moment now, const Answered& event);
    void on(Moment now, const Interrupted& event);
    void on(Moment now, const RetryDue&);

    void want(const Change& change);
    void claim_name(const Lease& lease);
    void release_name(const Lease& lease);
    void rebuild(Moment now);
    [[nodiscard]] std::optional<Lease> in_file(const IpAddress& address) const;
    void set(const IpAddress& address, const std::optional<Lease>& lease);
    void consider(const IpAddress& address, Moment now);

    [[nodiscard]] Need need(const IpAddress& address, WallTime now) const;
    [[nodiscard]] static bool extends(const Lease& server, const Lease& wanted);
    [[nodiscard]] bool differs(const Lease& server, const Lease& wanted) const;
    [[nodiscard]] bool owns_its_name(const Lease& lease) const;
    [[nodiscard]] std::optional<IpAddress> next_address() const;
    [[nodiscard]] Call make_call(const IpAddress& address, WallTime now);
    [[nodiscard]] AddDhcpLease add(const Lease& lease, WallTime now) const;
    [[nodiscard]] bool full() const { return server_.size() >= limits_.most_leases.value_or(had_); }

    FeedLimits limits_;
    bool leads_ = false;
    bool away_ = false;
    std::optional<Leases> file_;                        // as it was read last
    Leases server_;                                     // ... and what our calls made of it since
    std::size_t had_ = 0;                               // the most that was in it, since the server started
    std::map<IpAddress, std::optional<Lease>> wanted_;  // none: known to be gone
    std::map<std::string, IpAddress> names_;            // whose a host name is, where several want it
    std::array<std::set<IpAddress>, needs> todo_;
    std::map<IpAddress, std::optional<Lease>> calling_;  // what it will be once the call is answered
    std::map<IpAddress, Recent> recent_;
    std::map<IpAddress, Open> open_;
    std::map<IpAddress, Instant> retry_;
    std::set<std::pair<Instant, IpAddress>> due_;  // when to look at what is recent or to be tried again
};

}  // namespace dhcpsync
