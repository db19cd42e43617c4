// Files: how long a large one takes to read, and what a reload costs that changes one instance of many.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <thread>

#include "netns-tests/lab/capture.hpp"
#include "tests/bench/bench.hpp"
#include "tests/bench/change_count.hpp"
#include "tests/bench/crowd.hpp"

namespace bench {

namespace {

constexpr auto settled = 7s;                 // the second block of announcements is out
constexpr double reload_lateness_limit = 3;  // p99 with a reload a second, one advert in a hundred, against p99 without
// One address goes and one comes, and with each its entry in the kernel's `local` table.
constexpr double of_one_address = 4;

std::string with_another_address(std::string text) {
    const std::string before = "10.21.1.7/32", after = "10.21.99.7/32";
    const auto at = text.find(before);
    if (at == std::string::npos) lab::give_up("the file has no " + before);
    return text.replace(at, before.size(), after);
}

// Changes of the kernel's objects that a reload brings.
std::optional<double> touched(Daemon daemon) {
    Crowd crowd;
    Subject subject(crowd.first, daemon);
    const auto load = many_instances(thousand);
    subject.start(load.configuration);
    if (!subject.await_log("Entering MASTER STATE", thousand, 90s)) return std::nullopt;
    std::this_thread::sleep_for(settled);
    ChangeCount changes(crowd.first.netns());
    subject.reload(with_another_address(load.configuration));
    std::this_thread::sleep_for(settled);
    const auto count = static_cast<double>(changes.take());
    subject.terminate();
    subject.finish();
    return count;
}

// Between two adverts, beyond their interval.
Samples lateness(const lab::Capture& capture, lab::Time from, lab::Time to) {
    constexpr auto interval = 10ms;
    constexpr int quick_vrid = 250;
    Samples late;
    std::optional<lab::Time> last;
    for (const auto& frame : capture.frames(lab::all({lab::adverts(), lab::since(from), lab::before(to)}))) {
        if (lab::advert(frame)->vrid.value() != quick_vrid) continue;
        if (last) late.add(std::chrono::abs(frame.at - *last - interval));
        last = frame.at;
    }
    return late;
}

std::string with_a_quick_one(std::string text) {
    return text +
           "vrrp_instance QUICK {\n    interface lan3\n    virtual_router_id 250\n    advert_int 0.01\n"
           "    virtual_ipaddress {\n        10.23.77.1/32\n    }\n}\n";
}

struct Lateness {
    Samples without, during;  // reloads
};

std::optional<Lateness> measure_lateness(Daemon daemon, std::chrono::seconds time) {
    constexpr std::size_t others = 100;
    Crowd crowd;
    Subject subject(crowd.first, daemon);
    const auto text = with_a_quick_one(many_instances(others).configuration);
    subject.start(text);
    if (!subject.await_log("Entering MASTER STATE", others + 1, 30s)) return std::nullopt;
    std::this_thread::sleep_for(settled);
    const lab::Capture capture(crowd.switches, "lan3");
    const auto quiet = lab::wall_clock();
    std::this_thread::sleep_for(time);
    const auto busy = lab::wall_clock();
    for (int second = 0; second < time.count(); ++second) {
        subject.reload(second % 2 == 0 ? with_another_address(text) : text);
        std::this_thread::sleep_for(1s);
    }
    const Lateness measured{lateness(capture, quiet, busy), lateness(capture, busy, lab::wall_clock())};
    subject.terminate();
    subject.finish();
    return measured;
}

}  // namespace

void reading(const Plan& plan, Report& report) {
    progress("reading a file of 1,000 instances");
    Crowd crowd;
    const auto load = many_instances(thousand);
    Pair time;
    alternate(plan, plan.runs(20, 5), [&](Daemon daemon) {
        time.of(daemon).add(Subject(crowd.first, daemon).time_of_test(load.configuration));
    });
    report.compare("-t of a file with 1,000 instances, ms", time.ours, time.theirs, 0.75);
}

void reloads(const Plan& plan, Report& report) {
    progress("reloads");
    Pair objects;
    alternate(plan, 1, [&](Daemon daemon) {
        const auto count = touched(daemon);
        if (!count) return report.fail(fmt::format("a reload of 1,000 instances of {}", name(daemon)));
        objects.of(daemon).add(*count);
    });
    report.bound("a reload that changes an address of one instance of 1,000: netlink messages", objects.ours,
                 objects.theirs, of_one_address);
    Pair without, during;
    alternate(plan, 1, [&](Daemon daemon) {
        const auto measured = measure_lateness(daemon, std::chrono::seconds(plan.runs(20, 6)));
        if (!measured) return report.fail(fmt::format("reloads of {}", name(daemon)));
        without.of(daemon).add(measured->without);
        during.of(daemon).add(measured->during);
    });
    report.keep("advert off its time at `advert_int 0.01`, 101 instances, a reload a second, ms", during.ours,
                without.ours, reload_lateness_limit);
    report.compare("the same beside keepalived, ms", during.ours, during.theirs, 1);
}

}  // namespace bench
