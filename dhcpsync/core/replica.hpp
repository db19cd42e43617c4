// The replicated lease table of one node. The Active publishes what its DHCP server does; every node keeps all of it,
// passes it on, and says what its own server lacks. Nodes that can talk end up with the same table, whatever was lost,
// repeated, cut off or restarted in between. Where two nodes were Active at once and gave one address to two machines,
// both leases are kept and the address is quarantined until one of them ends.
//
// Pure: events in, ordered actions out, one deadline. The agent's shell delivers messages, writes what Persist and
// PersistTerm ask for, and never waits for a peer: it may drop a Send, the replica repeats it.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "dhcpsync/core/peer.hpp"

namespace dhcpsync {

// ---- events -------------------------------------------------------------------------------------

struct PeerUp {
    NodeId peer;
};
struct PeerDown {
    NodeId peer;
};
struct FromPeer {
    NodeId peer;
    Message message;
};
// What our own DHCP server has, as the Follower believed it; in every role. Before BecameBackup the shell has the file
// read once more: what was granted last would be lost otherwise.
struct LocalLeases {
    LeaseBook book;
    bool whole = true;
};
// Our own DHCP server ended, or is back: it starts from its file, if that is still there. What is missing when it is
// looked at again was not given back.
struct ServerRestarted {};
// This host became the gateway; `resumed`: it has been all along, only this process is new. Then what the local
// server has is the truth; otherwise its file may be old, and what others said counts.
struct BecameActive {
    bool resumed = false;
};
struct BecameBackup {};
// The answer to PersistTerm: it is on disk.
struct TermPersisted {
    Term term;
};
struct TimeReached {};

using Event = std::variant<PeerUp, PeerDown, FromPeer, LocalLeases, ServerRestarted, BecameActive, BecameBackup,
                           TermPersisted, TimeReached>;

// ---- actions ------------------------------------------------------------------------------------

struct Send {
    NodeId peer;
    Message message;
    bool operator==(const Send&) const = default;
};
// The lease of this address is another one now; or there is none any more.
struct Change {
    IpAddress address;
    std::optional<Lease> lease;
    bool forgotten = false;  // all that was ever said of it has lapsed
    bool operator==(const Change&) const = default;
};
// For the feed of the local server, in every role: as Wanted, or where LocalLeases brought it in ServerHas.
struct Apply {
    std::vector<Change> changes;
    bool operator==(const Apply&) const = default;
};
// Write this term to the disk and answer TermPersisted. Before that nothing of our own is published.
struct PersistTerm {
    Term term;
    bool operator==(const PersistTerm&) const = default;
};
// Write image() to the disk, when there is time.
struct Persist {
    bool operator==(const Persist&) const = default;
};
// We are Active and so is this peer. Said once per occasion.
struct SplitBrain {
    NodeId peer;
    bool operator==(const SplitBrain&) const = default;
};
// What this peer has does not fit into the table beside what is there: it is not taken. Said once in a connection.
struct TooMuch {
    NodeId peer;
    bool operator==(const TooMuch&) const = default;
};
// Not to be offered before `until`.
struct Quarantined {
    IpAddress address;
    WallTime until;
    bool operator==(const Quarantined&) const = default;
};

using Action = std::variant<Send, Apply, PersistTerm, Persist, SplitBrain, TooMuch, Quarantined>;
using Actions = std::vector<Action>;

// What is kept on disk.
struct Image {
    Table table;
    Knowledge knowledge;
    std::optional<ServerDuid> server_duid;
    Term newest_term;

    bool operator==(const Image&) const = default;
};

inline constexpr Duration persist_delay = std::chrono::seconds(1);
// How often the table is gone through for what ended; and while an address is contested.
inline constexpr Duration sweep_interval = std::chrono::seconds(60), sweep_interval_contested = std::chrono::seconds(1);

class Replica {
public:
    // What was on disk. `persisted`: the last term that was. With neither (a new disk), seconds since 1970: a number
    // that no count of take-overs reached, since a term must not be used twice.
    explicit Replica(NodeId self, Image image = {}, Term persisted = {});

    [[nodiscard]] Actions step(Moment now, Event event);
    [[nodiscard]] Deadline next_deadline() const;

    [[nodiscard]] Image image() const { return {table_, knowledge_, server_duid_, standing_.newest_term}; }
    [[nodiscard]] const Table& table() const { return table_; }
    [[nodiscard]] const Knowledge& knowledge() const { return knowledge_; }
    [[nodiscard]] Term newest_term() const { return standing_.newest_term; }
    [[nodiscard]] Leases leases(WallTime now) const;
    // All that the local DHCP server should know; for a feed that starts, and follows with Apply, and again when the
    // wall clock was set.
    [[nodiscard]] std::vector<Change> wanted(WallTime now);
    [[nodiscard]] const std::optional<ServerDuid>& server_duid() const { return server_duid_; }
    [[nodiscard]] std::vector<Quarantined> quarantined(WallTime now) const;
    [[nodiscard]] std::optional<Lag> lag(NodeId peer, Instant now) const;  // nullopt: not connected

private:
    friend class ReplicaStep;

    struct Peer {
        Outbox outbox;
        Inbox inbox;
        bool active = false;    // as it said last
        bool too_much = false;  // that was said
    };

    NodeId self_;
    Table table_;
    std::size_t held_ = 0;  // versions in it
    Knowledge knowledge_;
    std::optional<ServerDuid> server_duid_;
    Standing standing_;
    std::map<NodeId, Peer> peers_;

    std::optional<Leases> local_;  // what our DHCP server has; none: not read yet
    bool server_is_new_ = false;   // it was not looked at as a whole since it was restarted
    Bytes local_duid_;
    bool resumed_ = false;
    bool adopted_ = false;  // in this term the local leases were gone through
    // Until the term is on disk: what our server had when the role came, and when it went before that.
    std::optional<Leases> taken_over_, handed_over_;
    std::optional<Author> author_;  // while Active with a term on disk: who signs our writes
    Sequence written_;

    std::map<IpAddress, std::optional<Lease>> contested_;  // by several live leases; and the one that was told
    Deadline persist_at_;
    Deadline sweep_at_;
    WallTime swept_ = WallTime::min();  // last
};

}  // namespace dhcpsync
