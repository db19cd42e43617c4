#include "vrrpd/supervisor/scripts/process_tree.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>

#include "vrrpd/supervisor/files.hpp"

namespace vrrpd::supervisor {

namespace {

struct Known {
    pid_t parent = 0;
    unsigned long long started = 0;
};

// proc(5), stat: the name in parentheses may hold anything; behind it come the state, the parent ... and, as the 20th
// after the name, when it was started.
std::optional<Known> known_of(const std::string& pid) {
    constexpr int between = 17;  // what stands between the parent and the start
    const auto stat = read_file("/proc/" + pid + "/stat");
    const auto name_end = stat ? stat->rfind(')') : std::string::npos;
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream words(stat->substr(name_end + 1));
    char state = 0;
    Known known;
    words >> state >> known.parent;
    std::string skipped;
    for (int i = 0; i < between; ++i) words >> skipped;
    words >> known.started;
    return words ? std::optional(known) : std::nullopt;
}

std::map<pid_t, Known> everybody() {
    std::map<pid_t, Known> all;
    std::error_code error;
    for (std::filesystem::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error)) {
        const auto name = at->path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        if (const auto known = known_of(name)) all.emplace(static_cast<pid_t>(std::atol(name.c_str())), *known);
    }
    return all;
}

}  // namespace

void ProcessTree::look() {
    const auto all = everybody();
    std::erase_if(members_, [&](const auto& member) {
        const auto now = all.find(member.first);
        return now == all.end() || now->second.started != member.second;
    });
    for (bool more = true; more;) {
        more = false;
        for (const auto& [pid, known] : all)
            if (known.parent == root_ || members_.contains(known.parent))
                more = members_.emplace(pid, known.started).second || more;
    }
}

void ProcessTree::signal(int number) const {
    for (const auto& [pid, started] : members_)
        if (const auto now = known_of(std::to_string(pid)); now && now->started == started) kill(pid, number);
}

}  // namespace vrrpd::supervisor
