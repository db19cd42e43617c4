// A thousand instances: how long until all of them are Active, what they cost while nothing happens, and how long a
// take-over of all of them takes.
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <optional>
#include <thread>

#include "netns-tests/lab/capture.hpp"
#include "tests/bench/address_watch.hpp"
#include "tests/bench/bench.hpp"
#include "tests/bench/crowd.hpp"

namespace bench {

namespace {

// Every instance advertises once in it, and the second block of announcements (5 s after the first) is out.
constexpr auto calm = 7s;

// From the start of the program to the moment when every instance has said that it is Active and has its address.
std::optional<std::chrono::nanoseconds> start_alone(const Crowd& crowd, Subject& subject, const Load& load) {
    const lab::Capture capture(crowd.switches, "lan");
    const AddressWatch watch(subject.host().netns());
    const auto begin = lab::wall_clock();
    subject.start(load.configuration);
    if (!watch.await(load.addresses, 60s)) return std::nullopt;
    std::this_thread::sleep_for(500ms);
    std::map<std::pair<std::string, int>, lab::Time> first;
    for (const auto& frame : capture.frames(lab::adverts())) {
        first.try_emplace({frame.port, lab::advert(frame)->vrid.value()}, frame.at);
    }
    if (first.size() < load.instances) return std::nullopt;
    auto end = watch.last();
    for (const auto& [router, time] : first) end = std::max(end, time);
    return end - begin;
}

// With it the agent runs.
constexpr auto lan_gateway = "gateway HOME {\n    follows I0\n    lan lan0 10.20.0.0/16\n}\n";

struct Steady {
    double active, standby;  // percent of one processor
};

Steady steady(Subject& active, Subject& standby, std::chrono::seconds window) {
    const auto before_active = active.cost().processor, before_standby = standby.cost().processor;
    std::this_thread::sleep_for(window);
    const auto percent = [&](Subject& subject, std::chrono::milliseconds before) {
        return 100 * std::chrono::duration<double>(subject.cost().processor - before) / window;
    };
    return {percent(active, before_active), percent(standby, before_standby)};
}

struct Thousand {
    Pair start, active, standby, take_over;
    Samples batch;
};

// false: it did not come to its end.
bool session(const Plan& plan, Crowd& crowd, Daemon daemon, const Load& load, Thousand& into) {
    Subject active(crowd.first, daemon), standby(crowd.second, daemon);
    const auto started = start_alone(crowd, active, load);
    if (!started) return false;
    into.start.of(daemon).add(*started - start_interval());
    standby.start(load.configuration);
    if (!standby.await_log("Entering BACKUP STATE", load.instances, 90s)) return false;
    std::this_thread::sleep_for(calm);
    const auto cost = steady(active, standby, plan.quick ? 10s : 20s);
    into.active.of(daemon).add(cost.active);
    into.standby.of(daemon).add(cost.standby);
    const auto time = mass_take_over(active, standby, load);
    if (time) into.take_over.of(daemon).add(*time);
    active.finish();
    standby.terminate();
    standby.finish();
    return time.has_value();
}

std::optional<Cost> cost_alone(Daemon daemon, const Load& load) {
    Crowd crowd;
    Subject subject(crowd.first, daemon);
    if (!start_alone(crowd, subject, load)) return std::nullopt;
    std::this_thread::sleep_for(calm);
    const auto cost = subject.cost();
    progress(fmt::format("  {}, {} instances: {} KiB private, {} KiB of it dirty", name(daemon), load.instances,
                         cost.private_kib, cost.private_dirty_kib));
    subject.terminate();
    subject.finish();
    return cost;
}

struct OneAndMany {
    Cost one, many;
    bool calm = false;
};

// How many clean pages are private depends on who else has these libraries open. Calm: those before and after are the
// same.
std::optional<OneAndMany> cost_of_instances(Daemon daemon) {
    constexpr int tries = 4;
    constexpr double alike_kib = 64;
    std::optional<OneAndMany> cost;
    for (int attempt = 0; attempt < tries; ++attempt) {
        const auto before = cost_alone(daemon, many_instances(1));
        const auto many = cost_alone(daemon, many_instances(thousand));
        const auto after = cost_alone(daemon, many_instances(1));
        if (!before || !many || !after) return std::nullopt;
        cost = OneAndMany{*after, *many, std::abs(before->private_kib - after->private_kib) <= alike_kib};
        if (cost->calm) break;
    }
    return cost;
}

}  // namespace

void instances(const Plan& plan, Report& report) {
    const int runs = plan.runs(3, 1);
    progress(fmt::format("{} instances: {} runs each", thousand, runs));
    const auto load = many_instances(thousand);
    Thousand measured;
    alternate(plan, runs, [&](Daemon daemon) {
        Crowd crowd;
        if (!session(plan, crowd, daemon, load, measured)) {
            report.fail(fmt::format("1,000 instances of {}", name(daemon)));
        }
        measured.batch.add(time_of_ip_batch(crowd.bystander, load));
    });
    report.bound("1,000 instances: last one Active behind the down interval, ms", measured.start.ours,
                 measured.start.theirs, 300);
    report.compare("1,000 instances, Active: processor, %", measured.active.ours, measured.active.theirs, 1);
    report.compare("1,000 instances, stand-in: processor, %", measured.standby.ours, measured.standby.theirs, 1);
    report.measure("1,000 instances: `RTM_NEWADDR` first to last at SIGTERM, ms", measured.take_over.ours,
                   measured.take_over.theirs, measured.batch, 2);
}

void memory(const Plan& plan, Report& report) {
    const int runs = plan.runs(2, 1);
    progress(fmt::format("memory: {} runs each", runs));
    Pair one, further, dirty;
    Samples with_gateway;
    bool all_calm = true;
    alternate(plan, runs, [&](Daemon daemon) {
        const auto cost = cost_of_instances(daemon);
        if (!cost) return report.fail(fmt::format("memory of {}", name(daemon)));
        const auto& [small, large, undisturbed] = *cost;
        all_calm = all_calm && undisturbed;
        const auto slope = [](double from, double to) { return (to - from) / static_cast<double>(thousand - 1); };
        one.of(daemon).add(small.private_kib);
        further.of(daemon).add(slope(small.private_kib, large.private_kib));
        dirty.of(daemon).add(slope(small.private_dirty_kib, large.private_dirty_kib));
        if (daemon != Daemon::vrrpd) return;
        const auto gateway =
            cost_alone(daemon, many_instances(1, {.global_defs = {}, .blocks = lan_gateway, .instance = {}}));
        if (!gateway) return report.fail("memory with a gateway block");
        with_gateway.add(gateway->private_kib);
    });
    report.compare("one instance: private memory (USS) of all processes, KiB", one.ours, one.theirs, 1.5);
    const auto* uss = "each further instance: private memory (USS), KiB";
    const auto* of_dirty_pages = "... of it dirty pages, KiB";
    if (all_calm) {
        report.bound(uss, further.ours, further.theirs, 1.4);
        report.print(of_dirty_pages, dirty.ours, dirty.theirs);
    } else {
        report.print(uss, further.ours, further.theirs);
        report.bound(of_dirty_pages, dirty.ours, dirty.theirs, 1.4);
        report.note(
            "Memory: others opened and closed the same libraries meanwhile; figures of clean pages mean little.");
    }
    report.print("one instance and a `gateway` block: private memory (USS) of all processes, KiB", with_gateway, {});
}

}  // namespace bench
