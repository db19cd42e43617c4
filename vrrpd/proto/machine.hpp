// One virtual router: the state machine of RFC 9568 6.4, with what a gateway needs beyond it (probe
// before the first claim, readiness before preempting, a stalled process). Pure: events in, ordered
// actions out, one deadline. The order of actions is part of the contract.
//
// Used by the engine and by the simulator. The caller drains its sockets before it sends TimeReached to a Backup (an
// advert that is queued speaks first); packets that came from its own addresses do not get here (decode, VR-127).
//
// The order of actions. Taking the role: SendAdvert (the others hear of it first), Claim, Transition. Giving it
// up: SendAdvert (priority 0, or the last advert where one is due), Release, Transition. Answering: SendAdvert (but not
// with lower_prio_no_advert), AnnounceAgain, Note. An event that a state has no use for has no action: a Start while
// started, a Received in Initialize (VR-085), a late ClaimFailed.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/time.hpp"
#include "vrrpd/proto/types.hpp"

namespace vrrpd::proto {

// What the configuration says. Changed at run time by Reconfigured. Small members first: there may be 1,000 of these.
struct RouterParameters {
    Version version = Version::v3;
    Priority priority = *Priority::configured(100);  // the configured one; tracking sends PriorityChanged
    std::uint8_t down_timer_adverts = 3;
    Centiseconds advert_interval{100};
    bool preempt = true;
    bool answer_lower_priority = true;    // with an advert (RFC 9568 6.4.3); false is lower_prio_no_advert
    bool advert_before_yielding = false;  // higher_prio_send_advert
    bool grouped = false;  // of a vrrp_sync_group (sync_group.hpp): asks (Wants) before it becomes Active
    // Of a gateway: who comes up waits for preempt_delay, who relieves an Active that lost its WAN does not wait longer
    // than relief_delay.
    bool relieves = false;
    // The highest priority of the others (timer_expired_backup); none: nobody outruns us. Who stood still for longer
    // than such a router waits has lost the role.
    std::optional<Priority> others_priority = std::nullopt;
    Duration preempt_delay{0};
    Duration ready_timeout = std::chrono::seconds(15);  // then preempt although not ready, and say so
    Duration probe_time{0};                             // silence asked for before the first claim; 0: no probe
    Duration learnt_interval_max{0};                    // cap on a learnt v3 interval; 0: max(10 x own, 10 s)

