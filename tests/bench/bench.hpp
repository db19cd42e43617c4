// The figures of the bench, and what all of them are told.
#pragma once

#include <map>

#include "tests/bench/report.hpp"
#include "tests/bench/subject.hpp"

namespace bench {

struct Plan {
    bool quick = false;
    std::vector<Daemon> sides{Daemon::vrrpd, Daemon::keepalived};  // their order alternates from run to run
    [[nodiscard]] int runs(int full, int few) const { return quick ? few : full; }
};

// One measure of both daemons.
struct Pair {
    Samples ours, theirs;
    Samples& of(Daemon daemon) { return daemon == Daemon::vrrpd ? ours : theirs; }
};

// Calls measure(daemon) `runs` times for each daemon in turn.
template <class Measure>
void alternate(const Plan& plan, int runs, Measure measure) {
    for (int run = 0; run < runs; ++run) {
        for (std::size_t i = 0; i < plan.sides.size(); ++i) {
            measure(plan.sides[(i + static_cast<std::size_t>(run)) % plan.sides.size()]);
        }
    }
}

// A word to who waits; the table is on stdout.
void progress(const std::string& line);

void detection(const Plan& plan, Report& report, const std::string& advert_int);
void detection_with_gateway(const Plan& plan, Report& report);
void addresses(const Plan& plan, Report& report);
void instances(const Plan& plan, Report& report);
void memory(const Plan& plan, Report& report);
void scripts(const Plan& plan, Report& report);
void reading(const Plan& plan, Report& report);
void reloads(const Plan& plan, Report& report);
void soak(const Plan& plan, Report& report);
void dns(const Plan& plan, Report& report);
void leases(const Plan& plan, Report& report);
void replication(const Plan& plan, Report& report);

}  // namespace bench
