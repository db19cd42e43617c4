// A thousand instances: how long until all of them are Active, what they cost while nothing happens, and how long a
// take-over of all of them takes.
#include <fmt/format.h>

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
    Pair one, further;
    alternate(plan, runs, [&](Daemon daemon) {
        const auto small = cost_alone(daemon, many_instances(1));
        const auto large = cost_alone(daemon, many_instances(thousand));
        if (!small || !large) return report.fail(fmt::format("memory of {}", name(daemon)));
        one.of(daemon).add(small->private_kib);
        // Of dirty pages alone: how many clean ones are private depends on who else has these libraries open.
        further.of(daemon).add((large->private_dirty_kib - small->private_dirty_kib) /
                               static_cast<double>(thousand - 1));
    });
    report.compare("one instance: private memory (USS) of all processes, KiB", one.ours, one.theirs, 1.5);
    report.bound("each further instance: private memory, KiB", further.ours, further.theirs, 1.4);
}

}  // namespace bench
