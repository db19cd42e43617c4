// The encrypted link between the members of `peer_link`: finds the others, keeps one connection with each, and
// carries frames. The state of a pair is PeerMachine's; this is its shell, with sockets and TLS.
//
// The owner has the loop's one deadline: it asks next_deadline() before each wait and calls time_reached() then.
// Handlers are called from within the loop's turns and may call anything here, but not end the PeerLink.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "vrrpd/agent/peer/connection.hpp"
#include "vrrpd/agent/peer/peer_machine.hpp"
#include "vrrpd/agent/peer/sockets.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/config/model.hpp"

namespace vrrpd::agent {

inline constexpr Duration handshake_limit = std::chrono::seconds(5);  // from the first octet to TLS
inline constexpr std::size_t accepted_max = 4;                     // from one address; the oldest without TLS gives way
inline constexpr Duration listen_again = std::chrono::seconds(5);  // after the port could not be had
inline constexpr Duration stranger_pause = std::chrono::minutes(10);  // between two lines about strangers

// A member by its place in the list, which is the same everywhere.
using PeerId = std::size_t;

struct PeerHandlers {
    // `connected` and `lost` alternate. After `connected` the peer knows nothing of what was sent before.
    std::function<void(PeerId, const Hello&)> connected = [](PeerId, const Hello&) {};
    std::function<void(PeerId, Ending)> lost = [](PeerId, Ending) {};
    // Types that the receiver does not know are to be skipped: they are a newer version's.
    std::function<void(PeerId, const Frame&)> received = [](PeerId, const Frame&) {};
};

// For people (`vrrpctl status`).
struct PeerStatus {
    std::string name;
    IpAddress address;
    struct Link {
        Instant since;
        Dialler dialler;
        Hello hello;
        std::chrono::milliseconds clock_offset;  // theirs minus ours
        std::vector<std::string> drift;          // fingerprints that differ
        std::size_t queued;                      // octets
    };
    std::optional<Link> link;
    std::string trouble;  // the last, since it was connected
};

class PeerLink {
public:
    struct Setup {
        config::PeerLink configuration;  // with `self`
        Key key;
        std::string version;  // the program's
        Random random;
    };
    // Begins at once. What cannot be had yet (the port, a peer) is tried again and again.
    PeerLink(Loop& loop, Log& log, Setup setup, PeerHandlers handlers);
    PeerLink(const PeerLink&) = delete;
    PeerLink& operator=(const PeerLink&) = delete;
    ~PeerLink();

    // What our hello says from now on; the connected are told.
    void set_self(proto::Role role, std::vector<Fingerprint> fingerprints);
    // Type from first_payload_type, at most max_payload. false: not connected, or its queue is full. Nothing was queued
    // then.
    bool send(PeerId to, FrameType type, BytesView payload);
    // To all that are connected; false: at least one of them could not take it.
    bool broadcast(FrameType type, BytesView payload);

    [[nodiscard]] Deadline next_deadline() const;
    void time_reached();

    [[nodiscard]] std::vector<PeerStatus> status() const;  // of the others, in the order of the list

private:
    struct Peer {
        config::Member member;
        PeerMachine machine;
        std::set<std::string> said = {};  // lines of the log that need not come again before it is connected
        std::string trouble = {};
    };
    // A connection, by whomever dialled, from its first octet on.
    struct Call {
        PeerId peer;
        Dialler dialler;
        Instant since;
        std::unique_ptr<Connection> connection;
        bool secured = false;  // and its machine knows
    };

    // sockets
    void open_listener();
    void close_listener(const OsError& error);
    void accept();
    void answer(Accepted accepted);
    void dial(PeerId id);
    void add(PeerId id, Dialler dialler, Fd socket);
    [[nodiscard]] bool make_room_for(PeerId id);
    void readable(ConnectionId id);
    void finish(ConnectionId id, Ending why, const std::string& trouble);
    void end_overdue(Instant now);

    // machines
    void step(PeerId id, const PeerEvent& event);
    void carry_out(PeerId, const Dial&);
    void carry_out(PeerId, const Send&);
    void carry_out(PeerId, const Close&);
    void carry_out(PeerId, const Refused&);
    void carry_out(PeerId, const Connected&);
    void carry_out(PeerId, const Lost&);
    void carry_out(PeerId, const Deliver&);
    void carry_out(PeerId, const DriftChanged&);

    [[nodiscard]] const config::Member& self() const;
    void complain(PeerId id, const std::string& trouble);
    void note_stranger(const IpAddress& from);

    Loop& loop_;
    Log& log_;
    config::PeerLink configuration_;
    TlsContext tls_;
    PeerHandlers handlers_;
    Fd listener_;
    Loop::Watch listener_watch_;
    Deadline listen_at_;
    bool listen_failed_ = false;  // and that was said
    std::map<PeerId, Peer> peers_;
    std::map<ConnectionId, Call> calls_;
    ConnectionId last_id_ = 0;
    Deadline strangers_quiet_until_;
};

}  // namespace vrrpd::agent
