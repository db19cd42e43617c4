// Four scripts that a thousand instances track: from the end of one of them to the priority of the last instance.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>

#include "netns-tests/lab/traffic.hpp"
#include "tests/bench/bench.hpp"
#include "tests/bench/crowd.hpp"
#include "vrrpd/base/fd.hpp"

namespace bench {

namespace {

constexpr double allowed = 1;

// A script that ends when it is told to, with the status that it is told. What it says ends up as its exit status
// within a fraction of a millisecond, so the time of the word is taken for the time of its end.
class Gate {
public:
    explicit Gate(const std::string& path) : script_(path + ".sh"), fifo_(path + ".fifo") {
        std::ofstream(script_) << "#!/bin/sh\nread status < " << fifo_ << "\nexit $status\n";
        chmod(script_.c_str(), 0755);
        mkfifo(fifo_.c_str(), 0600);
    }

    [[nodiscard]] const std::string& script() const { return script_; }
    // nullopt: it was not run within five seconds.
    [[nodiscard]] std::optional<lab::Time> let_through(int status) const {
        vrrpd::Fd writer;
        const auto opened = [&] {
            writer = vrrpd::Fd(open(fifo_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
            return static_cast<bool>(writer);
        };
        if (!lab::wait_until(opened, 5s)) return std::nullopt;
        const auto word = fmt::format("{}\n", status);
        const auto now = lab::wall_clock();
        if (write(writer.get(), word.data(), word.size()) < 0) return std::nullopt;
        return now;
    }

private:
    std::string script_, fifo_;
};

// Reads a notification FIFO, and when which line of those that hold a word came.
class FifoReader {
public:
    FifoReader(const std::string& path, std::string word) : word_(std::move(word)) {
        mkfifo(path.c_str(), 0600);
        // For reading and writing: it has no end while the daemon has not opened it yet.
        fifo_ = vrrpd::Fd(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
        worker_.start([this] { step(); });
    }

    void forget() {
        const std::lock_guard lock(mutex_);
        count_ = 0;
    }
    // When the line of that number came; nullopt: not within five seconds.
    std::optional<lab::Time> await(std::size_t number) {
        const auto there = [&] {
            const std::lock_guard lock(mutex_);
            return count_ >= number;
        };
        if (!lab::wait_until(there, 5s)) return std::nullopt;
        const std::lock_guard lock(mutex_);
        return last_;
    }

private:
    void step() {
        std::array<char, 65536> buffer;
        const auto length = read(fifo_.get(), buffer.data(), buffer.size());
        if (length <= 0) {
            std::this_thread::sleep_for(100us);
            return;
        }
        const auto now = lab::wall_clock();
        const std::lock_guard lock(mutex_);
        rest_.append(buffer.data(), static_cast<std::size_t>(length));
        std::size_t begin = 0;
        for (auto end = rest_.find('\n'); end != std::string::npos; begin = end + 1, end = rest_.find('\n', begin)) {
            if (std::string_view(rest_).substr(begin, end - begin).find(word_) == std::string_view::npos) continue;
            ++count_;
            last_ = now;
        }
        rest_.erase(0, begin);
    }

    std::string word_;
    vrrpd::Fd fifo_;
    std::mutex mutex_;
    std::string rest_;
    std::size_t count_ = 0;
    lab::Time last_;
    lab::Worker worker_;
};

Lines tracking(const Gate& gate, const std::string& fifo) {
    Lines lines;
    lines.global_defs =
        fmt::format("    script_user root\n    vrrp_notify_fifo {}\n    vrrp_notify_priority_changes true\n", fifo);
    lines.instance = "    track_script {\n";
    for (int number = 0; number < 4; ++number) {
        lines.blocks += fmt::format(
            "vrrp_script S{} {{\n    script {}\n    interval 1\n    timeout 60\n    rise 1\n    fall 1\n"
            "    weight -10\n}}\n",
            number, number == 0 ? gate.script() : "/bin/true");
        lines.instance += fmt::format("        S{}\n", number);
    }
    lines.instance += "    }\n";
    return lines;
}

// From the end of the script to the last instance's line in the FIFO, several times.
std::optional<Samples> weigh_all(Daemon daemon, int changes) {
    Crowd crowd;
    Subject subject(crowd.first, daemon);
    const Gate gate(subject.file("gate"));
    FifoReader fifo(subject.file("fifo"), "MASTER_PRIORITY");
    subject.start(many_instances(thousand, tracking(gate, subject.file("fifo"))).configuration);
    if (!gate.let_through(0) || !subject.await_log("Entering MASTER STATE", thousand, 90s)) return std::nullopt;
    std::this_thread::sleep_for(7s);  // the second block of announcements is out
    Samples samples;
    for (int change = 0; change < changes; ++change) {
        fifo.forget();
        const auto ended = gate.let_through(change % 2 == 0 ? 1 : 0);
        const auto last = fifo.await(thousand);
        if (!ended || !last) return std::nullopt;
        samples.add(*last - *ended);
    }
    subject.terminate();
    subject.finish();
    return samples;
}

}  // namespace

void scripts(const Plan& plan, Report& report) {
    progress("1,000 instances that track 4 scripts");
    Pair pair;
    alternate(plan, plan.runs(2, 1), [&](Daemon daemon) {
        const auto samples = weigh_all(daemon, plan.runs(20, 6));
        if (!samples) return report.fail(fmt::format("a script that 1,000 instances of {} track", name(daemon)));
        pair.of(daemon).add(*samples);
    });
    report.compare("1,000 instances, 4 scripts: end of a script to the last priority, ms", pair.ours, pair.theirs,
                   allowed);
}

}  // namespace bench
