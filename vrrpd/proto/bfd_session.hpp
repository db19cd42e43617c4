// One BFD session in asynchronous mode (RFC 5880 6.8): the state machine, the timers, poll sequences. Pure: step(now,
// event) -> actions, next_deadline(). Randomness comes from a seed that the shell hands in.
//
// Not spoken: the Echo function, authentication, and Demand mode of our own. A neighbour that asks for Demand mode gets
// it (6.6). Used by the engine's BFD desk, and by the simulation in its test.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "vrrpd/base/time.hpp"
#include "vrrpd/proto/bfd.hpp"

namespace vrrpd::proto {

struct BfdParameters {
    BfdInterval min_tx{10'000};
    BfdInterval min_rx{10'000};
    BfdInterval idle_tx{1'000'000};  // while the session is not Up; a second at least (6.8.3)
    std::uint8_t multiplier = 5;
    bool passive = false;  // silent until the neighbour speaks (6.1)

    bool operator==(const BfdParameters&) const = default;
};

// What a session is known by, and its jitter drawn from. The discriminator is unique on this host, and not 0 (6.8.1).
struct BfdIdentity {
    std::uint32_t discriminator = 1;
    std::uint64_t seed = 0;
};

// What the neighbour said last.
struct BfdRemote {
    BfdState state = BfdState::down;
    BfdDiagnostic diagnostic = BfdDiagnostic::none;
    std::uint32_t discriminator = 0;  // 0: nothing was heard within the detection time
    BfdInterval min_tx{0};
    BfdInterval min_rx{1};  // bfd.RemoteMinRxInterval begins with 1 (6.8.1)
    std::uint8_t multiplier = 0;
    bool demand = false;

    bool operator==(const BfdRemote&) const = default;
};

// What must outlive a crash, so that the neighbour sees none.
struct BfdMemory {
    std::uint32_t discriminator = 0;
    BfdState state = BfdState::down;
    BfdDiagnostic diagnostic = BfdDiagnostic::none;
    BfdRemote remote;

    bool operator==(const BfdMemory&) const = default;
};

// ---- events
struct BfdStart {};
struct BfdResume {  // instead of Start: goes on as the engine that crashed left it
    BfdMemory memory;
};
struct BfdHeard {
    BfdPacket packet;
};
struct BfdTimeReached {};
struct BfdReconfigured {
    BfdParameters parameters;
};
struct BfdStop {};  // AdminDown, said until the neighbour must have heard it; Start leaves it again
using BfdEvent = std::variant<BfdStart, BfdResume, BfdHeard, BfdTimeReached, BfdReconfigured, BfdStop>;

// ---- actions, in order
struct BfdSend {
    BfdPacket packet;
    bool operator==(const BfdSend&) const = default;
};
enum class BfdCause : std::uint8_t {
    started,
    neighbor_said,        // what the neighbour's state made of ours
    neighbor_admin_down,  // the neighbour was stopped
    expired,              // nothing was heard for the detection time
    stopped,
};
struct BfdTransition {
    BfdState from, to;
    BfdCause cause;
    BfdDiagnostic diagnostic;  // ours
    bool operator==(const BfdTransition&) const = default;
};
using BfdAction = std::variant<BfdSend, BfdTransition>;
using BfdActions = std::vector<BfdAction>;

class BfdSession {
public:
    BfdSession(const BfdParameters& parameters, BfdIdentity identity);

    // `now` never runs backwards.
    [[nodiscard]] BfdActions step(Instant now, const BfdEvent& event);
    [[nodiscard]] Deadline next_deadline() const;

    [[nodiscard]] const BfdParameters& parameters() const { return parameters_; }
    [[nodiscard]] std::uint32_t discriminator() const { return discriminator_; }
    [[nodiscard]] BfdState state() const { return state_; }
    [[nodiscard]] BfdDiagnostic diagnostic() const { return diagnostic_; }
    [[nodiscard]] const BfdRemote& remote() const { return remote_; }
    [[nodiscard]] bool polling() const { return polling_; }
    [[nodiscard]] std::optional<Instant> last_heard() const { return heard_at_; }
    // Between two of our packets, before jitter (6.8.7).
    [[nodiscard]] Duration transmit_interval() const;
    // So long may the neighbour be silent (6.8.4). Zero: it was not heard.
    [[nodiscard]] Duration detection_time() const;
    // So long may we be, as the neighbour counts.
    [[nodiscard]] Duration remote_detection_time() const;
    [[nodiscard]] BfdMemory memory() const { return {discriminator_, state_, diagnostic_, remote_}; }

private:
    void on(Instant now, const BfdStart& event);
    void on(Instant now, const BfdResume& event);
    void on(Instant now, const BfdHeard& event);
    void on(Instant now, const BfdTimeReached& event);
    void on(Instant now, const BfdReconfigured& event);
    void on(Instant now, const BfdStop& event);

    void follow(const BfdPacket& packet);
    void enter(BfdState state, BfdCause cause, BfdDiagnostic diagnostic);
    void want_intervals();
    void end_poll();
    void expire();
    void answer_poll();
    void send(Instant now);
    [[nodiscard]] bool is_news() const;
    [[nodiscard]] bool may_send() const;
    [[nodiscard]] bool sends_periodically() const;
    void arm(Instant now);
    [[nodiscard]] BfdPacket packet() const;
    [[nodiscard]] Duration jittered(Duration interval);

    BfdParameters parameters_;
    std::uint32_t discriminator_;
    std::uint64_t random_;
    BfdState state_ = BfdState::admin_down;
    BfdDiagnostic diagnostic_ = BfdDiagnostic::none;
    BfdRemote remote_;
    // What we say of ourselves, and what counts until a poll sequence has told the neighbour (6.8.3).
    BfdInterval desired_tx_, used_tx_;
    BfdInterval required_rx_, used_rx_;
    bool polling_ = false;
    bool poll_again_ = false;  // changed once more since this poll sequence began
    std::optional<Instant> heard_at_;
    bool reprieved_ = false;  // since then
    Instant sent_at_{};
    std::optional<BfdPacket> sent_;  // the last one, but for poll and final
    Duration armed_for_{0};          // the interval that send_at_ was made of
    Deadline send_at_, expires_at_;
    Deadline farewell_until_;  // AdminDown is said until then
    BfdActions actions_;       // of this step
};

}  // namespace vrrpd::proto
