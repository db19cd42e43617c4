// See subject.hpp.
#include "tests/bench/subject.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>

#include "netns-tests/lab/wait.hpp"

namespace bench {

// proc(5): utime and stime are fields 14 and 15; the name, field 2, may hold blanks and brackets.
std::chrono::milliseconds processor_time(pid_t pid) {
    std::string line;
    std::getline(std::ifstream(fmt::format("/proc/{}/stat", pid)), line);
    const auto name_end = line.rfind(')');
    if (name_end == std::string::npos) return 0ms;
    std::istringstream fields(line.substr(name_end + 2));
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    long user = 0, system = 0;
    fields >> user >> system;
    return std::chrono::milliseconds((user + system) * 1000 / sysconf(_SC_CLK_TCK));
}

double share_of_processor(pid_t pid, std::chrono::seconds time) {
    const auto before = processor_time(pid);
    std::this_thread::sleep_for(time);
    return 100.0 * static_cast<double>((processor_time(pid) - before).count()) /
           static_cast<double>(std::chrono::milliseconds(time).count());
}

namespace {

void add_memory(pid_t pid, Cost& cost) {
    std::ifstream file(fmt::format("/proc/{}/smaps_rollup", pid));
    for (std::string line; std::getline(file, line);) {
        std::istringstream fields(line);
        std::string key;
        double kib = 0;
        fields >> key >> kib;
        if (key == "Private_Clean:" || key == "Private_Dirty:") cost.private_kib += kib;
        if (key == "Private_Dirty:") cost.private_dirty_kib += kib;
    }
}

std::size_t descriptors_of(pid_t pid) {
    std::error_code gone;
    const std::filesystem::directory_iterator all(fmt::format("/proc/{}/fd", pid), gone);
    return gone ? 0 : static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::size_t count_of(std::string_view text, std::string_view word) {
    std::size_t count = 0;
    for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + word.size())) ++count;
    return count;
}

}  // namespace

std::string_view name(Daemon daemon) { return daemon == Daemon::vrrpd ? "vrrpd" : "keepalived"; }

void Subject::start(const std::string& configuration) {
    router_.configure(configuration);
    std::error_code none;
    std::filesystem::resize_file(router_.file("log"), 0, none);
    // As after a reboot: keepalived takes the pid files of one that was killed for a running one.
    for (const auto* file : {"pid", "vrrp.pid"}) std::filesystem::remove(router_.file(file), none);
    router_.start();
}

std::chrono::nanoseconds Subject::time_of_test(const std::string& configuration) const {
    router_.configure(configuration);
    const auto begin = lab::wall_clock();
    const auto output = daemon_ == Daemon::vrrpd
                            ? router_.command({"-t"})
                            : lab::run({"keepalived", "-t", "-f", file("conf")}, host().netns().fd());
    if (!output.ok()) lab::give_up(fmt::format("{} -t: {}", name(daemon_), output.text));
    return lab::wall_clock() - begin;
}

void Subject::finish() {
    router_.process().wait(30s);
    kill();
}

bool Subject::await_log(std::string_view text, std::size_t count, std::chrono::milliseconds limit) const {
    // Looked at rarely: a thousand instances write much, and reading it takes processor time from the measured.
    const auto end = std::chrono::steady_clock::now() + limit;
    while (count_of(router_.log(), text) < count) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(20ms);
    }
    return true;
}

Cost Subject::cost() {
    Cost cost;
    auto processes = lab::descendants(router_.process().pid());
    processes.push_back(router_.process().pid());
    for (const pid_t pid : processes) {
        cost.processor += processor_time(pid);
        add_memory(pid, cost);
        cost.descriptors += descriptors_of(pid);
    }
    return cost;
}

pid_t Subject::agent() { return lab::descendant(router_.process().pid(), "vrrpd-agent"); }

}  // namespace bench
