// When to put right once more what does not stay: the first time at once, then after pauses that double up to a limit;
// and after a calm at once again. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

#include "vrrpd/base/time.hpp"

namespace vrrpd {

class BackOff {
public:
    static constexpr Duration shortest = std::chrono::milliseconds(100);
    static constexpr Duration calm = std::chrono::seconds(30);  // so long without a try, and all is forgotten

    constexpr BackOff() = default;
    explicit constexpr BackOff(Duration longest) : longest_(longest) {}

    enum class Turn : std::uint8_t {
        first,     // now, and it was calm before
        again,     // now
        too_soon,  // at next(), if it is still wanted then
    };
    // Anything but too_soon counts as a try.
    [[nodiscard]] Turn take(Instant now) {
        if (now - tried_ > calm) pause_ = Duration(0);
        if (now < next()) return Turn::too_soon;
        const auto turn = pause_ == Duration(0) ? Turn::first : Turn::again;
        tried_ = now;
        pause_ = std::clamp<Duration>(2 * pause_, shortest, longest_);
        return turn;
    }
    [[nodiscard]] Instant next() const { return tried_ + pause_; }
    // Whoever wants it now wants something else than before.
    void forget() { pause_ = Duration(0); }

private:
    Duration longest_ = std::chrono::seconds(10);
    Instant tried_{};
    Duration pause_{0};
};

}  // namespace vrrpd
