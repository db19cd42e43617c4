// Real people's configurations: our -t ends with keepalived's class for each (material under VRRPD_SHARED_DIR).
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <set>

#include "vrrpd/config/parse.hpp"

namespace vrrpd::config::corpus_test {
namespace {

const std::string corpus = std::string(VRRPD_SHARED_DIR) + "/corpus";

// What keepalived 2.2.7's -t said of one file, without -i (the sandbox's host name, which no file names) or with -i
// low.
struct Oracle {
    int exit = 0;
    bool ran_scripts = false;  // it found scripts that it would run, and said so: class 6
    bool only_machine = true;  // every message is about the sandbox: missing scripts, users, iptables
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

bool about_the_machine(const std::string& message) {
    for (const char* part :
         {"since not found/accessible", "Unable to set default user", "Unable to set uid/gid", "Failed to set uid/gid",
          "Error setting global script uid/gid", "iptables not supported"}) {
        if (has(message, part)) return true;
    }
    return false;
}

// "(VI_1) track script chk not found, ignoring..." after "Unable to set default user for vrrp script chk - removing".
bool follows_from(const std::set<std::string>& of_machine, const std::string& message) {
    const std::string before = "track script ";
    const auto from = message.find(before);
    const auto end = message.find(" not found");
    if (from == std::string::npos || end == std::string::npos) return false;
    const auto removed = message.substr(from + before.size(), end - from - before.size()) + " - removing";
    return std::any_of(of_machine.begin(), of_machine.end(), [&](const auto& said) { return has(said, removed); });
}

std::optional<Oracle> read_oracle(const std::string& path) {
    std::ifstream in(path);
    if (!in) return std::nullopt;
    Oracle oracle;
    std::string line;
    while (std::getline(in, line) && line.rfind("---", 0) != 0) {
        if (line.rfind("exit: ", 0) == 0) oracle.exit = std::stoi(line.substr(6));
    }
    std::set<std::string> of_machine;
    while (std::getline(in, line)) {
        oracle.ran_scripts |= has(line, "SECURITY VIOLATION");
        if (line.empty()) continue;
        if (about_the_machine(line)) {
            of_machine.insert(line);
        } else if (!follows_from(of_machine, line)) {
            oracle.only_machine = false;
        }
    }
    return oracle;
}

bool has_script(const Config& config) {
    const auto tells = [](const auto& object) {
        const auto& n = *object.notify;
        const Script* const all[] = {&n.any, &n.master, &n.backup, &n.fault, &n.stop, &n.deleted, &n.lower_priority};
        return std::any_of(std::begin(all), std::end(all), [](const Script* one) { return one->is_given(); });
    };
    const auto& n = config.notification;
    return !config.scripts.empty() || n.startup.is_given() || n.shutdown.is_given() ||
           std::any_of(n.fifos.begin(), n.fifos.end(), [](const auto& fifo) { return fifo.reader.is_given(); }) ||
           std::any_of(config.instances.begin(), config.instances.end(), tells) ||
           std::any_of(config.sync_groups.begin(), config.sync_groups.end(), tells);
}

// Whether a script exists is not for a parser to know: where keepalived found one, the supervisor says what it says.
std::vector<Fault> our_faults(const std::string& path, const std::string& id, bool scripts_exist) {
    auto files = real_files();
    LoadOptions options;
    options.root = path;
    options.id = id;
    auto loaded = load(options, *files);
    const auto parsed = parse(loaded.lines, id);
    auto faults = loaded.faults;
    faults.insert(faults.end(), parsed.faults.begin(), parsed.faults.end());
    if (scripts_exist && has_script(parsed.config)) faults.push_back({Severity::security, {}, "scripts", false});
    return faults;
}

// Where we differ on purpose. Number of the file -> why.
const std::map<std::string, const char*> deviations = {
#include "corpus_deviations.inc"
};

struct Tally {
    int runs = 0, equal = 0, machine = 0, other = 0;
    std::set<std::string> other_files;
};

void compare(const std::string& number, const std::string& id, const std::string& oracle_path, Tally& tally) {
    const auto oracle = read_oracle(oracle_path);
    if (!oracle) return;
    ++tally.runs;
    const auto faults = our_faults(corpus + "/conf/" + number + ".conf", id, oracle->ran_scripts);
    const int ours = config_test_status(faults, false, true);
    if (ours == oracle->exit) {
        ++tally.equal;
    } else if (ours == 0 && oracle->exit == 5 && oracle->only_machine) {
        ++tally.machine;
    } else {
        ++tally.other;
        tally.other_files.insert(number);
        if (deviations.count(number) > 0) return;
        std::string said;
        for (const auto& fault : faults) {
            if (fault.severity != Severity::note) said += "\n    " + fault.describe();
        }
        ADD_FAILURE() << number << " with id " << id << ": keepalived " << oracle->exit << ", we " << ours << said;
    }
}

TEST(Corpus, ends_with_keepalived_s_class) {
    std::ifstream verdicts(corpus + "/verdict.tsv");
    if (!verdicts) GTEST_SKIP() << "no corpus at " << corpus << ": not compared with keepalived's verdicts";
    Tally tally;
    std::string line;
    std::getline(verdicts, line);
    while (std::getline(verdicts, line)) {
        const auto number = line.substr(0, line.find('\t'));
        compare(number, "sandbox", corpus + "/oracle/" + number + ".txt", tally);
        compare(number, "low", corpus + "/oracle/" + number + "-low.txt", tally);
    }
    std::cout << "[ corpus   ] " << tally.runs << " runs: " << tally.equal << " end with keepalived's code, "
              << tally.machine << " with 0 where it spoke of its machine alone, " << tally.other
              << " otherwise and on purpose (" << tally.other_files.size() << " files)\n";
    for (const auto& [number, why] : deviations) {
        EXPECT_TRUE(tally.other_files.count(number) > 0)
            << number << " agrees by now, its deviation (" << why << ") is outdated";
    }
    EXPECT_EQ(tally.equal + tally.machine + tally.other, tally.runs);
    EXPECT_GT(tally.runs, 150);
}

}  // namespace
}  // namespace vrrpd::config::corpus_test
