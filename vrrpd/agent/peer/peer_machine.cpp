#include "vrrpd/agent/peer/peer_machine.hpp"

#include <algorithm>
#include <utility>

namespace vrrpd::agent {

namespace {

// Names of the fingerprints that both have and that are not alike. What one of them could not read is no difference.
std::vector<std::string> differences(const std::vector<Fingerprint>& ours, const std::vector<Fingerprint>& theirs) {
    std::vector<std::string> names;
    for (const auto& own : ours) {
        const auto other = std::find_if(theirs.begin(), theirs.end(),
                                        [&](const Fingerprint& fingerprint) { return fingerprint.name == own.name; });
        if (other != theirs.end() && other->digest != own.digest) names.push_back(own.name);
    }
    return names;
}

}  // namespace

// One event, carried through.
class PeerMachine::Step {
public:
    Step(PeerMachine& machine, const Clocks& clocks) : machine_(machine), clocks_(clocks) {}

    PeerActions take(const PeerEvent& event) {
        std::visit([this](const auto& what) { on(what); }, event);
        if (!machine_.idle()) {
            machine_.next_dial_.reset();
        } else if (!machine_.next_dial_) {
            machine_.next_dial_ = clocks_.now + machine_.redial_wait();
            ++machine_.failures_;
        }
        return std::move(actions_);
    }

private:
    void on(const Secured& event);
    void on(const Received& event);
    void on(const Ended& event);
    void on(const DialFailed&) { machine_.dialling_ = false; }
    void on(const SelfChanged& event);
    void on(const TimeReached&);

    void on_hello(ConnectionId connection, BytesView payload);
    void on_keep_alive(ConnectionId connection, BytesView payload);
    void establish(const Candidate& candidate, ReceivedHello received);
    void update(ReceivedHello received);
    void compare();
    [[nodiscard]] bool supersedes_link(const Candidate& candidate, const Hello& hello) const;
    void lose_link(Ending why);
    void close(ConnectionId connection, Ending why);
    void forget(ConnectionId connection, Ending why);
    void send_hello(ConnectionId connection);
    void serve_link();
    [[nodiscard]] bool is_link(ConnectionId connection) const {
        return machine_.link_ && machine_.link_->connection == connection;
    }
    void act(PeerAction action) { actions_.push_back(std::move(action)); }

