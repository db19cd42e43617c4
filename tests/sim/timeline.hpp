// Simulated time: what is going to happen, in order, and what went wrong first. What the worlds of the simulator have
// in common.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <queue>
#include <string>
#include <tuple>
#include <vector>

#include "tests/sim/rng.hpp"
#include "vrrpd/base/time.hpp"

namespace vrrpd::sim {

class Timeline {
public:
    void run_until(Instant end);
    // Called after everything that happens.
    void watch(std::function<void()> observer) { observer_ = std::move(observer); }

    [[nodiscard]] Instant now() const { return now_; }
    [[nodiscard]] Rng& rng() { return rng_; }
    [[nodiscard]] const std::string& violation() const { return violation_; }
    void violated(const std::string& what);  // the first one counts, and ends the run

protected:
    // `trace` may be null.
    Timeline(std::uint64_t seed, std::ostream* trace) : rng_(seed), trace_(trace) {}
    ~Timeline() = default;

    void later(Duration delay, std::function<void()> happen);
    void say(const std::string& what);

    Rng rng_;
    Instant now_{};

private:
    struct Happening {
        Instant at;
        std::uint64_t order;
        std::function<void()> happen;
        bool operator>(const Happening& other) const { return std::tie(at, order) > std::tie(other.at, other.order); }
    };

    std::ostream* trace_;
    std::uint64_t order_ = 0;
    std::priority_queue<Happening, std::vector<Happening>, std::greater<>> queue_;
    std::function<void()> observer_ = [] {};
    std::string violation_;
};

}  // namespace vrrpd::sim
