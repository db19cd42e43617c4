#include "vrrpd/supervisor/rival.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "vrrpd/config/diff.hpp"
#include "vrrpd/config/parse.hpp"
#include "vrrpd/supervisor/configuration.hpp"
#include "vrrpd/supervisor/files.hpp"
#include "vrrpd/supervisor/options.hpp"
#include "vrrpd/supervisor/scripts/process_tracker.hpp"

namespace vrrpd::supervisor {

namespace {

std::string proc(pid_t pid, std::string_view name) { return fmt::format("/proc/{}/{}", pid, name); }

bool same_file(const std::string& a, const std::string& b) {
    struct stat one {
    }, other{};
    return stat(a.c_str(), &one) == 0 && stat(b.c_str(), &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

// A namespace has its own files there. Unlike /proc/PID/ns they may be looked at without a right to trace the process,
// which the unit does not give us.
bool in_our_network(pid_t pid) { return same_file(proc(pid, "net/raw"), "/proc/self/net/raw"); }

bool is_keepalived(const ProcessSeen& seen) {
    constexpr std::string_view name = "keepalived";
    const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    return !seen.words.empty() && seen.comm.size() >= name.size() &&
           std::equal(name.begin(), name.end(), seen.comm.begin(), [&](char n, char c) { return same(c, n); });
}

// "12 (name) S 7 ...": the name may hold anything.
pid_t parent_of(pid_t pid) {
    const auto stat = read_file(proc(pid, "stat")).value_or("");
    const auto end = stat.rfind(')');
    pid_t parent = 0;
    if (end != std::string::npos && end + 4 < stat.size())
        std::from_chars(stat.data() + end + 4, stat.data() + stat.size(), parent);
    return parent;
}

// The process that is told to stop: the one that the others descend from.
pid_t main_process(pid_t pid) {
    for (auto parent = parent_of(pid); parent > 1; parent = parent_of(pid)) {
        const auto seen = look_at(parent);
        if (!seen || !is_keepalived(*seen)) break;
        pid = parent;
    }
    return pid;
}

// A file by the name that the process has for it: it may be in a container, or somewhere else. Without the right to
// look there, by the whole name here. Empty: it cannot be seen.
std::string as_it_sees(pid_t pid, const std::string& name) {
    const bool whole = name.starts_with('/');
    const auto there = whole ? proc(pid, "root") + name : proc(pid, "cwd/") + name;
    if (access(there.c_str(), R_OK) == 0) return there;
    return whole ? name : std::string();
}

Rival rival_of(pid_t pid, std::vector<std::string> words) {
    words.front() = "keepalived";  // whose defaults hold
    const auto options = parse_command_line(words).options;
    Rival rival{main_process(pid), options.config_file, std::nullopt};
    const auto path = as_it_sees(pid, options.config_file);
    if (path.empty()) return rival;
    const auto files = config::real_files();
    config::LoadOptions load;
    load.id = identity(options);
    load.root = path;
    load.as_keepalived = true;
    const auto loaded = config::load(load, *files);
    if (!loaded.file_missing) rival.config = config::parse(loaded.lines, load.id).config;
    return rival;
}

void add_shared(const config::Instance& theirs, const config::Instance& ours, std::vector<std::string>& into) {
    if (theirs.key().may_be(ours.key()))
        into.push_back(fmt::format("virtual_router_id {} on {}, of its vrrp_instance {} and of ours, {}",
                                   ours.vrid.value(), ours.interface, theirs.name, ours.name));
    for (const auto& address : ours.addresses)
        if (has_address(theirs, address.prefix.address))
            into.push_back(fmt::format("the virtual address {}, of its vrrp_instance {} and of ours, {}",
                                       address.prefix.address.to_string(), theirs.name, ours.name));
}

}  // namespace

bool tells_of_vrrp(std::string_view sockets) {
    // "   7: 00000000:0070 00000000:0000 07 ...": the second word ends in the protocol.
    for (std::size_t at = 0; at < sockets.size();) {
        const auto end = std::min(sockets.find('\n', at), sockets.size());
        const auto line = sockets.substr(at, end - at);
        at = end + 1;
        const auto number = line.find(": ");
        if (number == line.npos) continue;
        const auto protocol = line.find(':', number + 2);
        if (protocol == line.npos) continue;
        const auto word = line.substr(protocol + 1, 4);
        if (word == "0070" || word == "0033") return true;
    }
    return false;
}

std::vector<std::string> Rival::shared_with(const config::Config& ours) const {
    std::vector<std::string> shared;
    if (!config) return shared;
    for (const auto& theirs : config->instances)
        for (const auto& mine : ours.instances) add_shared(theirs, mine, shared);
    return shared;
}

std::optional<Rival> find_rival() {
    const auto sockets = [](const char* file) { return tells_of_vrrp(read_file(file).value_or("")); };
    if (!sockets("/proc/self/net/raw") && !sockets("/proc/self/net/raw6")) return std::nullopt;
    for (const auto pid : all_processes()) {
        // Ours too may be called keepalived: what is left of a daemon that was killed is no other program.
        if (pid == getpid() || same_file(proc(pid, "exe"), "/proc/self/exe")) continue;
        auto seen = look_at(pid);
        if (seen && is_keepalived(*seen) && in_our_network(pid)) return rival_of(pid, std::move(seen->words));
    }
    return std::nullopt;
}

bool is_in_the_way(const Rival& rival, const config::Config& ours, bool observe, Log& log) {
    const auto who = fmt::format("keepalived (pid {}) speaks VRRP on this host, with {}", rival.pid, rival.file);
    const auto shared = rival.shared_with(ours);
    constexpr char stop_it[] = "systemctl disable --now keepalived";
    if (observe) {
        log.notice("{}: observing beside it; what it sends is not heard on its own host", who);
    } else if (!shared.empty()) {
        log.error(
            "{}, and has what our configuration has: {}. The two would not hear each other, and both be MASTER. "
            "Stop it first: {}",
            who, fmt::join(shared, "; "), stop_it);
    } else if (!rival.config) {
        log.warning(
            "{}, which could not be read: if a virtual router or address of ours is in it, both would be "
            "MASTER. Then stop it: {}",
            who, stop_it);
    } else {
        log.notice("{}, for other virtual routers than ours: both may run", who);
    }
    return !observe && !shared.empty();
}

}  // namespace vrrpd::supervisor
