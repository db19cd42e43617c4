// Peers, roles and time of a replica; see replica.hpp. What the local DHCP server does: replica_local.cpp.
#include "dhcpsync/core/replica.hpp"

#include <algorithm>
#include <utility>

#include "dhcpsync/core/replica_step.hpp"

namespace dhcpsync {

Replica::Replica(NodeId self, Image image, Term persisted)
    : self_(self),
      table_(std::move(image.table)),
      knowledge_(std::move(image.knowledge)),
      server_duid_(std::move(image.server_duid)) {
    standing_.newest_term = std::max({image.newest_term, persisted, knowledge_.newest_term()});
    for (const auto& [address, versions] : table_) held_ += versions.size();
    if (!table_.empty()) sweep_at_ = Instant();  // much may have ended since the image was written
}

Actions Replica::step(Moment now, Event event) { return ReplicaStep(*this, now).take(event); }

Deadline Replica::next_deadline() const {
    auto deadline = earlier(persist_at_, sweep_at_);
    for (const auto& [id, peer] : peers_) deadline = earlier(deadline, peer.outbox.next_deadline());
    return deadline;
}

Leases Replica::leases(WallTime now) const {
    Leases result;
    for (const auto& [address, versions] : table_) {
        if (const auto* lease = holder(versions, now)) result.emplace_hint(result.end(), address, *lease);
    }
    return result;
}

std::vector<Change> Replica::wanted(WallTime now) {
    std::vector<Change> result;
    for (const auto& [address, versions] : table_) {
        const auto* lease = holder(versions, now);
        result.push_back({address, lease ? std::optional(*lease) : std::nullopt, lapsed(versions, now)});
        if (contested(versions, now)) contested_[address] = result.back().lease;
    }
    return result;
}

std::vector<Quarantined> Replica::quarantined(WallTime now) const {
    std::vector<Quarantined> result;
    for (const auto& [address, versions] : table_) {
        if (const auto until = quarantined_until(versions, now)) result.push_back({address, *until});
    }
    return result;
}

std::optional<Lag> Replica::lag(NodeId peer, Instant now) const {
    const auto at = peers_.find(peer);
    if (at == peers_.end() || !at->second.outbox.is_open()) return std::nullopt;
    auto lag = at->second.outbox.lag(now);
    if (standing_.active && !author_) lag.complete = false;  // what our server grants waits for the term
    return lag;
}

Actions ReplicaStep::take(Event& event) {
    std::visit([this](auto& one) { on(one); }, event);
    if (!changes_.empty()) say(Apply{std::move(changes_)});
    send_what_is_due();
    plan_sweep();
    return std::move(actions_);
}

// ---- peers --------------------------------------------------------------------------------------

void ReplicaStep::on(const PeerUp& event) {
    auto& peer = r_.peers_[event.peer];
    peer.outbox.open(now_.instant);
    peer.inbox.open();
    peer.active = peer.too_much = false;
}

void ReplicaStep::on(const PeerDown& event) { r_.peers_.erase(event.peer); }

void ReplicaStep::on(FromPeer& event) {
    if (!r_.peers_.contains(event.peer)) return;
    std::visit([&](auto& message) { receive(event.peer, message); }, event.message);
}

void ReplicaStep::receive(NodeId id, Update& update) {
    auto& peer = r_.peers_.at(id);
    heard(id, update.standing);
    const auto number = update.number;
    const auto taken = peer.inbox.take(std::move(update));
    if (taken == Inbox::Taken::ignored) return;
    const bool whole = taken == Inbox::Taken::whole;
    if (whole) peer.outbox.peer_knows(peer.inbox.knowledge());
    if (taken == Inbox::Taken::too_much || (whole && !join(peer.inbox))) {
        peer.inbox.give_up();
        if (!std::exchange(peer.too_much, true)) say(TooMuch{id});
        return;
    }
    if (whole) peer.inbox.applied();
    say(Send{id, Ack{number, r_.standing_}});
}

void ReplicaStep::receive(NodeId id, const Ack& ack) {
    heard(id, ack.standing);
    r_.peers_.at(id).outbox.acknowledged(ack.number, now_.instant);
}

void ReplicaStep::heard(NodeId id, const Standing& standing) {
    r_.standing_.newest_term = std::max(r_.standing_.newest_term, standing.newest_term);
    auto& active = r_.peers_.at(id).active;
    if (standing.active && !active && r_.standing_.active) say(SplitBrain{id});
    active = standing.active;
}

// All of it or nothing: to claim to know what one does not hold would say that it is gone. false: nothing, it is too
// much.
bool ReplicaStep::join(const Inbox& inbox) {
    std::vector<Cell> news;
    auto held = r_.held_;
    for (const auto& [address, versions] : inbox.cells()) {
        const auto& ours = at(address);
        auto merged = merge(ours, r_.knowledge_, versions, inbox.knowledge());
        if (forgettable(merged, now_.wall)) merged.clear();
        if (merged == ours) continue;
        held = held + merged.size() - ours.size();
        news.push_back({address, std::move(merged)});
    }
    if (held > most_versions_held && held > r_.held_) return false;
    for (auto& [address, versions] : news) replace(address, std::move(versions));
    if (!r_.knowledge_.covers(inbox.knowledge())) dirty();
    r_.knowledge_.merge(inbox.knowledge());
    if (inbox.server_duid()) join(*inbox.server_duid());
    return true;
}

// The first one ever written stays.
void ReplicaStep::join(const ServerDuid& duid) {
    if (r_.server_duid_ && r_.server_duid_->stamp <= duid.stamp) return;
    r_.server_duid_ = duid;
    for (auto& [id, peer] : r_.peers_) peer.outbox.start_over();
    dirty();
}

void ReplicaStep::speak_to_all() {
    for (auto& [id, peer] : r_.peers_) peer.outbox.speak();
}

void ReplicaStep::send_what_is_due() {
    const Contents contents{r_.table_, r_.knowledge_, r_.server_duid_, r_.standing_};
    for (auto& [id, peer] : r_.peers_) {
        if (auto update = peer.outbox.next(now_.instant, contents)) say(Send{id, std::move(*update)});
    }
}

// ---- roles --------------------------------------------------------------------------------------

void ReplicaStep::on(const BecameActive& event) {
    auto& standing = r_.standing_;
    standing.active = true;
    standing.newest_term = standing.newest_term.next();
    r_.author_.reset();
    r_.adopted_ = false;
    r_.resumed_ = event.resumed;
    r_.handed_over_.reset();
    if (event.resumed)
        r_.taken_over_.reset();
    else if (!r_.taken_over_)
        r_.taken_over_ = r_.local_;
    for (const auto& [id, peer] : r_.peers_) {
        if (peer.active) say(SplitBrain{id});
    }
    say(PersistTerm{standing.newest_term});
    speak_to_all();
}

void ReplicaStep::on(const BecameBackup&) {
    r_.standing_.active = false;
    r_.author_.reset();
    if (r_.taken_over_) r_.handed_over_ = r_.local_;
    speak_to_all();
}

// The server did not wait for the disk: what it granted meanwhile is published now, even if the role is gone again.
void ReplicaStep::on(const TermPersisted& event) {
    const auto current = r_.author_ ? r_.author_->term : Term();
    const bool owes = !r_.standing_.active && r_.handed_over_;
    if ((!r_.standing_.active && !owes) || event.term <= current) return;
    r_.author_ = Author{event.term, r_.self_};
    r_.written_ = Sequence();
    const auto before = std::exchange(r_.taken_over_, std::nullopt);
    const auto after = owes ? std::exchange(r_.handed_over_, std::nullopt) : r_.local_;
    if (after) adopt(before ? *before : *after);
    if (before && after) publish(*before, *after);
    if (owes) r_.author_.reset();
}

// ---- time ---------------------------------------------------------------------------------------

void ReplicaStep::on(const TimeReached&) {
    if (r_.persist_at_ && *r_.persist_at_ <= now_.instant) {
        r_.persist_at_.reset();
        say(Persist{});
    }
    if (r_.sweep_at_ && *r_.sweep_at_ <= now_.instant) sweep();
}

// Leases that ended lapse in every DHCP server by themselves; nobody has to be told. But where two were held at once,
// the other one counts from then on.
void ReplicaStep::sweep() {
    r_.sweep_at_.reset();
    std::vector<IpAddress> gone;
    for (const auto& [address, versions] : r_.table_) {
        if (forgettable(versions, now_.wall))
            gone.push_back(address);
        else if (lapsed(versions, now_.wall) && !lapsed(versions, r_.swept_))
            changes_.push_back({address, std::nullopt, true});
    }
    r_.swept_ = now_.wall;
    for (const auto& address : gone) replace(address, {});
    for (const auto& [address, told] : std::map(r_.contested_)) want(address, at(address), at(address));
    for (const auto& [address, versions] : r_.table_) {
        if (contested(versions, now_.wall) && !r_.contested_.contains(address)) want(address, versions, versions);
    }
}

void ReplicaStep::plan_sweep() {
    if (r_.table_.empty() && r_.contested_.empty()) return;
    const auto at = now_.instant + (r_.contested_.empty() ? sweep_interval : sweep_interval_contested);
    r_.sweep_at_ = std::min(at, r_.sweep_at_.value_or(at));
}

void ReplicaStep::dirty() {
    if (!r_.persist_at_) r_.persist_at_ = now_.instant + persist_delay;
}

// ---- the table ----------------------------------------------------------------------------------

const Versions& ReplicaStep::at(const IpAddress& address) const {
    static const Versions none;
    const auto cell = r_.table_.find(address);
    return cell == r_.table_.end() ? none : cell->second;
}

void ReplicaStep::replace(const IpAddress& address, Versions versions) {
    report_quarantine(address, at(address), versions);
    want(address, at(address), versions);
    r_.held_ = r_.held_ + versions.size() - at(address).size();
    for (auto& [id, peer] : r_.peers_) peer.outbox.changed({address, versions}, now_.instant);
    if (versions.empty())
        r_.table_.erase(address);
    else
        r_.table_[address] = std::move(versions);
    dirty();
}

void ReplicaStep::report_quarantine(const IpAddress& address, const Versions& before, const Versions& after) {
    const auto until = quarantined_until(after, now_.wall);
    if (until && until != quarantined_until(before, now_.wall)) say(Quarantined{address, *until});
}

// Of every address whose lease is another now, our own writes among them: the feed must not undo them. That a lease is
// gone of which this node never heard is news, too: its server may have it. Where several leases are live, one of them
// may have ended since: what was told last counts then, not what would be told of `before` now.
void ReplicaStep::want(const IpAddress& address, const Versions& before, const Versions& after) {
    auto lease = holder_of(after);
    const auto told = r_.contested_.extract(address);
    const bool several = contested(after, now_.wall);
    const bool unheard_of = counts_for_nothing(before) && !counts_for_nothing(after);
    const bool same = told ? told.mapped() == lease : !several && !unheard_of && lease == holder_of(before);
    const bool forgotten = counts_for_nothing(after) && !counts_for_nothing(before);
    if (several) r_.contested_.emplace(address, lease);
    if (!same || forgotten) changes_.push_back({address, std::move(lease), forgotten});
}

bool ReplicaStep::counts_for_nothing(const Versions& versions) const {
    return versions.empty() || lapsed(versions, now_.wall);
}

std::optional<Lease> ReplicaStep::holder_of(const Versions& versions) const {
    const auto* lease = holder(versions, now_.wall);
    return lease ? std::optional(*lease) : std::nullopt;
}

}  // namespace dhcpsync
