#include "tests/sim/run.hpp"

#include "tests/sim/chaos.hpp"
#include "tests/sim/monitor.hpp"
#include "vrrpd/proto/timers.hpp"

namespace vrrpd::sim {

using namespace proto;
using namespace std::chrono_literals;

namespace {

// What a seed stands for.
struct Plan {
    Segment segment;
    std::vector<RouterParameters> routers;
    Trouble trouble;
    Centiseconds interval;  // the shortest
    Duration unit;          // the scale of faults: the largest down interval at the start
};

RouterParameters any_router(Rng& rng, Version version, Centiseconds interval, bool preempt) {
    RouterParameters parameters;
    parameters.version = version;
    parameters.advert_interval = interval;
    parameters.priority = *Priority::configured(rng.pick<unsigned>({1, 100, 100, 150, 200, 200, 254, 255}));
    parameters.preempt = preempt;
    parameters.preempt_delay = rng.pick<Duration>({0s, 0s, 2s});
    parameters.ready_timeout = 1s;
    parameters.advert_before_yielding = rng.chance(0.5);
    parameters.probe_time = rng.pick<Duration>({0ms, 200ms});
    return parameters;
}

Plan plan_for(Rng& rng) {
    Plan plan;
    const auto version = rng.chance(0.8) ? Version::v3 : Version::v2;
    const auto interval =
        version == Version::v2 ? Centiseconds(100) : rng.pick<Centiseconds>({Centiseconds(1), Centiseconds(10), 1s});
    plan.segment.family = rng.chance(0.5) ? Family::ipv4 : Family::ipv6;
    plan.segment.delay = Duration(interval) / 20;
    plan.segment.late = Duration(interval) / 20;
    plan.segment.announce.refresh = rng.pick<Duration>({0s, 10s});
    plan.trouble = {rng.chance(0.6), rng.chance(0.6)};
    const bool all_preempt = rng.chance(0.7);
    const auto routers = 2 + rng.below(4);
    for (std::size_t i = 0; i < routers; ++i) {
        plan.routers.push_back(any_router(rng, version, interval, all_preempt || rng.chance(0.5)));
    }
    plan.interval = interval;
    plan.unit = down_interval(version, *Priority::configured(1), interval, 3);
    return plan;
}

void check_client(World& world, const Plan& plan) {
    const auto& announce = plan.segment.announce;
    world.run_until(world.now() + announce.second_block + announce.refresh + 1s);
    // A second master that died in a partition says goodbye to nobody: then only a refresh puts the client right.
    if (announce.refresh == Duration::zero()) return;
    const auto believed = world.client_believes();
    if (!believed || !world.nodes()[*believed].active()) world.violated("the client believes in a stand-in");
}

void round(World& world, Monitor& monitor, const Plan& plan) {
    monitor.disturbed();
    cause(world, plan.trouble, plan.unit);
    end(world, plan.unit);
    world.run_until(monitor.healthy());
    monitor.settled();
    check_client(world, plan);
    for (int reload = 0; reload < 2; ++reload) {
        reload_harmlessly(world, plan.interval);
        world.run_until(world.now() + monitor.bound());
    }
}

// Not drawn: every seed goes on meaning what it meant before.
void make_gateways(Plan& plan) {
    for (auto& router : plan.routers) {
        router.relieves = true;
        if (router.preempt_delay > Duration::zero()) router.preempt_delay = 4 * relief_delay;
    }
}

}  // namespace

std::string run(std::uint64_t seed, std::ostream* trace) {
    Rng rng(seed);
    auto plan = plan_for(rng);
    if (seed % 4 == 3) make_gateways(plan);
    plan.trouble.squatter = seed % 8 == 5;
    World world(rng.next(), plan.segment, trace);
    for (const auto& router : plan.routers) world.add(router);
    world.set_squatter(plan.trouble.squatter);
    Monitor monitor(world);
    for (const auto& node : world.nodes()) {
        world.start(node.index);
        world.run_until(world.now() + world.rng().up_to(plan.unit / 2));
    }
    for (int i = 0; i < 3 && world.violation().empty(); ++i) round(world, monitor, plan);
    return world.violation();
}

std::string replay(std::uint64_t seed, const std::string& option) {
    return "build/release/bin/sim " + option + "--seed " + std::to_string(seed) + " --trace";
}

}  // namespace vrrpd::sim
