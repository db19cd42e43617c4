#include "tests/config/corpus.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <regex>
#include <set>

namespace vrrpd::config::corpus {

namespace {

const std::string folder = std::string(VRRPD_SHARED_DIR) + "/corpus";

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

// "(049.conf: Line 7) Unknown keyword 'x'"; the parent, which reads first, names no file.
Message message_of(const std::string& line) {
    static const std::regex placed(R"(\((?:[^()]*: )?Line (\d+)\) *(.*))");
    std::smatch parts;
    if (!std::regex_match(line, parts, placed)) return {0, line};
    return {static_cast<unsigned>(std::stoul(parts[1])), parts[2]};
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
        if (line.empty()) continue;
        oracle.messages.push_back(message_of(line));
        const bool security = has(line, "SECURITY VIOLATION");
        oracle.ran_scripts |= security;
        if (about_the_machine(line))
            of_machine.insert(line);
        else if (!follows_from(of_machine, line))
            oracle.of_the_text.push_back(oracle.messages.back());
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

}  // namespace

std::string Trial::path() const { return folder + "/conf/" + number + ".conf"; }

bool is_there() { return std::ifstream(folder + "/verdict.tsv").good(); }

void for_each_run(const std::function<void(const Trial&)>& see) {
    std::ifstream verdicts(folder + "/verdict.tsv");
    std::string line;
    std::getline(verdicts, line);
    while (std::getline(verdicts, line)) {
        const auto number = line.substr(0, line.find('\t'));
        for (const auto& [id, end] : {std::pair{"sandbox", ".txt"}, std::pair{"low", "-low.txt"}})
            if (auto oracle = read_oracle(folder + "/oracle/" + number + end)) see({number, id, std::move(*oracle)});
    }
}

std::vector<Fault> our_faults(const Trial& run) {
    auto files = real_files();
    LoadOptions options;
    options.root = run.path();
    options.id = run.id;
    auto loaded = load(options, *files);
    const auto parsed = parse(loaded.lines, run.id);
    auto faults = loaded.faults;
    faults.insert(faults.end(), parsed.faults.begin(), parsed.faults.end());
    if (run.oracle.ran_scripts && has_script(parsed.config))
        faults.push_back({Severity::security, {}, "scripts are run without enable_script_security", false});
    return faults;
}

}  // namespace vrrpd::config::corpus
