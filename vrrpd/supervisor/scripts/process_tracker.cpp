#include "vrrpd/supervisor/scripts/process_tracker.hpp"

#include <dirent.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>

#include "vrrpd/supervisor/files.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr Duration look_every = std::chrono::seconds(1);
constexpr std::size_t comm_length = 15;

// partial: the first parameters, in full. initial: likewise, and the last of them may go on. (keepalived's manual and
// code say so; a comment in its header says it the other way round.)
bool parameters_match(const config::TrackedProcess& wanted, const std::vector<std::string>& words) {
    using Match = config::TrackedProcess::Match;
    if (wanted.match == Match::none) return true;
    const auto& parameters = wanted.parameters;
    const std::size_t given = words.empty() ? 0 : words.size() - 1;
    if (wanted.match == Match::exact ? given != parameters.size() : given < parameters.size()) return false;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const bool last_may_go_on = wanted.match == Match::initial && i + 1 == parameters.size();
        const auto& word = words[i + 1];
        if (last_may_go_on ? !word.starts_with(parameters[i]) : word != parameters[i]) return false;
    }
    return true;
}

// The order to be told of every process.
std::array<char, sizeof(nlmsghdr) + sizeof(cn_msg) + sizeof(proc_cn_mcast_op)> subscription() {
    constexpr auto order = PROC_CN_MCAST_LISTEN;
    std::array<char, sizeof(nlmsghdr) + sizeof(cn_msg) + sizeof order> bytes{};
    nlmsghdr header{};
    header.nlmsg_len = bytes.size();
    header.nlmsg_type = NLMSG_DONE;
    cn_msg message{};
    message.id = {CN_IDX_PROC, CN_VAL_PROC};
    message.len = sizeof order;
    std::memcpy(bytes.data(), &header, sizeof header);
    std::memcpy(bytes.data() + sizeof header, &message, sizeof message);
    std::memcpy(bytes.data() + sizeof header + sizeof message, &order, sizeof order);
    return bytes;
}

}  // namespace

std::optional<ProcessSeen> look_at(pid_t pid) {
    const auto folder = "/proc/" + std::to_string(pid);
    const auto stat = read_file(folder + "/stat");
    if (!stat) return std::nullopt;
    // "12 (name) S ...": the name may hold anything.
    const auto begin = stat->find('('), end = stat->rfind(')');
    if (begin == std::string::npos || end == std::string::npos || end + 2 >= stat->size()) return std::nullopt;
    const char state = (*stat)[end + 2];
    if (state == 'Z' || state == 'X') return std::nullopt;
    ProcessSeen seen{stat->substr(begin + 1, end - begin - 1), {}};
    const auto line = read_file(folder + "/cmdline").value_or("");
    for (std::size_t at = 0; at < line.size();) {
        const auto stop = std::min(line.find('\0', at), line.size());
        seen.words.push_back(line.substr(at, stop - at));
        at = stop + 1;
    }
    return seen;
}

std::vector<pid_t> all_processes() {
    std::vector<pid_t> pids;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc"), closedir);
    while (const auto* const entry = folder ? readdir(folder.get()) : nullptr) {
        const std::string_view name = entry->d_name;
        pid_t pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error == std::errc() && end == name.data() + name.size()) pids.push_back(pid);
    }
    return pids;
}

bool matches(const config::TrackedProcess& wanted, const ProcessSeen& seen) {
    const bool named = wanted.full_command ? !seen.words.empty() && seen.words[0] == wanted.process
                                           : seen.comm == wanted.process.substr(0, comm_length);
    return named && parameters_match(wanted, seen.words);
}

void ProcessTracker::expect(const std::vector<config::TrackedProcess>& processes) {
    auto before = std::exchange(all_, {});
    for (const auto& process : processes) {
        const auto known =
            std::find_if(before.begin(), before.end(), [&](const auto& one) { return one.process == process; });
        const proto::QuorumParameters parameters{process.quorum, process.quorum_max, process.fork_delay,
                                                 process.terminate_delay};
        all_.push_back(known != before.end() ? *known : Tracked{process, proto::Quorum(parameters)});
    }
    for (const auto& gone : before)
        if (std::none_of(all_.begin(), all_.end(),
                         [&](const auto& one) { return one.process.name == gone.process.name; }))
            board_.forget(StateBoard::Kind::process, gone.process.name);
    look_at_.reset();
    if (all_.empty()) {
        watch_ = {};
        connector_.reset();
        known_.clear();
        return;
    }
    if (!connector_) connect();
    look_at_all();
}

