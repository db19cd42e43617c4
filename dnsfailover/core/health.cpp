#include "dnsfailover/core/health.hpp"

#include <algorithm>
#include <utility>

#include "vrrpd/base/assert.hpp"

namespace dnsfailover {

namespace {

struct Meaning {
    Health health;
    std::string_view text;
};

// By Symptom.
constexpr std::array meanings{
    Meaning{Health::ok, "answers and resolves"},
    Meaning{Health::degraded, "resolves slowly, or only now and then"},
    Meaning{Health::degraded, "resolves what its filter should block"},
    Meaning{Health::degraded, "answers over TCP only (rate limit?)"},
    Meaning{Health::unknown, "not judged yet"},
    Meaning{Health::upstream_down, "denies names that are there (its upstream does, or it blocks everything)"},
    Meaning{Health::upstream_down, "answers, but resolves nothing"},
    Meaning{Health::tcp_only, "answers over TCP only, and clients ask over UDP (a firewall?)"},
    Meaning{Health::dead, "answers neither over UDP nor over TCP"},
    Meaning{Health::dead, "its host fell silent"},
};

// One answer is enough to tell a rate limit from it.
Pace for_tcp_only(Pace liveness) {
    liveness.fall = defaults::tcp_only_fall;
    liveness.rise = 1;
    return liveness;
}

const Meaning& meaning_of(Symptom symptom) { return meanings.at(static_cast<std::size_t>(symptom)); }

}  // namespace

Health health_of(Symptom symptom) { return meaning_of(symptom).health; }
std::string_view describe(Symptom symptom) { return meaning_of(symptom).text; }

std::string_view to_string(Health health) {
    constexpr std::array<std::string_view, 6> names{"OK", "DEGRADED", "UNKNOWN", "UPSTREAM_DOWN", "TCP_ONLY", "DEAD"};
    return names.at(static_cast<std::size_t>(health));
}

HealthMonitor::HealthMonitor(Checks checks, Instant now)
    : checks_(std::move(checks)),
      series_{Series{checks_.liveness, now}, Series{checks_.resolution, now}, Series{checks_.existence, now},
              Series{checks_.canary, now}},
      alive_(checks_.liveness),
      udp_(checks_.liveness),
      speaks_udp_(for_tcp_only(checks_.liveness)),
      resolves_(checks_.resolution),
      admits_(checks_.existence),
      filters_(checks_.canary),
      since_(now),
      now_(now) {
    for (const auto& each : series_) ASSERT(is_sound(each.pace));
    ASSERT(items(Kind::liveness) > 0);
}

HealthActions HealthMonitor::step(Instant now, const HealthEvent& event) {
    now_ = now;
    std::visit([this](const auto& what) { on(what); }, event);
    const auto before = health();
    symptom_ = diagnose();
    if (health() != before) {
        since_ = now;
        actions_.insert(actions_.begin(), HealthChange{before, health(), symptom_});
    }
    return std::exchange(actions_, {});
}

Deadline HealthMonitor::next_deadline() const {
    Deadline first;
    for (const auto kind : every_kind) {
        const auto& each = series_[static_cast<std::size_t>(kind)];
        if (items(kind) == 0) continue;
        first = earlier(first, each.next);
        if (each.round) first = earlier(first, each.round->began + each.pace.timeout);
    }
    return first;
}

// ---- events ----------------------------------------------------------------------------------------

void HealthMonitor::on(const TimeReached&) {
    for (const auto kind : every_kind) {
        const auto& each = series(kind);
        if (each.round && now_ >= each.round->began + each.pace.timeout) end(kind);
        if (now_ >= each.next && items(kind) > 0) begin(kind);
    }
}

void HealthMonitor::on(const Answered& event) {
    auto* round = awaiting(event.probe);
    if (!round) return;
    const auto verdict = judge(checks_.plan, event.probe, event.answer);
    if (verdict == Verdict::ask_over_tcp) {
        ask(event.probe.kind, Transport::tcp, event.probe.item);
    } else if (verdict == Verdict::good) {
        if (!round->good()) first_answer(*round, event.probe);
        (event.probe.transport == Transport::udp ? round->good_udp : round->good_tcp) = true;
    } else if (verdict == Verdict::bad) {
        round->bad = true;
    }
    done(event.probe);
}

void HealthMonitor::first_answer(Round& round, const Probe& probe) {
    round.good_at = now_;
    if (probe.kind == Kind::liveness) own_question_ = probe.item;
}

void HealthMonitor::on(const Failed& event) { done(event.probe); }

void HealthMonitor::on(const Unsent& event) {
    if (auto* round = awaiting(event.probe)) round->flawed = true;
    done(event.probe);
}

void HealthMonitor::on(const HostSilent&) {
    host_silent_ = true;
    alive_.believe(false);
    upstream_is_unknown();
    for (auto& each : series_) each.next = now_;  // what is on its way was asked before: ask anew
}

// ---- rounds ----------------------------------------------------------------------------------------

std::size_t HealthMonitor::items(Kind kind) const {
    const auto& plan = checks_.plan;
    return kind == Kind::liveness     ? plan.liveness.size()
           : kind == Kind::resolution ? plan.resolution.size()
           : kind == Kind::existence  ? plan.existence.size()
                                      : plan.canaries.size();
}

HealthMonitor::Round* HealthMonitor::awaiting(const Probe& probe) {
    auto& round = series(probe.kind).round;
    return round && round->number == probe.round ? &*round : nullptr;
}

void HealthMonitor::begin(Kind kind) {
    auto& each = series(kind);
    each.next = kind == Kind::existence ? next_existence() : now_ + each.pace.interval;
    each.round = Round{++each.rounds, now_};
    if (kind == Kind::liveness) return ask_liveness();
    if (kind == Kind::canary) return ask_canaries();
    ask(kind, transport_to_resolve(), each.rounds % items(kind));
}

// At the same moments for all forwarders: where they lie together, as the resolver of a provider makes them, they are
// found out together, and nobody is replaced by one that is a lie behind.
Instant HealthMonitor::next_existence() const {
    if (admits_.in_trouble()) return now_ + checks_.resolution.interval;
    const auto interval = checks_.existence.interval;
    return Instant((now_.time_since_epoch() / interval + 1) * interval);
}

void HealthMonitor::ask_liveness() {
    const bool unsure = alive_.in_doubt() || !own_question_;
    const bool tcp = unsure || udp_.in_doubt() || checks_.liveness.fall == 1 ||
                     series(Kind::liveness).rounds % defaults::tcp_every == 0;
    for (std::size_t item = 0; item < items(Kind::liveness); ++item) {
        if (!unsure && item != own_question_) continue;
        ask(Kind::liveness, Transport::udp, item);
        if (tcp) ask(Kind::liveness, Transport::tcp, item);
    }
}

// Each of them must be blocked, so each is asked for in every round.
void HealthMonitor::ask_canaries() {
    const auto transport = transport_to_resolve();
    for (std::size_t item = 0; item < items(Kind::canary); ++item) ask(Kind::canary, transport, item);
}

// UDP in doubt: what it loses says nothing about the upstream.
Transport HealthMonitor::transport_to_resolve() const {
    return udp_.in_doubt() && alive_.is_up() ? Transport::tcp : Transport::udp;
}

void HealthMonitor::ask(Kind kind, Transport transport, std::size_t item) {
    auto& each = series(kind);
    auto& round = *each.round;
    ++round.open;
    round.asked_udp |= transport == Transport::udp;
    actions_.push_back(SendProbe{{kind, transport, item, round.number, round.began + each.pace.timeout}});
}

void HealthMonitor::done(const Probe& probe) {
    auto* round = awaiting(probe);
    if (round && --round->open == 0) end(probe.kind);
}

bool HealthMonitor::says_nothing(const Series& each, const Round& round) const {
    const bool stood_still = now_ > round.began + each.pace.timeout + each.pace.interval;
    return !round.good() && (round.flawed || stood_still);
}

void HealthMonitor::end(Kind kind) {
    auto& each = series(kind);
    const auto round = *std::exchange(each.round, std::nullopt);
    if (says_nothing(each, round)) return;
    switch (kind) {
        case Kind::liveness:
            return judge_liveness(round);
        case Kind::resolution:
            return judge_resolution(round);
        case Kind::existence:
            return judge_existence(round);
        case Kind::canary:
            return judge_canary(round);
    }
}

void HealthMonitor::judge_liveness(const Round& round) {
    const bool was_down = alive_.is_down();
    alive_.add(round.good());
    if (round.asked_udp) {
        udp_.add(round.good_udp);
        speaks_udp_.add(round.good_udp);
    }
    if (alive_.is_down()) return upstream_is_unknown();
    if (!alive_.is_up()) return;
    host_silent_ = false;
    if (was_down) series(Kind::existence).next = now_;  // before it is preferred to anybody
}

// What it is like is found out when the forwarder lives again.
void HealthMonitor::upstream_is_unknown() {
    resolves_.believe(std::nullopt);
    admits_.believe(std::nullopt);
    forget_latency();
}

void HealthMonitor::judge_resolution(const Round& round) {
    // A lost one counts against the upstream only while the forwarder itself answers.
    if (!round.good() && alive_.in_doubt()) return;
    resolves_.add(round.good());
    if (resolves_.is_down()) return forget_latency();
    latency_.add(round.good() ? round.good_at - round.began : checks_.resolution.timeout);
    // Said at the limit, taken back at half of it.
    if (const auto median = latency_.median()) slow_ = *median > (slow_ ? checks_.slow / 2 : checks_.slow);
}

void HealthMonitor::forget_latency() {
    latency_.forget();
    slow_ = false;
}

// Silence is judged by resolution: here only a denial counts, and what takes it back.
void HealthMonitor::judge_existence(const Round& round) {
    if (!round.good() && !round.bad) return;
    admits_.add(round.good());
    auto& next = series(Kind::existence).next;
    if (admits_.in_trouble()) next = std::min(next, std::max(now_, round.began + checks_.resolution.interval));
}

// Silence is judged by liveness: here only an answer counts.
void HealthMonitor::judge_canary(const Round& round) {
    if (round.good() || round.bad) filters_.add(!round.bad);
}

// Not known yet, and the first question is due, on its way, or was denied.
bool HealthMonitor::may_deny_all() const {
    const auto& each = series_[static_cast<std::size_t>(Kind::existence)];
    if (admits_.is_known() || items(Kind::existence) == 0) return false;
    return admits_.in_trouble() || each.round || each.next <= now_;
}

Symptom HealthMonitor::diagnose() const {
    if (alive_.is_down()) return host_silent_ ? Symptom::host_silent : Symptom::silent;
    if (alive_.is_up() && speaks_udp_.is_down()) return Symptom::tcp_only;
    if (resolves_.is_down()) return Symptom::nothing_resolves;
    if (admits_.is_down()) return Symptom::denies_all;
    // Until its upstream is known, it is taken for what it was.
    const bool judged = alive_.is_up() && speaks_udp_.is_known() &&
                        (resolves_.is_up() || items(Kind::resolution) == 0) && !may_deny_all();
    if (!judged) return symptom_;
    if (udp_.is_down()) return Symptom::udp_silent;
    if (filters_.is_down()) return Symptom::unfiltered;
    return slow_ ? Symptom::slow : Symptom::none;
}

}  // namespace dnsfailover
