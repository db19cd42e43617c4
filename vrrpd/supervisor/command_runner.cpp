#include "vrrpd/supervisor/command_runner.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "vrrpd/base/loop.hpp"
#include "vrrpd/supervisor/child_process.hpp"

namespace vrrpd::supervisor {

CommandRunner::~CommandRunner() {
    for (const auto& one : running_) kill(-one.process.pid, SIGKILL);
}

void CommandRunner::run(Command command) {
    waiting_.push_back(std::move(command));
    start_next();
    if (waiting_.size() > limits_.waiting) drop_oldest();
}

void CommandRunner::start_next() {
    while (!waiting_.empty() && running_.size() < limits_.at_once) {
        auto command = std::move(waiting_.front());
        waiting_.pop_front();
        auto started = start(command);
        if (!started) {
            finish(command, "could not be started: " + started.error().describe());
            continue;
        }
        const auto kill_at = boot_now() + command.limit;
        running_.push_back({std::move(command), std::move(*started), kill_at});
    }
    if (!waiting_.empty() || dropped_ == 0) return;
    log_.warning("{} commands were dropped", std::exchange(dropped_, 0));
}

void CommandRunner::drop_oldest() {
    const auto oldest = std::move(waiting_.front());
    waiting_.pop_front();
    if (dropped_++ == 0)
        log_.warning("{} waits behind {} others: of more, the oldest are dropped", oldest.what,
                     limits_.at_once + limits_.waiting);
    if (oldest.done) oldest.done("too many wait");
}

void CommandRunner::finish(const Command& command, const std::string& problem) {
    if (!problem.empty()) log_.error("{} {}", command.what, problem);
    if (command.done) command.done(problem);
}

void CommandRunner::child_ended() {
    std::vector<std::pair<Command, std::string>> ended;
    for (auto one = running_.begin(); one != running_.end();) {
        const auto how = supervisor::ended(one->process.pid);
        if (!how) {
            ++one;
            continue;
        }
        auto problem = problem_of(*one, *how);
        ended.emplace_back(std::move(one->command), std::move(problem));
        one = running_.erase(one);
    }
    for (const auto& [command, problem] : ended) finish(command, problem);
    if (!ended.empty()) start_next();
}

std::string CommandRunner::problem_of(const Running& ended, const Ending& how) {
    std::array<char, 512> complaint{};
    const auto got = read(ended.process.complaint.get(), complaint.data(), complaint.size());
    if (got > 0) return {complaint.data(), static_cast<std::size_t>(got)};
    if (ended.killed)
        return fmt::format("did not end in {} s, and was killed", ended.command.limit / std::chrono::seconds(1));
    return how == Ending{} ? std::string() : describe(how);
}

Deadline CommandRunner::next_deadline() const {
    Deadline next;
    for (const auto& one : running_)
        if (!one.killed) next = earlier(next, one.kill_at);
    return next;
}

void CommandRunner::step(Instant now) {
    for (auto& one : running_) {
        if (one.killed || now < one.kill_at) continue;
        kill(-one.process.pid, SIGKILL);
        one.killed = true;
    }
}

}  // namespace vrrpd::supervisor
