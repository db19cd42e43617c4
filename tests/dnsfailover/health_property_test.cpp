// For any sound pace and any moment of death: the documented bound. For any events in any order: the invariants.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/dnsfailover/model.hpp"

namespace dnsfailover::health_property_test {
namespace {

using namespace model;

Duration milliseconds(int low, int high) { return std::chrono::milliseconds(*rc::gen::inRange(low, high)); }

Pace any_pace() {
    const auto interval = milliseconds(10, 5000);
    const auto timeout = milliseconds(5, static_cast<int>(interval / 1ms) + 1);
    return {interval, timeout, *rc::gen::inRange(1U, 6U), *rc::gen::inRange(1U, 6U)};
}

// Answers fast enough for every pace above.
Forwarder quick() { return {.takes = 1ms, .upstream_takes = 1ms}; }

TEST(HealthProperty, whoever_dies_is_known_for_it_within_the_bound) {
    EXPECT_TRUE(rc::check([] {
        Checks checks;
        checks.liveness = any_pace();
        checks.resolution = any_pace();
        Play play(checks);
        play.forwarder = quick();
        play.run(milliseconds(5000, 60000));
        RC_ASSERT(play.monitor.health() == Health::ok);
        play.forwarder = {.udp = false, .tcp = false, .refuses = *rc::gen::arbitrary<bool>()};
        const auto died = play.now;
        play.run(worst_detection(checks.liveness));
        RC_ASSERT(play.monitor.health() == Health::dead);
        RC_ASSERT(play.changes.back().first - died <= worst_detection(checks.liveness));
    }));
}

TEST(HealthProperty, whoever_loses_its_upstream_is_known_for_it_within_the_bound) {
    EXPECT_TRUE(rc::check([] {
        Checks checks;
        checks.liveness = any_pace();
        checks.resolution = any_pace();
        Play play(checks);
        play.forwarder = quick();
        play.run(milliseconds(5000, 60000));
        play.forwarder.upstream = false;
        play.forwarder.without_upstream =
            *rc::gen::element(std::optional<Rcode>(), std::optional(Rcode::servfail), std::optional(Rcode::refused));
        play.run(worst_detection(checks.resolution));
        RC_ASSERT(play.monitor.health() == Health::upstream_down);
    }));
}

Probe any_probe(const std::vector<Probe>& sent) {
    if (!sent.empty() && *rc::gen::inRange(0, 4) > 0) return *rc::gen::elementOf(sent);
    return {*rc::gen::element(Kind::liveness, Kind::resolution), *rc::gen::element(Transport::udp, Transport::tcp), 0,
            *rc::gen::arbitrary<std::uint32_t>(), start};
}

HealthEvent any_event(const std::vector<Probe>& sent) {
    const Answer answer{static_cast<Rcode>(*rc::gen::inRange(0, 16)),
                        *rc::gen::arbitrary<bool>(),
                        *rc::gen::arbitrary<bool>(),
                        *rc::gen::arbitrary<std::uint16_t>(),
                        {}};
    switch (*rc::gen::inRange(0, 8)) {
        case 0:
            return HostSilent{};
        case 1:
            return Unsent{any_probe(sent)};
        case 2:
            return Failed{any_probe(sent)};
        case 3:
            return TimeReached{};
        default:
            return Answered{any_probe(sent), answer};
    }
}

TEST(HealthProperty, any_events_leave_it_in_order) {
    EXPECT_TRUE(rc::check([] {
        HealthMonitor monitor({}, start);
        auto now = start;
        std::vector<Probe> sent;
        auto health = monitor.health();
        for (int steps = *rc::gen::inRange(0, 200); steps > 0; --steps) {
            now += milliseconds(0, 1500);
            for (const auto& action : monitor.step(now, any_event(sent))) {
                if (const auto* send = std::get_if<SendProbe>(&action)) {
                    sent.push_back(send->probe);
                } else {
                    const auto& change = std::get<HealthChange>(action);
                    RC_ASSERT(change.from == health && change.to != health);
                    RC_ASSERT(change.to == health_of(change.symptom));
                    health = change.to;
                    RC_ASSERT(monitor.since() == now);
                }
            }
            RC_ASSERT(health == monitor.health());
            RC_ASSERT(monitor.next_deadline().has_value());
        }
    }));
}

}  // namespace
}  // namespace dnsfailover::health_property_test
