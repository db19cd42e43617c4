// What was measured, and the table that is made of it. For the bench only.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace bench {

// Numbers of one kind, one a run: milliseconds, percent, KiB.
class Samples {
public:
    void add(double value) { values_.push_back(value); }
    void add(std::chrono::nanoseconds time) { add(static_cast<double>(time.count()) / 1e6); }
    void add(const Samples& more) { values_.insert(values_.end(), more.values_.begin(), more.values_.end()); }
    [[nodiscard]] bool empty() const { return values_.empty(); }
    [[nodiscard]] std::size_t size() const { return values_.size(); }
    [[nodiscard]] double p50() const { return quantile(0.5); }
    [[nodiscard]] double p99() const { return quantile(0.99); }  // of less than 100 runs: the worst
    [[nodiscard]] double worst() const { return quantile(1); }

private:
    [[nodiscard]] double quantile(double part) const;
    std::vector<double> values_;
};

// One line of the table. A row without a limit is printed, not judged.
struct Row {
    std::string figure;
    std::string ours;
    std::string theirs;
    std::string ratio;
    std::string limit;
    bool judged = false;
    bool good = true;
};

class Report {
public:
    // p50 and p99, each at most `limit` times keepalived's. Printed only when one side was not measured.
    void compare(const std::string& figure, const Samples& ours, const Samples& theirs, double limit);
    // The same, not judged.
    void print(const std::string& figure, const Samples& ours, const Samples& theirs);
    // p50 and p99 of ours against those of a yardstick that is neither's, at most `limit` times as much.
    void measure(const std::string& figure, const Samples& ours, const Samples& theirs, const Samples& yardstick,
                 double limit);
    // The worst of ours at most `limit`, whatever keepalived does.
    void bound(const std::string& figure, const Samples& ours, const Samples& theirs, double limit);
    // p99 of ours at most `limit`.
    void within(const std::string& figure, const Samples& ours, double limit);
    // p99 of ours at most `limit` times what it was `before` something was asked of it.
    void keep(const std::string& figure, const Samples& ours, const Samples& before, double limit);
    // A run that did not come to its end in time.
    void fail(const std::string& what);
    // Said below the table.
    void note(const std::string& line) { notes_ += "\n" + line + "\n"; }

    [[nodiscard]] bool good() const;
    [[nodiscard]] std::string table() const;  // Markdown

private:
    std::vector<Row> rows_;
    std::string notes_;
};

}  // namespace bench
