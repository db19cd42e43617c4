// The Backup state (RFC 9568 6.4.2): following, discarding, probing, promoting. See machine.hpp.
#include <algorithm>
#include <utility>

#include "vrrpd/base/assert.hpp"
#include "vrrpd/proto/machine.hpp"
#include "vrrpd/proto/step.hpp"
#include "vrrpd/proto/timers.hpp"

namespace vrrpd::proto {

namespace {

// What a learnt interval may be at most: one forged advert must not silence us for minutes.
constexpr Centiseconds least_cap = std::chrono::seconds(10);

}  // namespace

Centiseconds Step::longest_learnt() const {
    const Duration configured = router_.parameters_.learnt_interval_max;
    if (configured > Duration::zero()) {
        return std::max(std::chrono::duration_cast<Centiseconds>(configured), Centiseconds(1));
    }
    return std::max(own_interval() * 10, least_cap);
}

// ---- the probe before the first claim ----------------------------------------------------------------

// Silence after a peer was heard promotes at once: its address is free, or VRRP would have said so.
bool Step::probes_before_claim() const {
    return router_.parameters_.probe_time > Duration::zero() && !router_.heard_anyone_;
}

// The rounds end with the down timer, so that they cost nothing where it is long enough.
void Step::plan_probe(Backup& backup, Instant not_before) {
    backup.probes_left = 0;
    backup.answers_until = now_;
    if (!probes_before_claim()) return;
    backup.probes_left = probe_rounds;
    backup.probe_at = std::max(not_before, backup.down_at - router_.parameters_.probe_time);
    backup.answers_until = backup.probe_at + router_.parameters_.probe_time;
}

void Step::send_probe(Backup& backup) {
    ASSERT(backup.probes_left > 0);
    say(Probe{});
    const Duration gap = router_.parameters_.probe_time / probe_rounds;
    backup.answers_until = now_ + gap * backup.probes_left;
    --backup.probes_left;
    backup.probe_at = now_ + gap;
}

void Step::on(Backup& backup, const ProbeAnswered&) {
    if (!probes_before_claim()) return;
    note(Remark::held_by_other);
    backup.wants = false;
    backup.down_at = now_ + router_.down_interval();
    plan_probe(backup, now_ + router_.parameters_.probe_time);  // not at once: each answer would bring a question
}

// ---- promotion ---------------------------------------------------------------------------------------

Instant Step::due(const Backup& backup) const { return std::max(backup.down_at, backup.answers_until); }

Cause Step::promotion_cause(const Backup& backup) const {
    if (!router_.heard_anyone_) return router_.effective_.is_owner() ? Cause::owner : Cause::nobody_heard;
    if (backup.preempting) return Cause::preempted_lower;
    return backup.resigned ? Cause::resigned : Cause::silence;
}

// VR-096; and who slept past the deadline has learnt nothing about the Active router.
void Step::promote(Backup& backup) {
    if (now_ < due(backup)) return;
    if (!backup.granted && now_ - due(backup) > router_.down_interval()) {
        backup.granted = true;
        backup.down_at = now_ + Duration(backup.learnt_interval);
        return note(Remark::late);
    }
    if (router_.parameters_.grouped) return want(backup);
    become_active(promotion_cause(backup));
}

// The timer goes on, so that a wish which outlives its cause is looked at again.
void Step::want(Backup& backup) {
    backup.down_at = now_ + router_.down_interval();
    backup.granted = false;
    if (std::exchange(backup.wants, true)) return;
    say(Wants{});
}

void Step::on(Backup& backup, const GroupPromotes&) {
    if (backup.wants) become_active(promotion_cause(backup));
}

void Step::on(Backup& backup, const TimeReached&) {
    if (backup.probes_left == 0) return promote(backup);
    if (now_ >= backup.probe_at) send_probe(backup);
}

// ---- adverts -----------------------------------------------------------------------------------------

// VR-067. In v2 the interval is ours, decode() saw to that.
void Step::learn(Backup& backup, const Received& advert) {
    if (router_.parameters_.version == Version::v2) {
        backup.learnt_interval = own_interval();
        return;
    }
    ASSERT(advert.interval > Centiseconds::zero());  // VR-042
    backup.learnt_interval = std::min(advert.interval, longest_learnt());
    if (advert.interval > backup.learnt_interval) return note(Remark::interval_clamped, advert);
    if (advert.interval != own_interval()) note(Remark::interval_learnt, advert);  // VR-147
}

// VR-098.
void Step::follow(Backup& backup, const Received& advert) {
    learn(backup, advert);
    backup.resigned = backup.preempting = backup.granted = backup.wants = false;
    backup.down_at = now_ + router_.down_interval();
}

// VR-070. `fell`: until now this router's adverts were no lower than ours.
void Step::begin_delay(Backup& backup, const Received& lower, bool fell) {
    const auto& parameters = router_.parameters_;
    const bool relief = fell && parameters.relieves && parameters.preempt_delay > relief_delay;
    backup.preempt_from = now_ + (relief ? relief_delay : parameters.preempt_delay);
    note(relief ? Remark::active_fell : Remark::preempt_delayed, lower);
}

// Whether a lower advert is discarded (VR-099) or, for now, counts like any other (VR-070, or a claim that failed).
bool Step::may_preempt(Backup& backup, const Received& lower, bool fell) {
    const auto& parameters = router_.parameters_;
    if (now_ < router_.claim_again_at_) {
        note(Remark::not_trying_again_yet, lower);
        return false;
    }
    if (router_.effective_.is_owner()) return true;  // VR-069
    if (!parameters.preempt) return false;
    if (parameters.preempt_delay > Duration::zero()) {
        if (!backup.preempt_from) begin_delay(backup, lower, fell);
        if (now_ < *backup.preempt_from) return false;
    }
    if (router_.ready_) return true;
    if (!backup.ready_by) backup.ready_by = now_ + parameters.ready_timeout;
    if (now_ < *backup.ready_by) {
        note(Remark::waiting_until_ready, lower);
        return false;
    }
    note(Remark::not_ready_but_preempting, lower);
    return true;
}

void Step::on(Backup& backup, const Received& advert) {
    const bool fell = std::exchange(backup.followed, false) && backup.peer == advert.source;
    heard_from(backup.peer, advert.source);
    backup.heard_at = now_;
    backup.probes_left = 0;
    backup.answers_until = now_;
    if (advert.priority.is_resign()) {  // VR-097; a stream of them must not hold us back
        const auto skew = skew_time(router_.parameters_.version, router_.effective_, backup.learnt_interval);
        backup.down_at = std::min(backup.down_at, now_ + skew);
        backup.resigned = true;
        backup.preempting = false;
        return;
    }
    if (advert.priority >= router_.effective_) {
        backup.preempt_from = backup.ready_by = std::nullopt;
        backup.followed = true;
        return follow(backup, advert);
    }
    if (!may_preempt(backup, advert, fell)) return follow(backup, advert);
    note(Remark::lower_priority_discarded, advert);
    backup.preempting = true;
    backup.resigned = false;
}

// ---- everything else ---------------------------------------------------------------------------------

void Step::on(Backup&, const Stop&) {
    router_.state_ = Initialize{};
    moved(Role::backup, Cause::stopped, std::nullopt, Duration::zero());
}

void Step::on(Backup&, const Fault&) {
    router_.state_ = Initialize{};
    moved(Role::backup, Cause::fault, std::nullopt, Duration::zero());
}

// The down timer as if it had been started with the new value.
void Step::shift(Backup& backup, Duration by) {
    backup.down_at += by;
    if (backup.probes_left != probe_rounds) return;  // nothing planned, or already asking
    backup.probe_at = std::max(now_, backup.probe_at + by);
    backup.answers_until = backup.probe_at + router_.parameters_.probe_time;
}

// VR-102: by the change of Skew_Time only.
void Step::on(Backup& backup, const PriorityChanged& event) {
    backup.followed = false;  // who is lower from now on did not fall: we rose
    const auto version = router_.parameters_.version;
    const auto before = skew_time(version, router_.effective_, backup.learnt_interval);
    router_.effective_ = event.priority;
    shift(backup, skew_time(version, router_.effective_, backup.learnt_interval) - before);
}

void Step::on(Backup& backup, const Reconfigured& event) {
    if (event.parameters.priority != router_.parameters_.priority)
        on(backup, PriorityChanged{event.parameters.priority});
    router_.claim_again_at_ = {};  // what made it fail may be mended
    const auto before = router_.down_interval();
    const bool learnt = router_.heard_anyone_ && event.parameters.version == Version::v3;
    router_.parameters_ = event.parameters;
    if (!event.parameters.grouped && std::exchange(backup.wants, false)) backup.down_at = now_;  // out of its group
    backup.learnt_interval = learnt ? std::min(backup.learnt_interval, longest_learnt()) : own_interval();
    const auto after = router_.down_interval();
    // Longer: as if it had been so from the start. Shorter: the peer may not have reloaded yet, so it gets a whole
    // new interval.
    if (after > before) shift(backup, after - before);
    if (after < before) backup.down_at = std::min(backup.down_at, now_ + after);
    if (backup.preempt_from) {
        backup.preempt_from = std::min(*backup.preempt_from, now_ + event.parameters.preempt_delay);
    }
    if (backup.ready_by) backup.ready_by = std::min(*backup.ready_by, now_ + event.parameters.ready_timeout);
    if (backup.probes_left > 0 && event.parameters.probe_time == Duration::zero()) plan_probe(backup, now_);
}

}  // namespace vrrpd::proto
