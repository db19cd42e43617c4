// The invariants, watched after everything that happens.
#pragma once

#include "tests/sim/world.hpp"

namespace vrrpd::sim {

class Monitor {
public:
    explicit Monitor(World& world);

    // The segment is healthy from now on. Returns when it must have settled: somebody Active, and only one, for good.
    Instant healthy();
    // Faults may happen again: nothing is expected.
    void disturbed() { state_ = Expect::nothing; }
    // Settled: no role may change any more, and the best router is Active if everybody preempts.
    void settled();

    // Largest down interval + preempt_delay + one interval, and what timers and packets may be late by.
    [[nodiscard]] Duration bound() const;

private:
    enum class Expect { nothing, one, same };

    void look();
    void look_at_count();
    [[nodiscard]] Duration slowest() const;
    [[nodiscard]] Duration largest_down() const;
    [[nodiscard]] Duration slack() const;
    [[nodiscard]] std::vector<std::size_t> active() const;

    World& world_;
    Expect state_ = Expect::nothing;
    Instant expect_from_{};
    Deadline several_since_;
    std::size_t changes_ = 0;  // when it had settled
};

}  // namespace vrrpd::sim