    PeerMachine& machine_;
    const Clocks& clocks_;
    PeerActions actions_;
};

void PeerMachine::Step::on(const Secured& event) {
    if (event.dialler == Dialler::we) machine_.dialling_ = false;
    machine_.candidates_.push_back({event.connection, event.dialler, clocks_.now + hello_limit});
    send_hello(event.connection);
}

void PeerMachine::Step::on(const Received& event) {
    const auto [type, payload] = event.frame;
    if (is_link(event.connection)) machine_.link_->heard = clocks_.now;
    if (type == hello_type) return on_hello(event.connection, payload);
    if (!is_link(event.connection)) return close(event.connection, Ending::malformed);  // a hello comes first
    if (type == keep_alive_type) return on_keep_alive(event.connection, payload);
    if (type >= first_payload_type) act(Deliver{event.frame});
    // Any other type is a newer version's.
}

void PeerMachine::Step::on(const Ended& event) { forget(event.connection, event.why); }

void PeerMachine::Step::on(const SelfChanged& event) {
    machine_.self_.role = event.role;
    machine_.self_.fingerprints = event.fingerprints;
    for (const auto& candidate : machine_.candidates_) send_hello(candidate.connection);
    if (!machine_.link_) return;
    send_hello(machine_.link_->connection);
    compare();
}

void PeerMachine::Step::on(const TimeReached&) {
    const auto candidates = machine_.candidates_;
    for (const auto& candidate : candidates) {
        if (candidate.hello_due <= clocks_.now) close(candidate.connection, Ending::no_hello);
    }
    if (machine_.link_) serve_link();
    if (machine_.next_dial_ && *machine_.next_dial_ <= clocks_.now) {
        machine_.dialling_ = true;
        act(Dial{});
    }
}

void PeerMachine::Step::serve_link() {
    auto& link = *machine_.link_;
    if (link.heard + silence_limit <= clocks_.now) return close(link.connection, Ending::silent);
    if (link.next_keep_alive > clocks_.now) return;
    link.next_keep_alive = clocks_.now + keep_alive_interval;
    act(Send{link.connection, keep_alive_type, encode(KeepAlive{clocks_.wall})});
}

void PeerMachine::Step::on_hello(ConnectionId connection, BytesView payload) {
    auto received = decode_hello(payload);
    if (!received) return close(connection, Ending::malformed);
    if (received->hello.name != machine_.peer_) return close(connection, Ending::wrong_name);
    if (is_link(connection)) return update(std::move(*received));
    const auto at = std::find_if(machine_.candidates_.begin(), machine_.candidates_.end(),
                                 [&](const Candidate& candidate) { return candidate.connection == connection; });
    if (at == machine_.candidates_.end()) return;
    if (!supersedes_link(*at, received->hello)) return close(connection, Ending::superseded);
    const auto candidate = *at;
    machine_.candidates_.erase(at);
    if (machine_.link_) close(machine_.link_->connection, Ending::superseded);
    establish(candidate, std::move(*received));
}

void PeerMachine::Step::on_keep_alive(ConnectionId connection, BytesView payload) {
    const auto message = decode_keep_alive(payload);
    if (!message) return close(connection, Ending::malformed);
    machine_.link_->clock_offset = message->wall - clocks_.wall;
}

void PeerMachine::Step::establish(const Candidate& candidate, ReceivedHello received) {
    const auto offset = received.wall - clocks_.wall;
    machine_.link_ = Link{candidate.connection, candidate.dialler,         clocks_.now, clocks_.now,
                          clocks_.now,          std::move(received.hello), offset};
    machine_.link_->next_keep_alive += keep_alive_interval;
    act(Connected{});
    compare();
}

void PeerMachine::Step::update(ReceivedHello received) {
    auto& link = *machine_.link_;
    link.clock_offset = received.wall - clocks_.wall;
    link.hello = std::move(received.hello);
    compare();
}

void PeerMachine::Step::compare() {
    auto names = differences(machine_.self_.fingerprints, machine_.link_->hello.fingerprints);
    if (names == machine_.drift_) return;
    machine_.drift_ = names;
    act(DriftChanged{std::move(names)});
}

bool PeerMachine::Step::supersedes_link(const Candidate& candidate, const Hello& hello) const {
    const auto& link = machine_.link_;
    if (!link || link->hello.incarnation != hello.incarnation || link->dialler == candidate.dialler) return true;
    return candidate.dialler == machine_.first_;
}

void PeerMachine::Step::lose_link(Ending why) {
    if (clocks_.now - machine_.link_->since >= stable_after) machine_.failures_ = 0;
    machine_.link_.reset();
    act(Lost{why});
}

void PeerMachine::Step::close(ConnectionId connection, Ending why) {
    act(Close{connection});
    forget(connection, why);
}

void PeerMachine::Step::forget(ConnectionId connection, Ending why) {
    if (is_link(connection)) return lose_link(why);
    const auto gone = std::erase_if(machine_.candidates_,
                                    [&](const Candidate& candidate) { return candidate.connection == connection; });
    if (gone > 0) act(Refused{why});
}

void PeerMachine::Step::send_hello(ConnectionId connection) {
    act(Send{connection, hello_type, encode(machine_.self_, clocks_.wall)});
}

PeerMachine::PeerMachine(Instant now, std::string peer, Dialler first, Hello self, Random random)
    : peer_(std::move(peer)),
      first_(first),
      self_(std::move(self)),
      random_(std::move(random)),
      next_dial_(first == Dialler::we ? now : now + second_dialler_patience) {}

PeerActions PeerMachine::step(const Clocks& clocks, const PeerEvent& event) { return Step(*this, clocks).take(event); }

// Doubled with each failure; of that, at least half, so that members that fell silent together do not come back so.
Duration PeerMachine::redial_wait() const {
    constexpr unsigned doublings_max = 6;
    const auto wait = std::min(redial_max, redial_min * (1 << std::min(failures_, doublings_max)));
    const auto half = wait / 2;
    const auto jitter = std::chrono::duration_cast<Duration>(half * (random_() / 4294967296.0));
    return half + jitter + (first_ == Dialler::we ? Duration(0) : second_dialler_patience);
}

Deadline PeerMachine::next_deadline() const {
    auto due = next_dial_;
    if (link_) due = earlier(due, std::min(link_->next_keep_alive, link_->heard + silence_limit));
    for (const auto& candidate : candidates_) due = earlier(due, candidate.hello_due);
    return due;
}

}  // namespace vrrpd::agent
