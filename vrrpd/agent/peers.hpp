// The other members, as the agent's services see them: who is there, what each last said of itself, and a way for the
// replicas of the leases. Over the PeerLink. The agent's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "vrrpd/agent/peer/peer_link.hpp"
#include "vrrpd/agent/summary.hpp"

namespace vrrpd::agent {

// A piece of a message of a gateway's replica: marks (1 octet: 1 the first, 2 the last), length of the gateway's name
// (1), the name, the piece. The pieces of one message come one after the other; one that stays a part is forgotten.
inline constexpr FrameType replica_type = summary_type + 1;
inline constexpr std::size_t replica_message_max = 1 << 20;

inline constexpr Duration summary_pause = std::chrono::milliseconds(200);  // between two to the same peer
inline constexpr Duration summary_interval = std::chrono::seconds(5);
inline constexpr std::chrono::milliseconds clock_offset_max{5000};  // leases end by wall clocks
inline constexpr std::chrono::milliseconds clock_offset_good{2500};
inline constexpr std::chrono::milliseconds clock_offset_bad{60'000};  // leases of minutes are lost by it

// What this host says of itself, whenever it is asked.
using OwnSummary = std::function<Summary()>;

struct PeerOutcomes {
    std::function<void(PeerId)> up = [](PeerId) {};
    std::function<void(PeerId)> down = [](PeerId) {};
    std::function<void(PeerId, const Summary&)> said = [](PeerId, const Summary&) {};
    std::function<void(PeerId, std::string_view gateway, BytesView message)> replica = [](PeerId, std::string_view,
                                                                                          BytesView) {};
};

// What a take-over would lose by clocks so far apart; empty: nothing.
[[nodiscard]] std::string clock_obstacle(const std::vector<PeerStatus>& peers);

class Peers {
public:
    struct Heard {
        Summary summary;
        Instant at;
    };

    Peers(Loop& loop, Log& log, PeerLink::Setup setup, OwnSummary own, PeerOutcomes outcomes);
    Peers(const Peers&) = delete;
    Peers& operator=(const Peers&) = delete;

    // What the own summary says is another one now: the others are told, though not more often than they like.
    void summary_changed() { changed_ = true; }
    void set_self(proto::Role role, std::vector<Fingerprint> fingerprints);
    // false: not now. `gateway` has at most 255 octets, `message` at most replica_message_max.
    [[nodiscard]] bool send_replica(PeerId to, std::string_view gateway, BytesView message);

    [[nodiscard]] Deadline next_deadline() const;
    void time_reached();

    [[nodiscard]] std::vector<PeerStatus> status() const { return link_.status(); }
    // What each connected peer said last, by its name.
    [[nodiscard]] const std::map<std::string, Heard>& heard() const { return heard_; }
    [[nodiscard]] const config::PeerLink& configuration() const { return configuration_; }

private:
    void received(PeerId from, const Frame& frame);
    void summary_received(PeerId from, BytesView payload);
    void replica_received(PeerId from, BytesView payload);
    void compare_clocks();
    [[nodiscard]] const std::string& name(PeerId id) const { return configuration_.members.at(id).name; }
    [[nodiscard]] PeerHandlers handlers();

    Loop& loop_;
    Log& log_;
    config::PeerLink configuration_;
    OwnSummary own_;
    PeerOutcomes outcomes_;
    std::map<std::string, Heard> heard_;
    std::set<std::string> said_clock_, said_spoilt_;
    std::map<PeerId, Bytes> parts_;  // of a replica message that is not whole yet
    bool changed_ = false;
    Instant sent_at_;
    PeerLink link_;  // last: it calls us
};

}  // namespace vrrpd::agent