void ProcessTracker::connect() {
    connector_ = Fd(socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR));
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = CN_IDX_PROC;
    const auto order = subscription();
    const bool listens = connector_ &&
                         bind(connector_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                         send(connector_.get(), order.data(), order.size(), 0) >= 0;
    if (listens) {
        watch_ = loop_.on_readable(connector_.get(), [this] { read_events(); });
        return;
    }
    log_.notice("the kernel tells nothing of processes here ({}): they are looked at each second",
                std::strerror(errno));
    connector_.reset();
}

// Which of the tracked ones it is; empty: none.
std::vector<bool> ProcessTracker::matched(pid_t pid) const {
    const auto seen = look_at(pid);
    std::vector<bool> result;
    for (std::size_t i = 0; seen && i < all_.size(); ++i) {
        if (!matches(all_[i].process, *seen)) continue;
        result.resize(all_.size());
        result[i] = true;
    }
    return result;
}

void ProcessTracker::look_at_all() {
    known_.clear();
    for (const auto pid : all_processes())
        if (auto which = matched(pid); !which.empty()) known_.emplace(pid, std::move(which));
    if (!connector_) look_at_ = loop_.now() + look_every;
    judge();
}

void ProcessTracker::read_events() {
    alignas(nlmsghdr) std::array<char, 8192> buffer{};
    bool lost = false;
    for (;;) {
        const auto got = recv(connector_.get(), buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == ENOBUFS) {
            lost = true;
            continue;
        }
        if (got <= 0) break;
        constexpr std::size_t before = sizeof(nlmsghdr) + sizeof(cn_msg);
        // Older kernels send less of the union behind the header.
        proc_event event{};
        const auto size = static_cast<std::size_t>(got);
        if (size < before + offsetof(proc_event, event_data)) continue;
        std::memcpy(&event, buffer.data() + before, std::min(sizeof event, size - before));
        if (event.what == proc_event::PROC_EVENT_EXIT) {
            if (event.event_data.exit.process_pid == event.event_data.exit.process_tgid)
                known_.erase(event.event_data.exit.process_tgid);
            continue;
        }
        pid_t changed = 0;
        if (event.what == proc_event::PROC_EVENT_EXEC) changed = event.event_data.exec.process_tgid;
        if (event.what == proc_event::PROC_EVENT_COMM) changed = event.event_data.comm.process_tgid;
        if (event.what == proc_event::PROC_EVENT_FORK && known_.contains(event.event_data.fork.parent_tgid) &&
            event.event_data.fork.child_pid == event.event_data.fork.child_tgid)
            changed = event.event_data.fork.child_tgid;
        if (changed == 0) continue;
        auto which = matched(changed);
        if (which.empty())
            known_.erase(changed);
        else
            known_[changed] = std::move(which);
    }
    if (lost)
        look_at_all();
    else
        judge();
}

void ProcessTracker::judge() {
    for (std::size_t i = 0; i < all_.size(); ++i) {
        auto& [process, quorum] = all_[i];
        const auto running =
            std::count_if(known_.begin(), known_.end(), [i](const auto& one) { return one.second[i]; });
        quorum.count(loop_.now(), static_cast<unsigned>(running));
        using Health = ipc::TrackerState::Health;
        const bool healthy = *quorum.healthy();
        board_.set({StateBoard::Kind::process, process.name, healthy ? Health::up : Health::down, running,
                    healthy ? "has its quorum" : "has lost its quorum"});
    }
}

Deadline ProcessTracker::next_deadline() const {
    Deadline next = look_at_;
    for (const auto& tracked : all_) next = earlier(next, tracked.quorum.next_deadline());
    return next;
}

void ProcessTracker::step(Instant now) {
    if (look_at_ && *look_at_ <= now) return look_at_all();
    bool changed = false;
    for (auto& tracked : all_) {
        const auto at = tracked.quorum.next_deadline();
        changed = changed || (at && *at <= now);
        tracked.quorum.step(now);
    }
    if (changed) judge();
}

}  // namespace vrrpd::supervisor