    bool operator==(const RouterParameters&) const = default;
};

// ---- events -------------------------------------------------------------------------------------

// The interface is there, has an address, and no fault stands. Also after a fault was cured.
struct Start {
    Deadline preempt_from = {};  // of the process before us, where its preempt_delay runs: it does not begin anew
};
// Instead of Start, in the new engine after a crash: we were Active moments ago and nobody better is heard.
struct Adopt {};
// SIGTERM, or the instance left the configuration.
struct Stop {};
// A fault (link down, no source address). Initialize until the next Start.
struct Fault {};
// An advert that passed decode().
struct Received {
    Priority priority;
    Centiseconds interval;
    IpAddress source;
    IpAddress own_source;  // the address we send from: the tie-break of RFC 9568 6.4.3
};
struct TimeReached {};
struct PriorityChanged {
    Priority priority;
};
struct ReadinessChanged {
    bool ready;
};
// Somebody answers for a virtual address that we do not hold. Counts only while nobody's adverts are heard: who is
// heard holds them rightly.
struct ProbeAnswered {};
// An address could not be added after all retries: the role is given up.
struct ClaimFailed {};
// lost_address give_up_role: something that goes with the role was taken away. Who is Active resigns and, where nobody
// else wants the role, takes it again after a skew time, as keepalived does.
struct ObjectLost {};
// The sync group says: all members want to be Active. Counts in a Backup that wants to.
struct GroupPromotes {};
// The sync group says: another member had to give up the role.
struct GroupYields {};
// A reload. The role stays. A changed `priority` is in force at once; where trackers weigh on it, PriorityChanged
// follows in the same turn. A changed interval re-arms at most one new interval ahead.
struct Reconfigured {
    RouterParameters parameters;
};

using Event = std::variant<Start, Adopt, Stop, Fault, Received, TimeReached, PriorityChanged, ReadinessChanged,
                           ProbeAnswered, ClaimFailed, ObjectLost, GroupPromotes, GroupYields, Reconfigured>;

// ---- actions ------------------------------------------------------------------------------------

enum class Cause : std::uint8_t {
    started,          // -> Backup
    owner,            // priority 255 at start (RFC 9568 6.4.1)
    silence,          // Active_Down_Timer fired after a peer fell silent
    nobody_heard,     // Active_Down_Timer fired, nobody was ever heard
    resigned,         // the Active sent priority 0
    preempted_lower,  // we preempt a router of lower priority
    adopted,          // went on after a crash of the engine
    higher_priority,  // Active -> Backup: a better advert
    equal_priority,   // Active -> Backup: same priority, greater address
    stalled,          // Active -> Backup: this process stood still for longer than a down interval
    claim_failed,
    object_lost,  // Active -> Backup: an address, a route or a rule was taken away (lost_address give_up_role)
    group,        // Active -> Backup: another member of the sync group gave up the role
    fault,
    stopped,
};

struct SendAdvert {
    Priority priority;
    bool operator==(const SendAdvert&) const = default;
};
// Take the role: addresses, routes, announcements.
struct Claim {
    Cause cause;
    bool operator==(const Claim&) const = default;
};
// Give it back. Comes after the priority-0 advert, where one is due.
struct Release {
    Cause cause;
    bool operator==(const Release&) const = default;
};
// Ask the link who holds the virtual addresses (one round of ARP / ND probes).
struct Probe {
    bool operator==(const Probe&) const = default;
};
// Instead of Claim, in a sync group: would become Active now. Said once until the wish is gone, which wants() tells.
struct Wants {
    bool operator==(const Wants&) const = default;
};
// Announce again: a router of lower priority claimed the addresses (VR-125).
struct AnnounceAgain {
    bool operator==(const AnnounceAgain&) const = default;
};
// For the log and the counters; carries what the line needs.
struct Transition {
    Role from;
    Role to;
    Cause cause;
    std::optional<IpAddress> peer;  // whose advert, or whose silence, brought it
    Duration silence{0};            // how long that peer was silent
    bool operator==(const Transition&) const = default;
};
enum class Remark : std::uint8_t {
    lower_priority_discarded,     // Backup, preempting
    lower_priority_answered,      // Active
    lower_priority_not_answered,  // Active, lower_prio_no_advert
    equal_priority_peer,          // Active: two routers with one priority (VR-154)
    second_owner,                 // Active with 255 hears another 255
    interval_learnt,              // v3: the Active's interval differs from ours (VR-147)
    interval_clamped,             // ... and was cut to learnt_interval_max
    held_by_other,                // the probe was answered: stay Backup
    preempt_delayed,              // preempt_delay began
    active_fell,                  // ... cut to relief_delay: the Active's priority fell below ours
    waiting_until_ready,          // preemption held back
    not_ready_but_preempting,     // ready_timeout ran out
    late,                         // found itself late: one more interval before promoting
    not_trying_again_yet,         // Backup: preemption held back, because a claim failed lately
};
// For the log. A flood must not fill it: each Remark is made once per state, and again when the adverts come from
// another router, but for that not sooner than note_pause after the last such change.
struct Note {
    Remark remark;
    std::optional<IpAddress> peer;
    std::optional<Priority> priority;
    std::optional<Centiseconds> interval;
    bool operator==(const Note&) const = default;
};

using Action = std::variant<SendAdvert, Claim, Release, Probe, Wants, AnnounceAgain, Transition, Note>;
using Actions = std::vector<Action>;

// ---- states: each holds only what that state has ---------------------------------------------------

inline constexpr Duration note_pause = std::chrono::seconds(10);
inline constexpr unsigned answers_per_interval = 10;  // VR-122
// An outage of the provider is noticed by one host some seconds before the others: until then it looks like its own.
inline constexpr Duration relief_delay = std::chrono::seconds(5);
inline constexpr unsigned probe_rounds = 3;  // spread over probe_time, answers awaited to its end
// Who could not add its addresses leaves the role to others for so long, doubled with each failure up to the limit;
// else it would take the role and drop it for ever. Silence promotes it all the same.
inline constexpr Duration claim_pause = std::chrono::seconds(10), claim_pause_max = std::chrono::minutes(5);

struct Initialize {};

struct Backup {
    Centiseconds learnt_interval{};  // Active_Adver_Interval
    Instant down_at{};               // Active_Down_Timer
    Instant heard_at{};              // the last advert, obeyed or discarded (VR-101)
    std::optional<IpAddress> peer;   // ... and whose it was
    bool followed = false;           // it was obeyed, for its priority was no lower than ours
    bool resigned = false;           // it had priority 0
    bool preempting = false;         // it was discarded: the peer is lower and we may preempt
    bool granted = false;            // one more interval was given because we were late
    bool wants = false;              // grouped: the timer fired, and the other members are waited for
    std::uint8_t probes_left = 0;    // rounds of the probe before the first claim that are still to be sent
    Instant probe_at{};              // ... when the next one is due
    Instant answers_until{};         // ... and until when its answers are awaited: no claim before
    Deadline preempt_from{};         // preempt_delay: lower adverts count until then
    Deadline ready_by{};             // readiness is waited for until then
};

struct Active {
    Instant advertise_at{};         // Adver_Timer
    unsigned answers_left = 0;      // answers still allowed in this interval (VR-122)
    std::optional<IpAddress> peer;  // whose advert came last
};

class VirtualRouter {
public:
    explicit VirtualRouter(const RouterParameters& parameters);

