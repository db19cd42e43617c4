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

CommandRunner::Ticket CommandRunner::run(Command command) {
    if (!command.key.empty())
        std::erase_if(waiting_, [&](const Waiting& other) { return other.command.key == command.key; });
    const auto ticket = ++last_ticket_;
    waiting_.push_back({ticket, std::move(command)});
    start_next();
    if (waiting_.size() > limits_.waiting) drop_oldest();
    return ticket;
}

void CommandRunner::signal(Ticket ticket, int number) {
    for (auto& one : running_) {
        if (one.ticket != ticket) continue;
        kill(-one.process.pid, number);
        one.signalled = true;
    }
}

void CommandRunner::drop(Ticket ticket) {
    std::erase_if(waiting_, [&](const Waiting& one) { return one.ticket == ticket; });
    for (auto& one : running_) {
        if (one.ticket != ticket) continue;
        kill(-one.process.pid, SIGKILL);
        one.command.quiet = true;
        one.command.done = nullptr;
    }
}

void CommandRunner::start_next() {
    while (!waiting_.empty() && running_.size() < limits_.at_once) {
        auto [ticket, command] = std::move(waiting_.front());
        waiting_.pop_front();
        auto started = start(command);
        if (!started) {
            finish(command, {"could not be started: " + started.error().describe(), std::nullopt});
            continue;
        }
        Deadline kill_at;
        if (command.limit > Duration(0)) kill_at = boot_now() + command.limit;
        running_.push_back({ticket, std::move(command), std::move(*started), kill_at});
        if (const auto told = running_.back().command.started) told();
    }
    if (!waiting_.empty() || dropped_ == 0) return;
    log_.warning("{} commands were dropped", std::exchange(dropped_, 0));
}

void CommandRunner::drop_oldest() {
    const auto oldest = std::move(waiting_.front().command);
    waiting_.pop_front();
    if (dropped_++ == 0)
        log_.warning("{} waits behind {} others: of more, the oldest are dropped", oldest.what,
                     limits_.at_once + limits_.waiting);
    if (oldest.done) oldest.done({"too many wait", std::nullopt});
}

void CommandRunner::finish(const Command& command, const Outcome& outcome) {
    const bool is_answer = command.quiet && outcome.how;
    if (!outcome.problem.empty() && !is_answer) log_.error("{} {}", command.what, outcome.problem);
    if (command.done) command.done(outcome);
}

void CommandRunner::child_ended() {
    std::vector<std::pair<Command, Outcome>> ended;
    for (auto one = running_.begin(); one != running_.end();) {
        const auto how = supervisor::ended(one->process.pid);
        if (!how) {
            ++one;
            continue;
        }
        if (one->killed || one->signalled) kill(-one->process.pid, SIGKILL);  // the rest of the tree
        auto outcome = outcome_of(*one, *how);
        ended.emplace_back(std::move(one->command), std::move(outcome));
        one = running_.erase(one);
    }
    for (const auto& [command, outcome] : ended) finish(command, outcome);
    if (!ended.empty()) start_next();
}

Outcome CommandRunner::outcome_of(const Running& ended, const Ending& how) {
    std::array<char, 512> complaint{};
    const auto got = read(ended.process.complaint.get(), complaint.data(), complaint.size());
    if (got > 0)
        return {{complaint.data(), static_cast<std::size_t>(got)},
                ended.command.act ? std::optional(how) : std::nullopt};
    if (ended.killed)
        return {fmt::format("did not end in {} s, and was killed", ended.command.limit / std::chrono::seconds(1)), how};
    return {how == Ending{} ? std::string() : describe(how), how};
}

Deadline CommandRunner::next_deadline() const {
    Deadline next;
    for (const auto& one : running_)
        if (!one.killed) next = earlier(next, one.kill_at);
    return next;
}

void CommandRunner::step(Instant now) {
    for (auto& one : running_) {
        if (one.killed || !one.kill_at || now < *one.kill_at) continue;
        kill(-one.process.pid, SIGKILL);
        one.killed = true;
    }
}

}  // namespace vrrpd::supervisor
