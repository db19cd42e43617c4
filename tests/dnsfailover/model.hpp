// A HealthMonitor against a model of a forwarder, on a clock that the test owns.
#pragma once

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "dnsfailover/core/health.hpp"

namespace dnsfailover::model {

using namespace std::chrono_literals;

inline constexpr Instant start{std::chrono::hours(1)};

inline Answer answer(Rcode rcode, std::uint16_t records = 0) { return {rcode, false, true, records, {}}; }

// What a forwarder is like. A test changes it while time goes on.
struct Forwarder {
    bool udp = true, tcp = true;  // answers at all
    bool refuses = false;         // ... and what it does not answer is refused at once
    bool own_answers = true;      // to liveness; otherwise those come from upstream, too
    bool upstream = true;
    bool denies = false;                      // answers "no such name" to everything
    bool caches = false;                      // knows the names that exist without upstream
    std::optional<Rcode> without_upstream{};  // its answer then; none: silence
    std::size_t filters = 99;                 // so many of the canaries: the first ones
    bool truncates = false;                   // over UDP
    Duration takes = 1ms, upstream_takes = 20ms;
};

class Play {
public:
    explicit Play(Checks checks = {}) : monitor(std::move(checks), start), now(start) {}

    // Time goes on for so long.
    void run(Duration time) {
        const auto end = now + time;
        for (;;) {
            auto next = monitor.next_deadline();
            if (!pending_.empty()) next = earlier(next, pending_.begin()->first);
            if (!next || *next > end) break;
            now = std::max(now, *next);
            turn();
        }
        now = end;
    }
    // Time goes on, but nobody of ours runs: then everything that came is read first.
    void freeze(Duration time) {
        now += time;
        turn();
    }
    void tell(const HealthEvent& event) { take(monitor.step(now, event)); }

    [[nodiscard]] std::vector<Health> healths() const {
        std::vector<Health> all;
        for (const auto& [when, change] : changes) all.push_back(change.to);
        return all;
    }
    // How often this was asked since the last call.
    int asked(Kind kind, Transport transport) { return std::exchange(asked_[{kind, transport}], 0); }

    Forwarder forwarder;
    HealthMonitor monitor;
    Instant now;
    std::vector<std::pair<Instant, HealthChange>> changes;

private:
    // As a shell does it: sockets first, then the deadline.
    void turn() {
        while (!pending_.empty() && pending_.begin()->first <= now) {
            const auto event = pending_.begin()->second;
            pending_.erase(pending_.begin());
            take(monitor.step(now, event));
        }
        if (monitor.next_deadline() <= Deadline(now)) take(monitor.step(now, TimeReached{}));
    }
    void take(const HealthActions& actions) {
        for (const auto& action : actions) {
            if (const auto* change = std::get_if<HealthChange>(&action)) changes.emplace_back(now, *change);
            if (const auto* send = std::get_if<SendProbe>(&action)) ask(send->probe);
        }
    }
    void ask(const Probe& probe) {
        ++asked_[{probe.kind, probe.transport}];
        const bool heard = probe.transport == Transport::udp ? forwarder.udp : forwarder.tcp;
        if (!heard) {
            if (forwarder.refuses) pending_.emplace(now, Failed{probe});
            return;
        }
        const bool own = probe.kind == Kind::liveness && forwarder.own_answers && probe.item == 0;
        if (own)
            pending_.emplace(now + forwarder.takes, Answered{probe, answer(Rcode::noerror)});
        else if (forwarder.upstream || (forwarder.caches && probe.kind == Kind::existence))
            pending_.emplace(now + forwarder.takes + forwarder.upstream_takes, Answered{probe, from_upstream(probe)});
        else if (forwarder.without_upstream)
            pending_.emplace(now + forwarder.takes, Answered{probe, answer(*forwarder.without_upstream)});
    }
    [[nodiscard]] Answer from_upstream(const Probe& probe) const {
        if (forwarder.truncates && probe.transport == Transport::udp) return {Rcode::noerror, true, true, 0, {}};
        if (probe.kind == Kind::canary && probe.item >= forwarder.filters)
            return {Rcode::noerror, false, true, 1, {IpAddress::v4(192, 0, 2, 1)}};
        if (probe.kind == Kind::existence && !forwarder.denies) return answer(Rcode::noerror, 1);
        return answer(Rcode::nxdomain);
    }

    std::multimap<Instant, HealthEvent> pending_;
    std::map<std::pair<Kind, Transport>, int> asked_;
};

}  // namespace dnsfailover::model
