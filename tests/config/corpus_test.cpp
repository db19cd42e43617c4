// Real people's configurations: our -t ends with keepalived's class for each (material under VRRPD_SHARED_DIR).
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "vrrpd/config/parse.hpp"

namespace vrrpd::config {
namespace {

const std::string corpus = std::string(VRRPD_SHARED_DIR) + "/corpus";

struct Oracle {
    int exit = 0;
    std::vector<std::string> messages;
};

std::optional<Oracle> read_oracle(const std::string& path) {
    std::ifstream in(path);
    if (!in) return std::nullopt;
    Oracle oracle;
    bool in_messages = false;
    for (std::string line; std::getline(in, line);) {
        if (in_messages) {
            oracle.messages.push_back(line);
        } else if (line.rfind("exit: ", 0) == 0) {
            oracle.exit = std::stoi(line.substr(6));
        } else if (line.rfind("---", 0) == 0) {
            in_messages = true;
        }
    }
    return oracle;
}

// What keepalived said of the machine that it ran on (its scripts, users, iptables), not of the text.
bool about_the_machine(const std::string& message) {
    for (const char* part :
         {"since not found/accessible", "Unable to set default user", "global script uid/gid", "Unable to set uid/gid",
          "Failed to set uid/gid", "iptables not supported", "SECURITY VIOLATION", "Invalid startup script",
          "Invalid shutdown script", "specified for up/down delay", "specified for linkbeat"}) {
        if (message.find(part) != std::string::npos) return true;
    }
    return false;
}

// The class of the text alone: what is left when the machine's part is taken out. A script that keepalived removed for
// want of a user or a file is then "not found", which follows from the machine as well.
int class_of_text(const Oracle& oracle) {
    bool scripts_removed = false;
    bool other = false;
    for (const auto& message : oracle.messages) {
        if (about_the_machine(message)) scripts_removed |= message.find("removing") != std::string::npos;
    }
    for (const auto& message : oracle.messages) {
        const bool consequence = scripts_removed && message.find("track script") != std::string::npos &&
                                 message.find("not found") != std::string::npos;
        // keepalived's first pass (no file in the message) does not count for its status.
        const bool first_pass = message.rfind("(Line ", 0) == 0 || message.empty();
        if (!about_the_machine(message) && !consequence && !first_pass) other = true;
    }
    if (oracle.exit == 5 || oracle.exit == 6) return other ? 5 : 0;
    return oracle.exit;
}

std::vector<Fault> our_faults(const std::string& path, const std::string& id) {
    auto files = real_files();
    LoadOptions options;
    options.root = path;
    options.id = id;
    auto loaded = load(options, *files);
    const auto parsed = parse(loaded.lines, id);
    auto faults = loaded.faults;
    faults.insert(faults.end(), parsed.faults.begin(), parsed.faults.end());
    // Whether a script exists is not for the parser to know: we always report missing script security, keepalived only
    // of scripts that are there, and in the oracle's sandbox few were.
    std::erase_if(faults, [](const Fault& fault) { return fault.severity == Severity::security; });
    return faults;
}

// Where we differ on purpose. Number of the file -> why.
const std::map<std::string, const char*> deviations = {
#include "corpus_deviations.inc"
};

struct Tally {
    int files = 0, agree = 0, machine = 0;
    std::set<std::string> differing;
};

void compare(const std::string& number, const std::string& id, const std::string& oracle_path, Tally& tally) {
    const auto oracle = read_oracle(oracle_path);
    if (!oracle) return;
    ++tally.files;
    const auto faults = our_faults(corpus + "/conf/" + number + ".conf", id);
    const int ours = config_test_status(faults, false, true);
    if (ours == oracle->exit) {
        ++tally.agree;
    } else if (ours == class_of_text(*oracle)) {
        ++tally.machine;
    } else {
        tally.differing.insert(number);
        if (deviations.count(number) > 0) return;
        std::string said;
        for (const auto& fault : faults) {
            if (fault.severity != Severity::note) said += "\n    " + fault.describe();
        }
        ADD_FAILURE() << number << " with id " << id << ": keepalived " << oracle->exit << " (of the text "
                      << class_of_text(*oracle) << "), we " << ours << said;
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
        compare(number, "high", corpus + "/oracle/" + number + ".txt", tally);
        compare(number, "low", corpus + "/oracle/" + number + "-low.txt", tally);
    }
    std::cout << "[ corpus   ] " << tally.files << " runs: " << tally.agree << " as keepalived, " << tally.machine
              << " as keepalived but for what it said of its machine, " << tally.differing.size()
              << " files differ on purpose\n";
    for (const auto& [number, why] : deviations) {
        EXPECT_TRUE(tally.differing.count(number) > 0)
            << number << " agrees by now, its deviation (" << why << ") is outdated";
    }
    EXPECT_GT(tally.files, 150);
}

}  // namespace
}  // namespace vrrpd::config
