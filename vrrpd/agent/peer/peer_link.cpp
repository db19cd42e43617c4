#include "vrrpd/agent/peer/peer_link.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vrrpd/base/assert.hpp"

namespace vrrpd::agent {

namespace {

constexpr unsigned accepts_a_wakeup = 16;
constexpr std::size_t said_max = 8;  // lines about one peer in trouble; who calls can choose their wording

Clocks read_clocks(const Loop& loop) {
    return {loop.now(), std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

// Who dials whom: what both ends of a TLS session must agree on. No name has a zero octet.
std::string identity(const std::string& dialler, const std::string& listener) { return dialler + '\0' + listener; }

std::string describe(Ending why) {
    switch (why) {
        case Ending::closed:
            return "closed by the other end";
        case Ending::silent:
            return fmt::format("nothing was heard for {} s", silence_limit / std::chrono::seconds(1));
        case Ending::superseded:
            return "another connection took its place";
        case Ending::no_hello:
            return "it did not say who it is";
        case Ending::wrong_name:
            return "it has another name than the list of members gives it";
        case Ending::malformed:
            return "what it sends is not understood";
        case Ending::not_reading:
            return "it takes nothing of what waits for it";
    }
    return {};
}

// When a connection has had time enough for what is expected of it next.
Deadline patience_ends(bool secured, Instant since, const Connection& connection) {
    return secured ? connection.stalls_at() : Deadline(since + handshake_limit);
}

}  // namespace

PeerLink::PeerLink(Loop& loop, Log& log, Setup setup, PeerHandlers handlers)
    : loop_(loop),
      log_(log),
      configuration_(std::move(setup.configuration)),
      tls_(std::move(setup.key)),
      handlers_(std::move(handlers)) {
    ASSERT(configuration_.self);
    Hello hello;
    hello.incarnation = std::uint64_t{setup.random()} << 32 | setup.random();
    hello.name = self().name;
    hello.version = std::move(setup.version);
    for (PeerId id = 0; id < configuration_.members.size(); ++id) {
        if (id == *configuration_.self) continue;
        const auto& member = configuration_.members[id];
        const auto first = self().address < member.address ? Dialler::we : Dialler::they;
        peers_.emplace(id, Peer{member, PeerMachine(loop.now(), member.name, first, hello, setup.random)});
    }
    open_listener();
}

PeerLink::~PeerLink() = default;

// ---- what the owner calls -----------------------------------------------------------------------

void PeerLink::set_self(proto::Role role, std::vector<Fingerprint> fingerprints) {
    const SelfChanged event{role, std::move(fingerprints)};
    for (const auto& [id, peer] : peers_) step(id, event);
}

bool PeerLink::send(PeerId to, FrameType type, BytesView payload) {
    ASSERT(type >= first_payload_type && payload.size() <= max_payload);
    const auto& link = peers_.at(to).machine.link();
    if (!link) return false;
    auto& connection = *calls_.at(link->connection).connection;
    if (!connection.has_room(payload.size())) return false;
    connection.send({type, payload});
    return true;
}

bool PeerLink::broadcast(FrameType type, BytesView payload) {
    bool all = true;
    for (const auto& [id, peer] : peers_) {
        if (peer.machine.link()) all = send(id, type, payload) && all;
    }
    return all;
}

Deadline PeerLink::next_deadline() const {
    auto due = listen_at_;
    for (const auto& [id, call] : calls_) due = earlier(due, patience_ends(call.secured, call.since, *call.connection));
    for (const auto& [id, peer] : peers_) due = earlier(due, peer.machine.next_deadline());
    return due;
}

void PeerLink::time_reached() {
    const auto now = loop_.now();
    if (listen_at_ && *listen_at_ <= now) open_listener();
    end_overdue(now);
    for (const auto& [id, peer] : peers_) {
        const auto due = peer.machine.next_deadline();
        if (due && *due <= now) step(id, TimeReached{});
    }
}

std::vector<PeerStatus> PeerLink::status() const {
    std::vector<PeerStatus> all;
    for (const auto& [id, peer] : peers_) {
        auto& one = all.emplace_back(PeerStatus{peer.member.name, peer.member.address, std::nullopt, peer.trouble});
        if (const auto& link = peer.machine.link())
            one.link = {link->since,        link->dialler,        link->hello,
                        link->clock_offset, peer.machine.drift(), calls_.at(link->connection).connection->queued()};
    }
    return all;
}

// ---- sockets ------------------------------------------------------------------------------------

const config::Member& PeerLink::self() const { return configuration_.members[*configuration_.self]; }

void PeerLink::open_listener() {
    auto socket = listen_at({self().address, configuration_.port});
    if (!socket) return close_listener(socket.error());
    listen_at_.reset();
    listen_failed_ = false;
    listener_ = std::move(*socket);
    listener_watch_ = loop_.on_readable(listener_.get(), [this] { accept(); });
}

// Where descriptors have run out, a watched listener would wake the loop without end.
void PeerLink::close_listener(const OsError& error) {
    listener_watch_ = {};
    listener_.reset();
    listen_at_ = loop_.now() + listen_again;
    if (!std::exchange(listen_failed_, true)) log_.warning("peer link: {}; trying on", error.describe());
}

void PeerLink::accept() {
    for (unsigned i = 0; i < accepts_a_wakeup; ++i) {
        auto accepted = accept_next(listener_.get());
        if (!accepted) return close_listener(accepted.error());
        if (!*accepted) return;
        answer(std::move(**accepted));
    }
}

void PeerLink::answer(Accepted accepted) {
    const auto at = std::find_if(peers_.begin(), peers_.end(),
                                 [&](const auto& entry) { return entry.second.member.address == accepted.from; });
    if (at == peers_.end()) return note_stranger(accepted.from);
    if (make_room_for(at->first)) add(at->first, Dialler::they, std::move(accepted.socket));
}

bool PeerLink::make_room_for(PeerId id) {
    const auto accepted = [&](const Call& call) { return call.peer == id && call.dialler == Dialler::they; };
    const auto count =
        std::count_if(calls_.begin(), calls_.end(), [&](const auto& entry) { return accepted(entry.second); });
    if (count < static_cast<std::ptrdiff_t>(accepted_max)) return true;
    complain(id, "too many connections at once from its address");
    // A handshake takes milliseconds: the oldest that still owes it is the least likely to be the peer.
    const auto oldest = std::find_if(calls_.begin(), calls_.end(), [&](const auto& entry) {
        return accepted(entry.second) && !entry.second.secured;
    });
    if (oldest == calls_.end()) return false;
    calls_.erase(oldest);
    return true;
}

void PeerLink::dial(PeerId id) {
    const auto& member = peers_.at(id).member;
    auto socket = agent::dial(self().address, {member.address, configuration_.port});
    if (socket) return add(id, Dialler::we, std::move(*socket));
    complain(id, socket.error().describe());
    step(id, DialFailed{});
}

void PeerLink::add(PeerId id, Dialler dialler, Fd socket) {
    const auto& peer = peers_.at(id).member.name;
    TlsSession session = dialler == Dialler::we
                             ? TlsSession(tls_, TlsSession::Side::client, identity(self().name, peer))
                             : TlsSession(tls_, TlsSession::Side::server, identity(peer, self().name));
    const auto connection_id = ++last_id_;
    auto connection = std::make_unique<Connection>(loop_, std::move(socket), std::move(session),
                                                   [this, connection_id] { readable(connection_id); });
    calls_.emplace(connection_id, Call{id, dialler, loop_.now(), std::move(connection)});
}

void PeerLink::readable(ConnectionId id) {
    auto& call = calls_.at(id);
    const auto peer = call.peer;
    const bool goes_on = call.connection->receive();
    if (!call.secured && call.connection->secured()) {
        call.secured = true;
        step(peer, Secured{id, call.dialler});
    }
    // Whatever a frame brings about may end the connection.
    for (auto at = calls_.find(id); at != calls_.end(); at = calls_.find(id)) {
        auto& connection = *at->second.connection;
        if (const auto frame = connection.next_frame()) {
            step(peer, Received{id, *frame});
            continue;
        }
        if (connection.fault() != FrameDecoder::Fault::none) return finish(id, Ending::malformed, {});
        if (!goes_on) finish(id, Ending::closed, connection.failure());
        return;
    }
}

void PeerLink::finish(ConnectionId id, Ending why, const std::string& trouble) {
    const auto node = calls_.extract(id);
    const auto& call = node.mapped();
    if (call.secured) return step(call.peer, Ended{id, why});
    if (call.dialler == Dialler::they) return complain(call.peer, "refused a connection from its address: " + trouble);
    complain(call.peer, "cannot connect: " + trouble);
    step(call.peer, DialFailed{});
}

void PeerLink::end_overdue(Instant now) {
    std::vector<ConnectionId> overdue;
    for (const auto& [id, call] : calls_) {
        const auto end = patience_ends(call.secured, call.since, *call.connection);
        if (end && *end <= now) overdue.push_back(id);
    }
    for (const auto id : overdue) {
        const auto at = calls_.find(id);
        if (at == calls_.end()) continue;
        const bool called = at->second.dialler == Dialler::we;  // firewalls drop calls, and say nothing
        finish(id, Ending::not_reading,
               called ? fmt::format("no answer in time; is it up, and does its firewall let in TCP port {}?",
                                    configuration_.port)
                      : "no answer in time");
    }
}

// ---- machines -----------------------------------------------------------------------------------

void PeerLink::step(PeerId id, const PeerEvent& event) {
    for (const auto& action : peers_.at(id).machine.step(read_clocks(loop_), event))
        std::visit([&](const auto& what) { carry_out(id, what); }, action);
}

void PeerLink::carry_out(PeerId id, const Dial&) { dial(id); }

void PeerLink::carry_out(PeerId, const Send& send) {
    auto& connection = *calls_.at(send.connection).connection;
    // What waits to be sent shows as well that we live.
    if (send.type == keep_alive_type && connection.queued() > 0) return;
    connection.send({send.type, send.payload});
}

void PeerLink::carry_out(PeerId, const Close& close) { calls_.erase(close.connection); }

void PeerLink::carry_out(PeerId id, const Refused& refused) {
    if (refused.why != Ending::superseded) complain(id, describe(refused.why));
}

void PeerLink::carry_out(PeerId id, const Connected&) {
    auto& peer = peers_.at(id);
    const auto& hello = peer.machine.link()->hello;
    peer.said.clear();
    peer.trouble.clear();
    log_.notice("peer {} ({}): connected; it runs vrrpd {}", peer.member.name, peer.member.address.to_string(),
                hello.version);
    handlers_.connected(id, hello);
}

void PeerLink::carry_out(PeerId id, const Lost& lost) {
    auto& peer = peers_.at(id);
    peer.trouble = describe(lost.why);
    log_.write(lost.why == Ending::superseded ? LogLevel::info : LogLevel::warning,
               fmt::format("peer {}: connection lost: {}", peer.member.name, peer.trouble));
    handlers_.lost(id, lost.why);
}

void PeerLink::carry_out(PeerId id, const Deliver& deliver) { handlers_.received(id, deliver.frame); }

void PeerLink::carry_out(PeerId id, const DriftChanged& drift) {
    const auto& name = peers_.at(id).member.name;
    if (drift.names.empty()) return log_.notice("peer {}: its settings are like ours again", name);
    log_.warning("peer {}: its settings differ from ours: {}", name, fmt::join(drift.names, ", "));
}

// ---- what is said -------------------------------------------------------------------------------

void PeerLink::complain(PeerId id, const std::string& trouble) {
    auto& peer = peers_.at(id);
    peer.trouble = trouble;
    if (peer.said.size() >= said_max || !peer.said.insert(trouble).second) return;
    log_.warning("peer {} ({}): {}", peer.member.name, peer.member.address.to_string(), trouble);
}

void PeerLink::note_stranger(const IpAddress& from) {
    if (strangers_quiet_until_ && loop_.now() < *strangers_quiet_until_) return;
    strangers_quiet_until_ = loop_.now() + stranger_pause;
    log_.notice("peer link: hung up on {}, which is no member", from.to_string());
}

}  // namespace vrrpd::agent
