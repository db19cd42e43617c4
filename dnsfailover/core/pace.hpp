// How often a forwarder is asked, and how many answers it takes to believe something. Pure; the defaults of every
// check of this folder stand here, and nowhere else.
#pragma once

#include <optional>

#include "vrrpd/base/time.hpp"

namespace dnsfailover {

using vrrpd::Deadline;
using vrrpd::Duration;
using vrrpd::Instant;

struct Pace {
    Duration interval;  // from one round of probes to the next
    Duration timeout;   // for an answer; at most the interval, so that rounds do not overlap
    unsigned fall;      // so many rounds lost in a row: down
    unsigned rise;      // so many rounds won in a row: up again

    bool operator==(const Pace&) const = default;
};

[[nodiscard]] constexpr bool is_sound(const Pace& pace) {
    return pace.timeout > Duration(0) && pace.timeout <= pace.interval && pace.fall > 0 && pace.rise > 0;
}

// From the death to our knowing it, at most: it happens just after an answer, `fall` rounds follow, and the last one
// is waited for. (Plus what the process itself is late.)
[[nodiscard]] constexpr Duration worst_detection(const Pace& pace) { return pace.fall * pace.interval + pace.timeout; }

namespace defaults {

// Liveness is answered by the forwarder itself, in less than a millisecond. 6.5 s to be called dead.
inline constexpr Pace liveness{std::chrono::seconds(2), std::chrono::milliseconds(500), 3, 3};
// Resolution waits for servers on the Internet. 8 s to be called without upstream.
inline constexpr Pace resolution{std::chrono::seconds(2), std::chrono::seconds(2), 3, 3};
// Names that are there for sure. Seldom, for they say nothing new as long as all is well; as often as resolution from
// the first lie on. 16 s to be called a liar.
inline constexpr Pace existence{std::chrono::seconds(10), std::chrono::seconds(2), 3, 3};
// A filter list is reloaded now and then; nobody is without an answer meanwhile.
inline constexpr Pace canary{std::chrono::seconds(10), std::chrono::seconds(2), 3, 3};
// So many rounds of liveness in a row that TCP alone answered: clients, who ask over UDP, hear nothing of it. More than
// it takes to be in doubt, for a rate limit lets some answers through. 10.5 s to be known for it.
inline constexpr unsigned tcp_only_fall = 5;
// Every so many rounds of liveness ask over TCP, too, while UDP answers.
inline constexpr unsigned tcp_every = 5;
// A forwarder whose resolution takes longer than this (median) is degraded: a page asks dozens of names.
inline constexpr Duration slow = std::chrono::milliseconds(500);
// A recovered forwarder has to stay well for so long before it is preferred to one that answers.
inline constexpr Duration hold_down = std::chrono::seconds(30);

static_assert(is_sound(liveness) && is_sound(resolution) && is_sound(existence) && is_sound(canary));
static_assert(worst_detection(liveness) == std::chrono::milliseconds(6500));
static_assert(tcp_only_fall > liveness.fall);

}  // namespace defaults

// Believes a change only after `fall` losses or `rise` wins in a row. As long as nothing is believed, one win is
// enough.
class Debounce {
public:
    constexpr explicit Debounce(const Pace& pace) : fall_(pace.fall), rise_(pace.rise) {}

    constexpr void add(bool won) {
        wins_ = won ? wins_ + 1 : 0;
        losses_ = won ? 0 : losses_ + 1;
        if (wins_ >= (belief_ ? rise_ : 1)) belief_ = true;
        if (losses_ >= fall_) belief_ = false;
    }
    // Told by somebody who knows.
    constexpr void believe(std::optional<bool> up) {
        belief_ = up;
        wins_ = losses_ = 0;
    }

    [[nodiscard]] constexpr bool is_up() const { return belief_ == true; }
    [[nodiscard]] constexpr bool is_down() const { return belief_ == false; }
    [[nodiscard]] constexpr bool is_known() const { return belief_.has_value(); }
    // Lost last, or down: something is to be found out soon.
    [[nodiscard]] constexpr bool in_trouble() const { return is_down() || losses_ > 0; }
    // Anything but a believed and unbroken "up".
    [[nodiscard]] constexpr bool in_doubt() const { return !is_up() || losses_ > 0; }

private:
    unsigned fall_, rise_;
    unsigned wins_ = 0, losses_ = 0;
    std::optional<bool> belief_;
};

}  // namespace dnsfailover
