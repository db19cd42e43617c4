// When our packet rules are looked at and put right, and what is said of it: somebody may flush or change them at any
// time, once or in a loop. Pure. The engine's.
#pragma once

#include <optional>
#include <string>

#include "netlink/nft/tables.hpp"
#include "vrrpd/base/back_off.hpp"
#include "vrrpd/base/time.hpp"

namespace vrrpd::engine {

class RuleWatch {
public:
    static constexpr Duration delay = std::chrono::milliseconds(20);  // a rule set is loaded in many events
    static constexpr Duration interval = std::chrono::seconds(30);
    static constexpr Duration foreign_pause =
        std::chrono::seconds(1);  // others may change theirs a thousand times in it
    static constexpr unsigned said_each_time = 4;
    static constexpr Duration say_pause = std::chrono::seconds(10);  // ... and then

    // Soon, or never: there is nothing to look at.
    void look(Instant now) { inspect_at_ = now + delay; }
    void rest() { inspect_at_.reset(); }
    void changed(const netlink::nft::RulesetMonitor::Seen& seen, Instant now);

    // true: inspect now, and tell inspected() of the end. One at a time: what changes meanwhile asks for another.
    [[nodiscard]] bool step(Instant now);
    void inspected(Instant now);
    [[nodiscard]] Deadline next_deadline() const { return inspecting_ ? std::nullopt : inspect_at_; }

    // Ours are not as they should be: true: they are to be put right now; else they are looked at again when they may
    // be. At once, and where somebody goes on taking them away, once a second.
    [[nodiscard]] bool may_put_right(Instant now);
    // For the log, when something was; nullopt: it was said often enough.
    [[nodiscard]] std::optional<std::string> put_right(Instant now);

private:
    std::string changed_by_;  // who touched ours last
    Deadline inspect_at_;
    Instant inspected_at_{};
    bool inspecting_ = false;
    BackOff repairs_{std::chrono::seconds(1)};
    Instant put_right_at_{}, said_at_{};
    unsigned in_a_row_ = 0, unsaid_ = 0;
};

}  // namespace vrrpd::engine
