// How long the last few answers took. A lost one counts as its whole timeout, so that a forwarder which answers only
// now and then is slow, too. Used by health; pure.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "dnsfailover/core/pace.hpp"

namespace dnsfailover {

class Latency {
public:
    static constexpr std::size_t window = 9, enough = 5;

    void add(Duration took) { last_[count_++ % window] = took; }
    void forget() { count_ = 0; }

    // nullopt: not enough of them yet.
    [[nodiscard]] std::optional<Duration> median() const {
        if (count_ < enough) return std::nullopt;
        auto sorted = last_;
        const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(std::min(count_, window));
        const auto middle = sorted.begin() + (end - sorted.begin()) / 2;
        std::nth_element(sorted.begin(), middle, end);
        return *middle;
    }

private:
    std::array<Duration, window> last_{};
    std::size_t count_ = 0;
};

}  // namespace dnsfailover
