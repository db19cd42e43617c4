#include "vrrpd/supervisor/scripts/command_runner.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "vrrpd/base/loop.hpp"
#include "vrrpd/supervisor/child_process.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr Duration grace = std::chrono::seconds(2);  // from SIGTERM to SIGKILL

Deadline after(Instant now, Duration time) { return time > Duration(0) ? Deadline(now + time) : std::nullopt; }

bool reached(const Deadline& deadline, Instant now) { return deadline && *deadline <= now; }

}  // namespace

CommandRunner::~CommandRunner() {
    for (auto& one : running_) signal(one, SIGKILL);
}

// Its children are looked for first: they are its own no more when it has ended.
void CommandRunner::signal(Running& one, int number) {
    one.tree.look();
    kill(-one.process.pid, number);
    one.tree.signal(number);
}

CommandRunner::Ticket CommandRunner::run(Command command) {
    if (!command.key.empty()) supersede(command.key);
    const auto ticket = ++last_ticket_;
    waiting_.push_back({ticket, std::move(command), after(boot_now(), limits_.patience)});
    start_next();
    if (waiting_.size() > limits_.waiting) drop_oldest();
    return ticket;
}

void CommandRunner::signal(Ticket ticket, int number) {
    for (auto& one : running_) {
        if (one.ticket != ticket) continue;
        signal(one, number);
        one.signalled = true;
    }
}

void CommandRunner::drop(Ticket ticket) {
    std::erase_if(waiting_, [&](const Waiting& one) { return one.ticket == ticket; });
    for (auto& one : running_) {
        if (one.ticket != ticket) continue;
        signal(one, SIGKILL);
        one.command.quiet = true;
        one.command.done = nullptr;
    }
}

void CommandRunner::hurry(Duration left) {
    const auto now = boot_now();
    end_at_ = now + left;
    for (auto& one : waiting_) one.patient_until = now;
    for (auto& one : running_)
        if (!one.overran) one.kill_at = earlier(one.kill_at, end_at_);
    start_next();
}

// A later command of its key says what is true now.
void CommandRunner::supersede(const std::string& key) {
    const auto older =
        std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& other) { return other.command.key == key; });
    if (older == waiting_.end()) return;
    const auto command = std::move(older->command);
    waiting_.erase(older);
    log_.info("{} is not run: before its turn came there was a newer state", command.what);
    if (command.done) command.done({"there was a newer state", std::nullopt});
}

bool CommandRunner::has_place(Instant now) const {
    return static_cast<std::size_t>(std::count_if(running_.begin(), running_.end(), [&](const Running& one) {
               return !reached(one.counts_until, now);
           })) < limits_.at_once;
}

bool CommandRunner::must_wait(const Waiting& one, Instant now) const {
    if (one.command.key.empty() || reached(one.patient_until, now)) return false;
    return std::any_of(running_.begin(), running_.end(),
                       [&](const Running& other) { return other.command.key == one.command.key; });
}

void CommandRunner::start_next() {
    const auto now = boot_now();
    while (has_place(now)) {
        const auto next =
            std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& one) { return !must_wait(one, now); });
        if (next == waiting_.end()) break;
        auto one = std::move(*next);
        waiting_.erase(next);
        start_now(std::move(one), now);
    }
    if (!waiting_.empty() || dropped_ == 0) return;
    log_.warning("{} commands were dropped", std::exchange(dropped_, 0));
}

void CommandRunner::start_now(Waiting one, Instant now) {
    auto& command = one.command;
    const bool overtakes =
        !command.key.empty() && std::any_of(running_.begin(), running_.end(),
                                            [&](const Running& other) { return other.command.key == command.key; });
    if (overtakes) log_.warning("{} is run beside one before it that does not end", command.what);
    auto started = start(command);
    if (!started) return finish(command, {"could not be started: " + started.error().describe(), std::nullopt});
    const auto counts_until = after(now, limits_.counts_for);
    const auto kill_at = earlier(after(now, command.limit), end_at_);
    const ProcessTree tree(started->pid);
    running_.push_back({one.ticket, std::move(command), std::move(*started), tree, counts_until, kill_at});
    if (const auto told = running_.back().command.started) told();
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
        if (one->overran || one->signalled) signal(*one, SIGKILL);  // the rest of the tree
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
    const auto limit = ended.command.limit / std::chrono::seconds(1);
    if (ended.overran && limit == 0) return {"did not end before the daemon, and was killed", how};
    if (ended.overran) return {fmt::format("did not end in {} s, and was killed", limit), how};
    return {how == Ending{} ? std::string() : describe(how), how};
}

Deadline CommandRunner::next_deadline() const {
    Deadline next;
    for (const auto& one : running_) next = earlier(next, one.kill_at);
    if (waiting_.empty()) return next;
    const auto now = boot_now();
    const bool has_place = this->has_place(now);
    for (const auto& one : running_)
        if (!has_place && !reached(one.counts_until, now)) next = earlier(next, one.counts_until);
    for (const auto& one : waiting_)
        if (has_place) next = earlier(next, one.patient_until);
    return next;
}

void CommandRunner::step(Instant now) {
    for (auto& one : running_) {
        if (!reached(one.kill_at, now)) continue;
        signal(one, one.overran ? SIGKILL : SIGTERM);
        one.kill_at = std::exchange(one.overran, true) ? std::nullopt : Deadline(now + grace);
    }
    if (!waiting_.empty()) start_next();
}

}  // namespace vrrpd::supervisor
