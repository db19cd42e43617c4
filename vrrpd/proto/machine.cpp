// The state machine: what is common to all states, Initialize and Active. Backup is in machine_backup.cpp. See
// machine.hpp for the contract.
#include "vrrpd/proto/machine.hpp"

#include <algorithm>

#include "vrrpd/base/assert.hpp"
#include "vrrpd/proto/step.hpp"
#include "vrrpd/proto/timers.hpp"

namespace vrrpd::proto {

VirtualRouter::VirtualRouter(const RouterParameters& parameters)
    : parameters_(parameters), effective_(parameters.priority) {
    ASSERT(!effective_.is_resign());
}

Actions VirtualRouter::step(Instant now, const Event& event) { return Step(*this, now).take(event); }

Deadline VirtualRouter::next_deadline() const {
    if (const auto* active = std::get_if<Active>(&state_)) return active->advertise_at;
    if (const auto* backup = std::get_if<Backup>(&state_)) {
        return backup->probes_left > 0 ? backup->probe_at : std::max(backup->down_at, backup->answers_until);
    }
    return std::nullopt;
}

Centiseconds VirtualRouter::learnt_interval() const {
    const auto* backup = std::get_if<Backup>(&state_);
    return backup ? backup->learnt_interval : parameters_.advert_interval;
}

std::optional<IpAddress> VirtualRouter::active_peer() const {
    const auto* backup = std::get_if<Backup>(&state_);
    return backup && !backup->resigned ? backup->peer : std::nullopt;
}

Deadline VirtualRouter::preempts_from() const {
    const auto* backup = std::get_if<Backup>(&state_);
    return backup ? backup->preempt_from : std::nullopt;
}

bool VirtualRouter::wants() const {
    const auto* backup = std::get_if<Backup>(&state_);
    return backup && backup->wants;
}

bool VirtualRouter::follows() const {
    const auto* backup = std::get_if<Backup>(&state_);
    return backup && backup->peer && !backup->resigned && !backup->preempting && !backup->wants;
}

Duration VirtualRouter::down_interval() const {
    return proto::down_interval(parameters_.version, effective_, learnt_interval(), parameters_.down_timer_adverts);
}

Actions Step::take(const Event& event) {
    check();
    std::visit([this](auto& state, const auto& what) { on(state, what); }, router_.state_, event);
    check();
    return std::move(actions_);
}

void Step::check() const {
    ASSERT(!router_.effective_.is_resign());
    ASSERT(own_interval() > Centiseconds::zero());
    if (const auto* backup = std::get_if<Backup>(&router_.state_)) {
        ASSERT(backup->learnt_interval > Centiseconds::zero());
        ASSERT(backup->down_at <= now_ + router_.down_interval());
        ASSERT(backup->probes_left == 0 || !router_.heard_anyone_);
        ASSERT(!backup->wants || router_.parameters_.grouped);
    }
    if (const auto* active = std::get_if<Active>(&router_.state_)) {
        ASSERT(active->advertise_at <= now_ + own_interval());
        ASSERT(active->answers_left <= answers_per_interval);
    }
}

// ---- common ------------------------------------------------------------------------------------------

void Step::note(Remark remark) {
    const auto bit = static_cast<std::uint16_t>(1u << static_cast<unsigned>(remark));
    if (router_.noted_ & bit) return;
    router_.noted_ |= bit;
    say(Note{remark, std::nullopt, std::nullopt, std::nullopt});
}

void Step::note(Remark remark, const Received& about) {
    const auto before = actions_.size();
    note(remark);
    if (actions_.size() == before) return;
    std::get<Note>(actions_.back()) = {remark, about.source, about.priority, about.interval};
}

void Step::heard_from(std::optional<IpAddress>& peer, const IpAddress& source) {
    router_.heard_anyone_ = true;
    if (peer == source) return;
    peer = source;
    if (now_ < router_.noted_since_ + note_pause) return;
    router_.noted_ = 0;
    router_.noted_since_ = now_;
}

void Step::moved(Role from, Cause cause, std::optional<IpAddress> peer, Duration silence) {
    router_.noted_ = 0;
    router_.noted_since_ = now_;
    say(Transition{from, router_.role(), cause, peer, silence});
}

void Step::become_active(Cause cause) {
    const Role from = router_.role();
    std::optional<IpAddress> peer;
    Duration silence{0};
    if (const auto* backup = std::get_if<Backup>(&router_.state_); backup && backup->peer) {
        peer = backup->peer;
        silence = now_ - backup->heard_at;
    }
    router_.state_ = Active{now_ + own_interval(), answers_per_interval, peer};  // VR-068: what was learnt is gone
    say(SendAdvert{router_.effective_});
    say(Claim{cause});
    moved(from, cause, peer, silence);
}

// RFC 9568 6.4.1 (150)-(165), 6.4.3 (725)-(765).
void Step::become_backup(Cause cause, const Received* from) {
    const Role before = router_.role();
    Backup backup;
    backup.learnt_interval = own_interval();
    std::optional<IpAddress> peer;
    if (from) {
        peer = from->source;
        backup.peer = peer;
        backup.heard_at = now_;
    }
    auto& entered = router_.state_.emplace<Backup>(backup);
    moved(before, cause, peer, Duration::zero());
    if (from) learn(entered, *from);
    entered.down_at = now_ + router_.down_interval();
    plan_probe(entered, now_);
}

// ---- Initialize (RFC 9568 6.4.1) ---------------------------------------------------------------------

void Step::on(Initialize&, const Start& event) {
    router_.heard_anyone_ = false;
    const bool owner = router_.effective_.is_owner();
    const bool waits = probes_before_claim() || router_.parameters_.grouped;
    if (owner && !waits) return become_active(Cause::owner);  // VR-080
    become_backup(Cause::started, nullptr);
    auto& backup = std::get<Backup>(router_.state_);
    backup.preempt_from = event.preempt_from;
    if (!owner) return;
    // An owner waits for nothing but the answers to its probe, and for the other members of its group.
    backup.down_at = now_;
    plan_probe(backup, now_);
}

void Step::on(Initialize&, const Adopt&) {
    router_.heard_anyone_ = true;  // we held the addresses: there is nothing to ask for, should we lose the role
    become_active(Cause::adopted);
}

void Step::on(Initialize&, const PriorityChanged& event) { router_.effective_ = event.priority; }

void Step::on(Initialize&, const Reconfigured& event) {
    if (event.parameters.priority != router_.parameters_.priority) router_.effective_ = event.parameters.priority;
    router_.parameters_ = event.parameters;
}

// ---- Active (RFC 9568 6.4.3) -------------------------------------------------------------------------

void Step::leave(Cause cause) {
    say(Release{cause});
    if (cause != Cause::stopped && cause != Cause::fault) return become_backup(cause, nullptr);
    router_.state_ = Initialize{};
    moved(Role::active, cause, std::nullopt, Duration::zero());
}

// VR-117: the others need not wait for the Active_Down_Timer.
void Step::resign(Cause cause) {
    say(SendAdvert{Priority::resign()});
    leave(cause);
}

void Step::on(Active&, const Stop&) { resign(Cause::stopped); }
void Step::on(Active&, const Fault&) { resign(Cause::fault); }

void Step::on(Active&, const ClaimFailed&) {
    constexpr std::uint8_t most = 6;  // enough doublings to reach the limit
    const auto pause_after = [](unsigned failures) {
        return std::min<Duration>(claim_pause * (1U << (failures - 1)), claim_pause_max);
    };
    auto& failures = router_.claims_failed_;
    // In a row: within another pause after the last one ended.
    const bool in_a_row = failures > 0 && now_ < router_.claim_again_at_ + pause_after(failures);
    failures = in_a_row ? std::min(most, static_cast<std::uint8_t>(failures + 1)) : std::uint8_t{1};
    router_.claim_again_at_ = now_ + pause_after(failures);
    resign(Cause::claim_failed);
}

void Step::on(Active&, const ObjectLost&) {
    resign(Cause::object_lost);
    auto& backup = std::get<Backup>(router_.state_);
    backup.down_at = now_ + skew_time(router_.parameters_.version, router_.effective_, backup.learnt_interval);
    plan_probe(backup, now_);
}

void Step::on(Active&, const GroupYields&) { resign(Cause::group); }

// VR-129: the backups have taken over meanwhile, or nobody is there and the next silence makes us Active again.
bool Step::stood_still(const Active& active) const {
    const auto fastest = std::max(router_.effective_, router_.parameters_.others_priority.value_or(router_.effective_));
    const auto patience =
        down_interval(router_.parameters_.version, fastest, own_interval(), router_.parameters_.down_timer_adverts);
    return now_ > active.advertise_at && now_ - active.advertise_at > patience;
}

// VR-116. The next advert is due one interval after this one *was* due (VR-073); what was missed is not sent.
void Step::on(Active& active, const TimeReached&) {
    if (now_ < active.advertise_at) return;
    if (stood_still(active)) return leave(Cause::stalled);
    const Duration late = now_ - active.advertise_at;
    say(SendAdvert{router_.effective_});
    const Duration interval = own_interval();
    active.advertise_at += interval * (late / interval + 1);
    active.answers_left = answers_per_interval;
}

// VR-123: Adver_Timer restarts because an advert leaves, and only then.
void Step::answer(Active& active) {
    say(SendAdvert{router_.effective_});
    active.advertise_at = now_ + own_interval();
    --active.answers_left;
}

// VR-121, VR-125: the switches are put right, and the sender, unless it is to have no answer (lower_prio_no_advert).
void Step::answer_lower(Active& active, const Received& lower) {
    if (active.answers_left == 0) return;
    const bool answers = router_.parameters_.answer_lower_priority;
    if (answers)
        answer(active);
    else
        --active.answers_left;
    say(AnnounceAgain{});
    note(answers ? Remark::lower_priority_answered : Remark::lower_priority_not_answered, lower);
}

// VR-119.
void Step::yield(Active&, Cause cause, const Received& better) {
    // Not with another interval than the winner's: whoever listens would learn ours back, and time the winner out.
    const bool same_interval = better.interval == own_interval();
    if (router_.parameters_.advert_before_yielding && same_interval) say(SendAdvert{router_.effective_});
    say(Release{cause});
    become_backup(cause, &better);
}

// Preempt_Mode is not consulted here (VR-124); an owner is no exception (VR-126, erratum 8298).
void Step::on(Active& active, const Received& advert) {
    const bool same = advert.priority == router_.effective_;
    const bool better = advert.priority > router_.effective_ || (same && advert.source > advert.own_source);
    // The socket is drained before the timer is looked at: what is no better than we took over while we stood still.
    // To a better one we yield as ever, aloud.
    if (!better && stood_still(active)) {
        leave(Cause::stalled);
        return on(std::get<Backup>(router_.state_), advert);
    }
    heard_from(active.peer, advert.source);
    if (advert.priority.is_resign()) {  // VR-118
        if (active.answers_left > 0) answer(active);
        return;
    }
    if (advert.priority > router_.effective_) return yield(active, Cause::higher_priority, advert);
    if (advert.priority < router_.effective_) return answer_lower(active, advert);
    note(advert.priority.is_owner() ? Remark::second_owner : Remark::equal_priority_peer, advert);  // VR-154
    if (advert.source > advert.own_source) return yield(active, Cause::equal_priority, advert);     // VR-120
    answer_lower(active, advert);
}

// The new value goes out with the next advert; who is better then takes over.
void Step::on(Active&, const PriorityChanged& event) { router_.effective_ = event.priority; }

void Step::on(Active& active, const Reconfigured& event) {
    if (event.parameters.priority != router_.parameters_.priority) router_.effective_ = event.parameters.priority;
    router_.parameters_ = event.parameters;
    active.advertise_at = std::min(active.advertise_at, now_ + Duration(own_interval()));
}

}  // namespace vrrpd::proto
