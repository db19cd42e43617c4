// For any healths in any order: no move without a reason that holds, and no deadline that is past.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>

#include "dnsfailover/core/selector.hpp"

namespace dnsfailover::selector_property_test {
namespace {

using namespace std::chrono_literals;

SelectorEvent any_event() {
    const auto health = *rc::gen::element(Health::ok, Health::degraded, Health::unknown, Health::upstream_down,
                                          Health::tcp_only, Health::dead);
    switch (*rc::gen::inRange(0, 6)) {
        case 0:
            return WanChanged{*rc::gen::arbitrary<bool>()};
        case 1:
            return TimeReached{};
        default:
            return HealthChanged{*rc::gen::inRange<std::size_t>(0, 3), health};
    }
}

TEST(SelectorProperty, moves_only_to_a_better_one_and_for_a_reason_that_holds) {
    EXPECT_TRUE(rc::check([] {
        Instant now{1h};
        Selector selector({"a", "b", "c"}, {}, now);
        std::array<Health, 3> healths{Health::unknown, Health::unknown, Health::unknown};
        for (int steps = *rc::gen::inRange(0, 100); steps > 0; --steps) {
            now += std::chrono::milliseconds(*rc::gen::inRange(0, 20000));
            const auto event = any_event();
            if (const auto* change = std::get_if<HealthChanged>(&event)) healths[change->forwarder] = change->health;
            const auto before = selector.chosen();
            const auto action = selector.step(now, event);
            RC_ASSERT(action.has_value() == (selector.chosen() != before));
            if (selector.next_deadline()) RC_ASSERT(*selector.next_deadline() > now);
            if (!action) continue;
            const auto& move = std::get<Redirect>(*action);
            const auto left = healths[before], found = healths[move.to];
            const bool lives = found == Health::upstream_down || found == Health::tcp_only;
            RC_ASSERT(is_healthy(found) || (answers_nobody(left) && lives && found < left));
            RC_ASSERT((move.reason == Reason::dead) == (left == Health::dead));
            RC_ASSERT((move.reason == Reason::tcp_only) == (left == Health::tcp_only));
            RC_ASSERT((move.reason == Reason::upstream_down) == (left == Health::upstream_down));
            if (move.reason == Reason::recovered) RC_ASSERT(move.to < before && found <= left);
        }
    }));
}

TEST(SelectorProperty, a_dead_one_never_answers_while_another_one_lives) {
    EXPECT_TRUE(rc::check([] {
        Instant now{1h};
        Selector selector({"a", "b", "c"}, {}, now);
        std::array<Health, 3> healths{Health::unknown, Health::unknown, Health::unknown};
        for (int steps = *rc::gen::inRange(0, 100); steps > 0; --steps) {
            now += std::chrono::milliseconds(*rc::gen::inRange(0, 20000));
            const auto event = any_event();
            if (const auto* change = std::get_if<HealthChanged>(&event)) healths[change->forwarder] = change->health;
            (void)selector.step(now, event);
            const auto lives = [](Health health) { return health != Health::unknown && health != Health::dead; };
            if (std::any_of(healths.begin(), healths.end(), lives))
                RC_ASSERT(healths[selector.chosen()] != Health::dead);
        }
    }));
}

}  // namespace
}  // namespace dnsfailover::selector_property_test
