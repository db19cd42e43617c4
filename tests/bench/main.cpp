// vrrpd-bench [--quick] [--only FIGURE]... [--side DAEMON]: see tests/bench/run. The table goes to stdout, what is
// being done to stderr. Ends with 1 when a figure is worse than it may be.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "netns-tests/lab/janitor.hpp"
#include "tests/bench/bench.hpp"

namespace {

using namespace bench;

struct Figure {
    std::string_view name;
    void (*measure)(const Plan&, Report&);
};

constexpr std::array figures{
    Figure{"detection-1s", [](const Plan& plan, Report& report) { detection(plan, report, "1"); }},
    Figure{"detection-100ms", [](const Plan& plan, Report& report) { detection(plan, report, "0.1"); }},
    Figure{"detection-10ms", [](const Plan& plan, Report& report) { detection(plan, report, "0.01"); }},
    Figure{"gateway", detection_with_gateway},
    Figure{"addresses", addresses},
    Figure{"instances", instances},
    Figure{"memory", memory},
    Figure{"scripts", scripts},
    Figure{"reading", reading},
    Figure{"reload", reloads},
    Figure{"soak", soak},
    Figure{"replication", replication},
    Figure{"dns", dns},
    Figure{"leases", leases},
};

int usage() {
    fmt::print(stderr, "usage: vrrpd-bench [--quick] [--only FIGURE]... [--side vrrpd|keepalived]\nfigures:");
    for (const auto& figure : figures) fmt::print(stderr, " {}", figure.name);
    fmt::print(stderr, "\n");
    return 2;
}

bool is_figure(std::string_view name) {
    return std::any_of(figures.begin(), figures.end(), [&](const Figure& figure) { return figure.name == name; });
}

}  // namespace

void bench::progress(const std::string& line) { fmt::print(stderr, "{}\n", line); }

int main(int argc, char** argv) {
    Plan plan;
    std::vector<std::string_view> wanted;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        const std::string_view value = i + 1 < argc ? argv[i + 1] : "";
        if (option == "--quick") {
            plan.quick = true;
        } else if (option == "--only" && is_figure(value)) {
            wanted.push_back(argv[++i]);
        } else if (option == "--side" && (value == name(Daemon::vrrpd) || value == name(Daemon::keepalived))) {
            plan.sides = {argv[++i] == name(Daemon::vrrpd) ? Daemon::vrrpd : Daemon::keepalived};
        } else {
            return usage();
        }
    }
    lab::start_janitor();
    Report report;
    for (const auto& figure : figures) {
        if (wanted.empty() || std::find(wanted.begin(), wanted.end(), figure.name) != wanted.end()) {
            figure.measure(plan, report);
        }
    }
    fmt::print("{}", report.table());
    return report.good() ? 0 : 1;
}
