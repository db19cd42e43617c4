// See bfd_session.hpp. Clauses are RFC 5880's.
#include "vrrpd/proto/bfd_session.hpp"

#include <algorithm>
#include <utility>

#include "vrrpd/base/assert.hpp"

namespace vrrpd::proto {

namespace {

constexpr BfdInterval slowest_begin{1'000'000};  // 6.8.3: not less than one second while the session is not Up

// The next number of SplitMix64.
std::uint64_t next_random(std::uint64_t& state) {
    state += 0x9e3779b97f4a7c15ULL;
    auto mixed = state;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31);
}

}  // namespace

BfdSession::BfdSession(const BfdParameters& parameters, BfdIdentity identity)
    : parameters_(parameters),
      discriminator_(identity.discriminator),
      random_(identity.seed),
      desired_tx_(std::max(parameters.idle_tx, slowest_begin)),
      used_tx_(desired_tx_),
      required_rx_(parameters.min_rx),
      used_rx_(required_rx_) {
    ASSERT(discriminator_ != 0);
}

BfdActions BfdSession::step(Instant now, const BfdEvent& event) {
    std::visit([&](const auto& what) { on(now, what); }, event);
    want_intervals();
    // What the neighbour does not know yet is not left to the timer (6.8.7, last paragraph).
    if (may_send() && is_news()) send(now);
    arm(now);
    return std::exchange(actions_, {});
}

Deadline BfdSession::next_deadline() const { return earlier(send_at_, expires_at_); }

// ---- events -------------------------------------------------------------------------------------------

void BfdSession::on(Instant, const BfdStart&) {
    farewell_until_.reset();
    if (state_ == BfdState::admin_down) enter(BfdState::down, BfdCause::started, BfdDiagnostic::none);
}

// Polls, since the engine before us may have been about to. The neighbour has one detection time more.
void BfdSession::on(Instant now, const BfdResume& event) {
    const auto& memory = event.memory;
    const auto& remote = memory.remote;
    if (memory.discriminator != 0) discriminator_ = memory.discriminator;
    if (memory.state != BfdState::up || remote.discriminator == 0 || remote.multiplier == 0) return on(now, BfdStart{});
    state_ = BfdState::up;
    diagnostic_ = memory.diagnostic;
    remote_ = remote;
    desired_tx_ = used_tx_ = parameters_.min_tx;
    required_rx_ = used_rx_ = parameters_.min_rx;
    polling_ = true;
    heard_at_ = now;
    expires_at_ = now + detection_time();
}

// 6.8.6, from where the session is known.
void BfdSession::on(Instant now, const BfdHeard& event) {
    const auto& packet = event.packet;
    ASSERT(packet.multiplier != 0 && packet.my_discriminator != 0);  // decode_bfd() sees to it
    if (state_ == BfdState::admin_down) return;
    remote_ = {packet.state,          packet.diagnostic,      packet.my_discriminator,
               packet.desired_min_tx, packet.required_min_rx, packet.multiplier,
               packet.demand};
    if (packet.final && polling_) end_poll();
    follow(packet);
    want_intervals();
    heard_at_ = now;
    reprieved_ = false;
    expires_at_ = now + detection_time();
    if (packet.poll) answer_poll();
}

// Who looks at the clock a whole detection time late was not there to hear: silence is believed the second time.
void BfdSession::on(Instant now, const BfdTimeReached&) {
    if (expires_at_ && *expires_at_ <= now) {
        const bool was_away = now - *expires_at_ >= detection_time();
        if (was_away && !std::exchange(reprieved_, true))
            expires_at_ = now + detection_time();
        else
            expire();
    }
    if (farewell_until_ && *farewell_until_ < now) farewell_until_.reset();
    want_intervals();
    if (send_at_ && *send_at_ <= now && sends_periodically()) send(now);
}

void BfdSession::on(Instant now, const BfdReconfigured& event) {
    parameters_ = event.parameters;
    want_intervals();
    if (expires_at_) expires_at_ = std::max(now, *heard_at_ + detection_time());
}

// 6.8.16: for a detection time, as the neighbour counts from the first of these packets on.
void BfdSession::on(Instant now, const BfdStop&) {
    if (state_ == BfdState::admin_down) return;
    enter(BfdState::admin_down, BfdCause::stopped, BfdDiagnostic::administratively_down);
    expires_at_.reset();
    want_intervals();
    farewell_until_ = now + remote_detection_time();
}

// ---- the machine --------------------------------------------------------------------------------------

// The table of 6.2, as 6.8.6 writes it.
void BfdSession::follow(const BfdPacket& packet) {
    constexpr auto said = BfdCause::neighbor_said;
    constexpr auto signaled = BfdDiagnostic::neighbor_signaled_down;
    if (packet.state == BfdState::admin_down) {
        if (state_ != BfdState::down) enter(BfdState::down, BfdCause::neighbor_admin_down, signaled);
        return;
    }
    switch (state_) {
        case BfdState::down:
            if (packet.state == BfdState::down) return enter(BfdState::init, said, diagnostic_);
            if (packet.state == BfdState::init) return enter(BfdState::up, said, BfdDiagnostic::none);
            return;
        case BfdState::init:
            if (packet.state != BfdState::down) return enter(BfdState::up, said, BfdDiagnostic::none);
            return;
        case BfdState::up:
            if (packet.state == BfdState::down) return enter(BfdState::down, said, signaled);
            return;
        case BfdState::admin_down:
            return;
    }
}

