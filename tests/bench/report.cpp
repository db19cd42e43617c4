// See report.hpp.
#include "tests/bench/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace bench {

namespace {

std::string number(double value) {
    const double size = std::abs(value);
    return fmt::format("{:.{}f}", value, size < 10 ? 2 : size < 100 ? 1 : 0);
}

std::string both(const Samples& samples) {
    return samples.empty() ? "-" : fmt::format("{} / {}", number(samples.p50()), number(samples.p99()));
}

}  // namespace

// The nearest rank: a value that was measured, never one between two.
double Samples::quantile(double part) const {
    if (values_.empty()) return 0;
    auto sorted = values_;
    std::sort(sorted.begin(), sorted.end());
    const auto rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(sorted.size())));
    return sorted[std::max<std::size_t>(rank, 1) - 1];
}

void Report::compare(const std::string& figure, const Samples& ours, const Samples& theirs, double limit) {
    print(figure, ours, theirs);
    if (ours.empty() || theirs.empty()) return;
    auto& row = rows_.back();
    row.limit = fmt::format("{0} / {0}", number(limit));
    row.judged = true;
    row.good = ours.p50() <= limit * theirs.p50() && ours.p99() <= limit * theirs.p99();
}

void Report::print(const std::string& figure, const Samples& ours, const Samples& theirs) {
    Row row{figure, both(ours), both(theirs), "", ""};
    if (!ours.empty() && !theirs.empty()) {
        row.ratio = fmt::format("{} / {}", number(ours.p50() / theirs.p50()), number(ours.p99() / theirs.p99()));
    }
    rows_.push_back(row);
}

void Report::measure(const std::string& figure, const Samples& ours, const Samples& theirs, const Samples& yardstick,
                     double limit) {
    Row row{fmt::format("{} (`ip -batch`: {})", figure, both(yardstick)), both(ours), both(theirs), "", ""};
    if (!ours.empty() && !yardstick.empty()) {
        row.ratio = fmt::format("{} / {}", number(ours.p50() / yardstick.p50()), number(ours.p99() / yardstick.p99()));
        row.limit = fmt::format("{0} / {0}", number(limit));
        row.judged = true;
        row.good = ours.p50() <= limit * yardstick.p50() && ours.p99() <= limit * yardstick.p99();
    }
    rows_.push_back(row);
}

void Report::bound(const std::string& figure, const Samples& ours, const Samples& theirs, double limit) {
    Row row{figure, both(ours), both(theirs), "", ""};
    if (!ours.empty()) {
        row.limit = number(limit) + " itself";
        row.judged = true;
        row.good = ours.worst() <= limit;
    }
    rows_.push_back(row);
}

void Report::within(const std::string& figure, const Samples& ours, double limit) {
    Row row{figure, both(ours), "-", "", number(limit) + " itself"};
    row.judged = true;
    row.good = !ours.empty() && ours.p99() <= limit;
    rows_.push_back(row);
}

void Report::keep(const std::string& figure, const Samples& ours, const Samples& before, double limit) {
    Row row{fmt::format("{} (without: {})", figure, both(before)), both(ours), "-", "", ""};
    if (!ours.empty() && !before.empty()) {
        const double ratio = ours.p99() / before.p99();
        row.ratio = "- / " + number(ratio);
        row.limit = "- / " + number(limit);
        row.judged = true;
        row.good = ratio <= limit;
    }
    rows_.push_back(row);
}

void Report::fail(const std::string& what) { rows_.push_back({what, "-", "-", "", "", true, false}); }

bool Report::good() const {
    return std::all_of(rows_.begin(), rows_.end(), [](const Row& row) { return row.good; });
}

std::string Report::table() const {
    using Line = std::array<std::string, 6>;
    std::vector<Line> lines{{"figure", "vrrpd p50 / p99", "keepalived p50 / p99", "ratio", "at most", ""}};
    for (const auto& row : rows_) {
        lines.push_back({row.figure, row.ours, row.theirs, row.ratio, row.limit,
                         !row.judged ? ""
                         : row.good  ? "ok"
                                     : "**WORSE**"});
    }
    std::array<std::size_t, 6> widths{};
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max({widths[i], line[i].size(), std::size_t{3}});
    }
    Line rule;
    for (std::size_t i = 0; i < rule.size(); ++i) rule[i] = std::string(widths[i], '-');
    lines.insert(lines.begin() + 1, rule);
    std::string text;
    for (const auto& line : lines) {
        text += "|";
        for (std::size_t i = 0; i < line.size(); ++i) text += fmt::format(" {:<{}} |", line[i], widths[i]);
        text += "\n";
    }
    return text + notes_;
}

}  // namespace bench