    // Time never runs backwards from one call to the next. A TimeReached that comes too early has no action.
    [[nodiscard]] Actions step(Instant now, const Event& event);
    [[nodiscard]] Deadline next_deadline() const;  // nullopt in Initialize only

    [[nodiscard]] Role role() const { return static_cast<Role>(state_.index()); }
    [[nodiscard]] Priority effective_priority() const { return effective_; }
    [[nodiscard]] const RouterParameters& parameters() const { return parameters_; }
    [[nodiscard]] Duration down_interval() const;  // with the learnt interval while Backup
    [[nodiscard]] Centiseconds learnt_interval() const;
    // Backup: who is Active, as far as we heard.
    [[nodiscard]] std::optional<IpAddress> active_peer() const;
    // Backup: until when a preempt_delay runs, or ran; nullopt: nobody of lower priority is Active.
    [[nodiscard]] Deadline preempts_from() const;
    // Backup, grouped: waits for the other members to want the role too.
    [[nodiscard]] bool wants() const;
    // Backup, and obeys a router that is Active.
    [[nodiscard]] bool follows() const;
    // No preempting before; in the past unless a claim failed lately.
    [[nodiscard]] Instant claims_again_at() const { return claim_again_at_; }

private:
    friend class Step;  // one overload per cell of the RFC's table: step.hpp

    RouterParameters parameters_;
    Priority effective_;
    bool ready_ = true;
    bool heard_anyone_ = false;                       // since Start: then silence promotes without a probe
    std::uint8_t claims_failed_ = 0;                  // in a row
    std::uint16_t noted_ = 0;                         // one bit per Remark that was made
    Instant noted_since_{};                           // when the bits were last cleared
    Instant claim_again_at_{};                        // no preempting before: a claim failed
    std::variant<Initialize, Backup, Active> state_;  // in the order of Role
};

}  // namespace vrrpd::proto
