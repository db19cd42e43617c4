// Which forwarder answers the clients now. Pure: healths in, one decision out, one deadline.
//
//   - The one that answers keeps answering while it is alive and nothing better is; all dead: everything stays.
//   - A dead one is replaced by the best living one at once: OK before DEGRADED before UPSTREAM_DOWN, then by the
//     order of the list. Where nobody resolves, the names of the home itself are still answered.
//   - One that resolves nothing is replaced only if another one resolves, and has done so for long enough that both
//     would have noticed a dead WAN: a dead WAN moves nothing.
//   - One that answers over TCP alone answers hardly any client: it is replaced like a dead one. By one that is not OK
//     only when that one would be known for the same by now: what takes UDP from all of them moves nothing.
//   - An earlier one of the list is returned to when it has been healthy, and no worse, for the hold-down. To be
//     alive is not enough: who left a dead one stays where it is until somebody resolves again.
//
// The list is the configuration's order for `when_dead redirect`. For `when_dead demote W` the caller puts its own
// forwarder first: the same decision then says whether this host bears W.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dnsfailover/core/health.hpp"

namespace dnsfailover {

struct Policy {
    std::optional<int> demote;  // a weight instead of a redirection
    Duration hold_down = defaults::hold_down;
    // By then every forwarder that has lost its upstream with the WAN is known for it, however early the first was:
    // refused at once in its last round, while another one waits for its last answer in the round after. Likewise
    // which one answers over TCP only: from being in doubt to that it takes two rounds of liveness.
    Duration settle = defaults::resolution.interval + defaults::resolution.timeout + std::chrono::seconds(1);
};

enum class Reason : std::uint8_t { configured, dead, upstream_down, tcp_only, recovered, resumed };

// ---- events ----------------------------------------------------------------------------------------

struct HealthChanged {
    std::size_t forwarder;
    Health health;
};
// Told by whoever watches the WAN.
struct WanChanged {
    bool up;
};

using SelectorEvent = std::variant<TimeReached, HealthChanged, WanChanged>;

// ---- actions ---------------------------------------------------------------------------------------

// The clients' queries go to this one from now on.
struct Redirect {
    std::size_t to;
    Reason reason;
    bool operator==(const Redirect&) const = default;
};
// This host bears this weight from now on; 0: none.
struct Weigh {
    int weight;
    Reason reason;
    bool operator==(const Weigh&) const = default;
};

using SelectorAction = std::variant<Redirect, Weigh>;

class Selector {
public:
    // `answering`: who answers already, as another Selector before this one decided.
    Selector(std::vector<std::string> names, Policy policy, Instant now, std::size_t answering = 0);

    [[nodiscard]] std::optional<SelectorAction> step(Instant now, const SelectorEvent& event);
    [[nodiscard]] Deadline next_deadline() const;

    [[nodiscard]] std::size_t chosen() const { return chosen_; }
    [[nodiscard]] Instant since() const { return since_; }
    [[nodiscard]] Reason reason() const { return reason_; }
    [[nodiscard]] int weight() const { return policy_.demote && chosen_ != 0 ? *policy_.demote : 0; }
    // Who answers is not well, and is to be replaced as soon as another one has been well for long enough.
    [[nodiscard]] bool is_deciding() const;
    // All that live have lost their upstream, or we were told that the WAN is down.
    [[nodiscard]] bool nothing_resolves() const;
    [[nodiscard]] bool none_is_healthy() const;
    [[nodiscard]] bool none_answers() const;
    [[nodiscard]] bool all_are_dead() const;  // not over TCP, either
    [[nodiscard]] bool chosen_lives() const;  // known to
    // Another one than the first: its lists, and its rules for single clients, may be others.
    [[nodiscard]] bool rules_may_differ() const { return !policy_.demote && chosen_ != 0; }

    // One line for people.
    [[nodiscard]] std::string describe(Instant now) const;

private:
    struct Member {
        std::string name;
        Health health = Health::unknown;
        Instant since;          // of this health
        Instant healthy_since;  // ... or of OK and DEGRADED together
    };

    void on(const TimeReached&) {}
    void on(const HealthChanged& event);
    void on(const WanChanged& event);

    // From when on it may answer instead of the chosen one; nullopt: not as things are.
    [[nodiscard]] Deadline may_replace_from(std::size_t candidate) const;
    [[nodiscard]] std::optional<std::size_t> better() const;
    [[nodiscard]] Reason reason_to_leave() const;

    Policy policy_;
    std::vector<Member> members_;
    std::size_t chosen_;
    Reason reason_ = Reason::configured;
    std::size_t left_ = 0;  // who answered before
    Instant since_;
    bool wan_up_ = true;
    Instant wan_since_;
    Instant now_;  // of the last step
};

}  // namespace dnsfailover
