// Many addresses at once: what a stand-in does after the Active was told to end.
#include <fmt/format.h>

#include <optional>
#include <thread>

#include "tests/bench/address_watch.hpp"
#include "tests/bench/bench.hpp"
#include "tests/bench/crowd.hpp"

namespace bench {

namespace {

constexpr std::size_t advertised = 255, excluded = 745;

std::optional<std::chrono::nanoseconds> one_run(Crowd& crowd, Daemon daemon, const Load& load) {
    Subject active(crowd.first, daemon), standby(crowd.second, daemon);
    {
        const AddressWatch watch(crowd.first.netns());
        active.start(load.configuration);
        if (!watch.await(load.addresses, 60s)) return std::nullopt;
    }
    standby.start(load.configuration);
    if (!standby.await_log("Entering BACKUP STATE", 1, 60s)) return std::nullopt;
    std::this_thread::sleep_for(1500ms);  // it hears the other
    const auto time = mass_take_over(active, standby, load);
    active.finish();
    standby.terminate();
    standby.finish();
    return time;
}

}  // namespace

void addresses(const Plan& plan, Report& report) {
    const int runs = plan.runs(5, 1);
    progress(fmt::format("one instance with {} addresses: {} runs each", advertised + excluded, runs));
    const auto load = many_addresses(advertised, excluded);
    Pair times;
    Samples batch;
    alternate(plan, runs, [&](Daemon daemon) {
        Crowd crowd;
        if (const auto time = one_run(crowd, daemon, load))
            times.of(daemon).add(*time);
        else
            report.fail(fmt::format("take-over of 1,000 addresses by {}", name(daemon)));
        batch.add(time_of_ip_batch(crowd.bystander, load));
    });
    report.measure("one instance, 1,000 addresses: `RTM_NEWADDR` first to last at SIGTERM, ms", times.ours,
                   times.theirs, batch, 2);
}

}  // namespace bench
