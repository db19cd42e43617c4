// The simulator from fixed seeds, and from fresh ones for a few seconds in every run.
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <sstream>

#include "tests/base/effort.hpp"
#include "tests/sim/monitor.hpp"
#include "tests/sim/run.hpp"

namespace vrrpd::sim::sim_test {
namespace {

using namespace std::chrono_literals;
using proto::Priority;
using proto::RouterParameters;

TEST(Simulator, fixed_seeds) {
    for (std::uint64_t seed = 1; seed <= vrrpd::test::share_of(100); ++seed) {
        const auto violation = run(seed, nullptr);
        ASSERT_EQ(violation, "") << replay(seed);
    }
}

TEST(Simulator, fresh_seeds) {
    std::random_device fresh;
    const auto end = std::chrono::steady_clock::now() + 3s;
    while (std::chrono::steady_clock::now() < end) {
        const std::uint64_t seed = std::uint64_t{fresh()} << 32 | fresh();
        const auto violation = run(seed, nullptr);
        ASSERT_EQ(violation, "") << replay(seed);
    }
}

TEST(Simulator, one_seed_is_one_run) {
    std::ostringstream first, second;
    (void)run(7, &first);
    (void)run(7, &second);
    EXPECT_FALSE(first.str().empty());
    EXPECT_EQ(first.str(), second.str());
}

Segment calm() {
    Segment segment;
    segment.delay = 1ms;
    segment.late = 1ms;
    return segment;
}

RouterParameters home(unsigned priority) {
    RouterParameters parameters;
    parameters.priority = *Priority::configured(priority);
    parameters.advert_interval = Centiseconds(10);
    parameters.probe_time = 200ms;
    return parameters;
}

// An H003 that holds .1 without VRRP: nobody takes it, for as long as it is there.
TEST(Simulator, a_squatter_keeps_its_address) {
    World world(1, calm(), nullptr);
    world.add(home(150));
    world.set_squatter(true);
    world.start(0);
    world.watch([&] {
        if (world.nodes()[0].holds) world.violated("took an address that another machine answers for");
    });
    world.run_until(Instant(60s));
    EXPECT_EQ(world.violation(), "");
    world.watch([] {});
    world.set_squatter(false);
    world.run_until(Instant(62s));
    EXPECT_TRUE(world.nodes()[0].active());
}

// The home of the README: H003 loses power, then H001; both come back.
TEST(Simulator, the_home) {
    World world(1, calm(), nullptr);
    for (const unsigned priority : {200u, 150u, 100u}) world.add(home(priority));
    const auto active_after = [&](Duration time) {
        world.run_until(world.now() + time);
        std::string who;
        for (const auto& node : world.nodes()) who += node.active() ? std::to_string(node.index) : "";
        return who;
    };
    for (std::size_t i = 0; i < 3; ++i) world.start(i);
    EXPECT_EQ(active_after(1s), "0");
    world.power_off(0);
    EXPECT_EQ(active_after(400ms), "1");
    world.power_off(1);
    EXPECT_EQ(active_after(400ms), "2");
    world.start(1);
    EXPECT_EQ(active_after(1s), "1");
    world.start(0);
    EXPECT_EQ(active_after(1s), "0");
    EXPECT_EQ(world.client_believes(), 0u);
    EXPECT_EQ(world.violation(), "");
}

}  // namespace
}  // namespace vrrpd::sim::sim_test