void BfdSession::enter(BfdState state, BfdCause cause, BfdDiagnostic diagnostic) {
    diagnostic_ = diagnostic;
    actions_.push_back(BfdTransition{std::exchange(state_, state), state, cause, diagnostic});
}

// 6.8.1: who is not heard for the detection time is forgotten, whatever the state; 6.8.4: and the session is Down.
void BfdSession::expire() {
    expires_at_.reset();
    remote_ = {};
    if (state_ == BfdState::init || state_ == BfdState::up)
        enter(BfdState::down, BfdCause::expired, BfdDiagnostic::detection_time_expired);
}

// 6.8.3. While the session is not Up there is nothing to poll for: the neighbour counts on nothing, and each packet
// says what is new.
void BfdSession::want_intervals() {
    const bool up = state_ == BfdState::up;
    const auto tx = up ? parameters_.min_tx : std::max(parameters_.idle_tx, slowest_begin);
    const auto rx = parameters_.min_rx;
    if (!up) {
        polling_ = poll_again_ = false;
        desired_tx_ = used_tx_ = tx;
        required_rx_ = used_rx_ = rx;
        return;
    }
    if (tx == desired_tx_ && rx == required_rx_) return;
    poll_again_ = std::exchange(polling_, true);
    desired_tx_ = tx;
    required_rx_ = rx;
    // Sooner than was promised is well at once; later, or to be silent for less, not before it was agreed to.
    used_tx_ = std::min(used_tx_, tx);
    used_rx_ = std::max(used_rx_, rx);
}

// The answer may be to a packet from before the last change: then it is asked for once more.
void BfdSession::end_poll() {
    if (std::exchange(poll_again_, false)) return;
    polling_ = false;
    used_tx_ = desired_tx_;
    used_rx_ = required_rx_;
}

// ---- times --------------------------------------------------------------------------------------------

Duration BfdSession::transmit_interval() const { return std::max(used_tx_, remote_.min_rx); }

Duration BfdSession::detection_time() const {
    return Duration(std::max(used_rx_, remote_.min_tx)) * remote_.multiplier;
}

Duration BfdSession::remote_detection_time() const {
    return Duration(std::max(desired_tx_, remote_.min_rx)) * parameters_.multiplier;
}

// 6.8.7: 75 to 100 % of the interval, to 90 % where one lost packet is the end.
Duration BfdSession::jittered(Duration interval) {
    constexpr std::int64_t whole = 1000, least = 750, most_alone = 900;
    const auto most = parameters_.multiplier == 1 ? most_alone : whole;
    const auto share =
        least + static_cast<std::int64_t>(next_random(random_) % static_cast<std::uint64_t>(most - least + 1));
    return interval / whole * share;
}

void BfdSession::arm(Instant now) {
    if (!sends_periodically()) {
        send_at_.reset();
        return;
    }
    const auto interval = transmit_interval();
    if (send_at_ && armed_for_ == interval) return;
    armed_for_ = interval;
    send_at_ = std::max(sent_at_ + jittered(interval), now);
}

// ---- sending ------------------------------------------------------------------------------------------

// Not before it began; and who is passive waits for the neighbour (6.8.7).
bool BfdSession::may_send() const {
    const bool begun = state_ != BfdState::admin_down || diagnostic_ == BfdDiagnostic::administratively_down;
    return begun && !(parameters_.passive && remote_.discriminator == 0);
}

// 6.8.7: not to a neighbour that wants none, or has Demand mode (6.6).
bool BfdSession::sends_periodically() const {
    const bool demanded = remote_.demand && state_ == BfdState::up && remote_.state == BfdState::up && !polling_;
    const bool has_something_to_say = state_ != BfdState::admin_down || farewell_until_;
    return has_something_to_say && may_send() && remote_.min_rx != BfdInterval(0) && !demanded;
}

bool BfdSession::is_news() const { return sent_ != packet(); }

BfdPacket BfdSession::packet() const {
    BfdPacket packet;
    packet.diagnostic = diagnostic_;
    packet.state = state_;
    packet.multiplier = parameters_.multiplier;
    packet.my_discriminator = discriminator_;
    packet.your_discriminator = remote_.discriminator;
    packet.desired_min_tx = desired_tx_;
    packet.required_min_rx = required_rx_;
    return packet;
}

void BfdSession::send(Instant now) {
    sent_ = packet();
    sent_at_ = now;
    send_at_.reset();
    auto polls = *sent_;
    polls.poll = polling_;
    actions_.push_back(BfdSend{polls});
}

// 6.8.7: whatever the timer, the state and Demand mode say.
void BfdSession::answer_poll() {
    sent_ = packet();
    auto answer = *sent_;
    answer.final = true;
    actions_.push_back(BfdSend{answer});
}

}  // namespace vrrpd::proto
