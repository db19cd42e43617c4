// A role that moves every few seconds for minutes, with a script that weighs, one that is told and a FIFO: what the
// daemons hold must not grow.
#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "tests/bench/bench.hpp"
#include "tests/bench/crowd.hpp"

namespace bench {

namespace {

constexpr int warm = 3;               // take-overs until everything was used once
constexpr double pages_allowed = 64;  // KiB: a heap is not a constant
constexpr double descriptors_allowed = 0;

// Two routers, of which the better one is better only while a file is there.
class Seesaw {
public:
    explicit Seesaw(Daemon daemon) : first_(crowd_.first, daemon), second_(crowd_.second, daemon) {
        std::ofstream(script()) << "#!/bin/sh\ntest -e " << good() << "\n";
        std::ofstream(told()) << "#!/bin/sh\nexit 0\n";
        chmod(script().c_str(), 0755);
        chmod(told().c_str(), 0755);
        lift();
        first_.start(text(first_, 110, script()));
        second_.start(text(second_, 100, told()));
    }

    void lift() const { std::ofstream(good()).put('1'); }
    void press() const { std::filesystem::remove(good()); }
    // The role moved so often, from start on.
    bool await(std::size_t moves) const {
        return first_.await_log("Entering MASTER STATE", (moves + 2) / 2, 15s) &&
               second_.await_log("Entering MASTER STATE", (moves + 1) / 2, 15s);
    }
    // Of both, at a moment when none of their scripts runs.
    [[nodiscard]] Cost cost() {
        auto least = cost_now();
        for (int again = 0; again < 20; ++again) {
            std::this_thread::sleep_for(50ms);
            const auto now = cost_now();
            if (now.descriptors < least.descriptors) least = now;
        }
        return least;
    }

private:
    [[nodiscard]] Cost cost_now() {
        const auto one = first_.cost(), two = second_.cost();
        return {one.processor + two.processor, one.private_kib + two.private_kib,
                one.private_dirty_kib + two.private_dirty_kib, one.descriptors + two.descriptors};
    }
    [[nodiscard]] std::string good() const { return first_.file("good"); }
    [[nodiscard]] std::string script() const { return first_.file("weighs.sh"); }
    [[nodiscard]] std::string told() const { return first_.file("told.sh"); }
    [[nodiscard]] std::string text(const Subject& subject, int priority, const std::string& checks) const {
        return fmt::format(
            "global_defs {{\n    vrrp_version 3\n    script_user root\n    notify_fifo {0}\n}}\n"
            "vrrp_script S {{\n    script {1}\n    interval 1\n    weight -20\n    rise 1\n    fall 1\n}}\n"
            "vrrp_instance I {{\n    interface lan0\n    virtual_router_id 1\n    priority {3}\n    advert_int 0.1\n"
            "    track_script {{\n        S\n    }}\n    notify {2}\n"
            "    virtual_ipaddress {{\n        10.20.9.1/24\n    }}\n}}\n",
            subject.file("fifo"), checks, told(), priority);
    }

    Crowd crowd_;
    Subject first_, second_;
};

}  // namespace

void soak(const Plan& plan, Report& report) {
    const int moves = plan.runs(60, 8);
    const auto every = plan.quick ? 3s : 10s;
    progress(fmt::format("a role that moves {} times", moves));
    Seesaw seesaw(Daemon::vrrpd);
    Cost before;
    for (int move = 0; move < moves; ++move) {
        if (!seesaw.await(static_cast<std::size_t>(move))) return report.fail(fmt::format("take-over {}", move));
        if (move == warm) before = seesaw.cost();
        if (move % 2 == 0)
            seesaw.press();
        else
            seesaw.lift();
        std::this_thread::sleep_for(every);
    }
    const auto after = seesaw.cost();
    Samples pages, descriptors;
    pages.add(after.private_dirty_kib - before.private_dirty_kib);
    descriptors.add(static_cast<double>(after.descriptors) - static_cast<double>(before.descriptors));
    report.bound(fmt::format("{} take-overs with scripts and FIFOs: growth of memory, KiB", moves - warm), pages, {},
                 pages_allowed);
    report.bound(fmt::format("{} take-overs with scripts and FIFOs: growth of descriptors", moves - warm), descriptors,
                 {}, descriptors_allowed);
}

}  // namespace bench
