// One of the other members, and the one connection that is kept with it. Pure: events in, ordered actions out, one
// deadline. For PeerLink, which has the sockets and the TLS.
//
// Both members of a pair may dial, so two connections may meet. Both ends decide alike which one is kept:
// * of another incarnation of the peer: the newer, for the older one's process is gone;
// * dialled by the same member: the newer, for its dialler has given up the older;
// * else the one that the pair's first dialler dialled. The other member dials a little later, so this is seldom.
//
// To the outside, Connected and Lost alternate; what is sent in between reaches the peer in order, or Lost follows.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "vrrpd/agent/peer/messages.hpp"
#include "vrrpd/base/time.hpp"

namespace vrrpd::agent {

inline constexpr Duration keep_alive_interval = std::chrono::seconds(1);
inline constexpr Duration silence_limit = std::chrono::seconds(4);  // then the link is dead
inline constexpr Duration hello_limit = std::chrono::seconds(5);    // from TLS to hello
inline constexpr Duration redial_min = std::chrono::milliseconds(250);
inline constexpr Duration redial_max = std::chrono::seconds(15);
inline constexpr Duration stable_after = std::chrono::seconds(10);  // a link that lived so long resets the back-off
inline constexpr Duration second_dialler_patience = std::chrono::seconds(1);

// Given by the shell to each connection, never used twice.
using ConnectionId = std::uint64_t;
enum class Dialler : std::uint8_t { we, they };
using Random = std::function<std::uint32_t()>;  // evenly distributed

// Both clocks of the shell, read together.
struct Clocks {
    Instant now;
    WallTime wall;
};

enum class Ending : std::uint8_t {
    closed,       // by the other end, or by the network
    silent,       // nothing heard for silence_limit
    superseded,   // another connection of the pair was kept
    no_hello,     // within hello_limit
    wrong_name,   // another member than the one at this address
    malformed,    // not frames, or not their content
    not_reading,  // it takes nothing of what waits for it
};

// ---- events -------------------------------------------------------------------------------------

// The TLS handshake is done: the other end has the key.
struct Secured {
    ConnectionId connection;
    Dialler dialler;
};
struct Received {
    ConnectionId connection;
    Frame frame;
};
// A secured connection ended, and not by a Close.
struct Ended {
    ConnectionId connection;
    Ending why;
};
// What Dial began did not get as far as Secured.
struct DialFailed {};
// Our own role or fingerprints.
struct SelfChanged {
    proto::Role role;
    std::vector<Fingerprint> fingerprints;
};
struct TimeReached {};

using PeerEvent = std::variant<Secured, Received, Ended, DialFailed, SelfChanged, TimeReached>;

// ---- actions ------------------------------------------------------------------------------------

struct Dial {};
struct Send {
    ConnectionId connection;
    FrameType type;
    Bytes payload;
};
struct Close {
    ConnectionId connection;
};
// A connection ended before it became the link.
struct Refused {
    Ending why;
};
// link() says with whom.
struct Connected {};
struct Lost {
    Ending why;
};
// Payload; a view into the event's frame.
struct Deliver {
    Frame frame;
};
// Once per change, not once per connection. Empty: alike again.
struct DriftChanged {
    std::vector<std::string> names;
};

using PeerAction = std::variant<Dial, Send, Close, Refused, Connected, Lost, Deliver, DriftChanged>;
using PeerActions = std::vector<PeerAction>;

class PeerMachine {
public:
    struct Link {
        ConnectionId connection;
        Dialler dialler;
        Instant since;
        Instant heard;  // last
        Instant next_keep_alive;
        Hello hello;                             // the peer's
        std::chrono::milliseconds clock_offset;  // the peer's wall clock minus ours, but for the way of a message
    };

    // `first`: who dials first in this pair; the peer must say the opposite.
    PeerMachine(Instant now, std::string peer, Dialler first, Hello self, Random random);

    [[nodiscard]] PeerActions step(const Clocks& clocks, const PeerEvent& event);
    [[nodiscard]] Deadline next_deadline() const;

    [[nodiscard]] const std::optional<Link>& link() const { return link_; }
    // Fingerprints that differed when last compared, by name.
    [[nodiscard]] const std::vector<std::string>& drift() const { return drift_; }

private:
    // Secured, and its hello not seen yet.
    struct Candidate {
        ConnectionId connection;
        Dialler dialler;
        Instant hello_due;
    };
    class Step;

    [[nodiscard]] bool idle() const { return !link_ && candidates_.empty() && !dialling_; }
    [[nodiscard]] Duration redial_wait() const;

    std::string peer_;
    Dialler first_;
    Hello self_;
    Random random_;
    std::optional<Link> link_;
    std::vector<Candidate> candidates_;
    bool dialling_ = false;
    Deadline next_dial_;     // set while idle
    unsigned failures_ = 0;  // in a row, to become or stay connected
    std::vector<std::string> drift_;
};

}  // namespace vrrpd::agent
