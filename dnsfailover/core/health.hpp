// The health of one forwarder, told from the answers to its probes. Pure: events in, ordered actions out, one
// deadline; a shell sends the probes (dnsfailover/prober.hpp), the Selector draws the conclusion.
//
// Each kind of probe runs in rounds. A round is won when one of its probes was answered well (of canaries: when none
// was answered badly), lost when none was by its end (of existence and canaries: when it was answered badly), and void
// when this host itself could not send or was late: that says nothing about the forwarder.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "dnsfailover/core/latency.hpp"
#include "dnsfailover/core/pace.hpp"
#include "dnsfailover/core/probe.hpp"

namespace dnsfailover {

// From the best to the worst: a smaller one is preferred.
enum class Health : std::uint8_t { ok, degraded, unknown, upstream_down, tcp_only, dead };

// Why. The gravest one that holds decides the health.
enum class Symptom : std::uint8_t {
    none,
    slow,              // resolution takes long, or half of it fails
    unfiltered,        // the canary is answered: the filter does not work
    udp_silent,        // only TCP is answered, for now: AdGuard Home's rate limit looks like that, and is no death
    not_judged,        // no answer is due yet
    denies_all,        // it says of names that are there that they are not
    nothing_resolves,  // it lives, but what it should resolve fails: its upstream, or the WAN
    tcp_only,          // ... for longer than a rate limit takes to let something through
    silent,            // neither UDP nor TCP
    host_silent,       // told by VRRP: its host fell silent
};

[[nodiscard]] Health health_of(Symptom symptom);
[[nodiscard]] std::string_view to_string(Health health);   // "UPSTREAM_DOWN"
[[nodiscard]] std::string_view describe(Symptom symptom);  // "answers, but resolves nothing"

[[nodiscard]] constexpr bool is_healthy(Health health) { return health <= Health::degraded; }
// Clients ask over UDP, and only for what is too long for that over TCP.
[[nodiscard]] constexpr bool answers_nobody(Health health) { return health >= Health::tcp_only; }

struct Checks {
    Plan plan;
    Pace liveness = defaults::liveness, resolution = defaults::resolution;
    Pace existence = defaults::existence, canary = defaults::canary;
    Duration slow = defaults::slow;
};

// ---- events: a probe is reported once at most -------------------------------------------------------

struct TimeReached {};
struct Answered {
    Probe probe;
    Answer answer;
};
// There will be no answer: refused, unreachable, closed, or nonsense over TCP.
struct Failed {
    Probe probe;
};
// This host could not send it (no descriptor, no buffer, its own firewall).
struct Unsent {
    Probe probe;
};
// Told by VRRP: the host of this forwarder fell silent. It is dead until it answers again, so that the names of a
// home resolve as soon as its gateway was taken over.
struct HostSilent {};

using HealthEvent = std::variant<TimeReached, Answered, Failed, Unsent, HostSilent>;

// ---- actions ---------------------------------------------------------------------------------------

struct SendProbe {
    Probe probe;
    bool operator==(const SendProbe&) const = default;
};
struct HealthChange {
    Health from, to;
    Symptom symptom;
    bool operator==(const HealthChange&) const = default;
};

using HealthAction = std::variant<HealthChange, SendProbe>;
using HealthActions = std::vector<HealthAction>;

class HealthMonitor {
public:
    // The first probes are due at once. Every pace of `checks` is sound, and something is asked for liveness.
    HealthMonitor(Checks checks, Instant now);

    // Time never runs backwards from one call to the next.
    [[nodiscard]] HealthActions step(Instant now, const HealthEvent& event);
    [[nodiscard]] Deadline next_deadline() const;

    [[nodiscard]] const Plan& plan() const { return checks_.plan; }
    [[nodiscard]] Health health() const { return health_of(symptom_); }
    [[nodiscard]] Symptom symptom() const { return symptom_; }
    [[nodiscard]] Instant since() const { return since_; }                               // of this health
    [[nodiscard]] std::optional<Duration> latency() const { return latency_.median(); }  // of resolution

private:
    struct Round {
        std::uint32_t number;
        Instant began;
        unsigned open = 0;  // probes that may still be answered
        bool asked_udp = false;
        bool good_udp = false, good_tcp = false;
        bool bad = false;     // answered, but not well
        bool flawed = false;  // not all of it could be sent
        Instant good_at{};
        [[nodiscard]] bool good() const { return good_udp || good_tcp; }
    };
    struct Series {
        Pace pace;
        Instant next;  // the next round begins
        std::uint32_t rounds = 0;
        std::optional<Round> round{};
    };

    void on(const TimeReached&);
    void on(const Answered& event);
    void on(const Failed& event);
    void on(const Unsent& event);
    void on(const HostSilent&);

    [[nodiscard]] Series& series(Kind kind) { return series_[static_cast<std::size_t>(kind)]; }
    [[nodiscard]] Round* awaiting(const Probe& probe);  // nullptr: its round is over
    [[nodiscard]] std::size_t items(Kind kind) const;
    void first_answer(Round& round, const Probe& probe);
    void begin(Kind kind);
    [[nodiscard]] Instant next_existence() const;
    void ask(Kind kind, Transport transport, std::size_t item);
    void ask_liveness();
    void ask_canaries();
    [[nodiscard]] Transport transport_to_resolve() const;
    void done(const Probe& probe);  // no more is to come of it
    void end(Kind kind);
    void judge_liveness(const Round& round);
    void judge_resolution(const Round& round);
    void judge_existence(const Round& round);
    void judge_canary(const Round& round);
    void upstream_is_unknown();
    void forget_latency();
    [[nodiscard]] bool says_nothing(const Series& series, const Round& round) const;
    [[nodiscard]] bool may_deny_all() const;
    [[nodiscard]] Symptom diagnose() const;

    Checks checks_;
    std::array<Series, every_kind.size()> series_;
    Debounce alive_, udp_, speaks_udp_, resolves_, admits_, filters_;
    Latency latency_;
    bool slow_ = false;
    bool host_silent_ = false;
    std::optional<std::size_t> own_question_;  // of the liveness questions: what this forwarder answers by itself
    Symptom symptom_ = Symptom::not_judged;
    Instant since_;
    Instant now_;            // of the step that runs
    HealthActions actions_;  // ... and what it says
};

}  // namespace dnsfailover
