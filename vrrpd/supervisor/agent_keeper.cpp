#include "vrrpd/supervisor/agent_keeper.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "vrrpd/supervisor/child_process.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr Duration first_pause = std::chrono::seconds(1), longest_pause = std::chrono::seconds(30);
constexpr Duration calm = std::chrono::minutes(1);  // ran for so long: the next pause is a first one again

// All notices begin with it.
std::string gateway_of(const ipc::Message& message) { return message.text.substr(0, message.text.find('\n')); }

}  // namespace

AgentKeeper::AgentKeeper(Loop& loop, Log& log, Start start, ToEngine to_engine)
    : loop_(loop), log_(log), start_(std::move(start)), to_engine_(std::move(to_engine)) {}

AgentKeeper::~AgentKeeper() { stop(); }

void AgentKeeper::configure(bool wanted, int configuration) {
    configuration_ = configuration;
    if (!wanted) {
        start_at_.reset();
        decided_.clear();
        return stop();
    }
    if (!process_) return start();
    // One that takes no orders hangs; its successor reads the new configuration at once.
    if (!process_->channel.send(ipc::Kind::reload, {}, 0, configuration)) kill(process_->pid, SIGKILL);
}

void AgentKeeper::tell_engine_again() const {
    for (const auto& [what, text] : decided_) to_engine_(what.first, text);
}

void AgentKeeper::pass_on(const ipc::Message& message) {
    if (message.kind == ipc::Kind::wan_state) wan_states_[gateway_of(message)] = message.text;
    if (process_) process_->channel.send(message.kind, message.text);
}

void AgentKeeper::step(Instant now) {
    if (start_at_ && *start_at_ <= now) start();
}

void AgentKeeper::start() {
    start_at_.reset();
    started_at_ = boot_now();
    auto started = start_(configuration_);
    if (!started) return ended(started.error().describe());
    process_ = std::move(*started);
    watch_ = loop_.on_readable(process_->channel.fd(), [this] { read(); });
    log_.info("agent started, pid {}", process_->pid);
    for (const auto& [gateway, text] : wan_states_) process_->channel.send(ipc::Kind::wan_state, text);
}

// It has nothing to hand over: what it decided stays in force until the engine takes it back.
void AgentKeeper::stop() {
    if (!process_) return;
    watch_ = {};
    kill(process_->pid, SIGKILL);
    waitpid(process_->pid, nullptr, 0);
    process_.reset();
}

void AgentKeeper::child_ended() {
    const auto how = process_ ? supervisor::ended(process_->pid) : std::nullopt;
    if (!how) return;
    read();  // what it said last
    watch_ = {};
    process_.reset();
    ended(describe(*how));
}

void AgentKeeper::ended(const std::string& how) {
    const auto now = boot_now();
    pause_ = now - started_at_ > calm ? first_pause : std::clamp(2 * pause_, first_pause, longest_pause);
    start_at_ = now + pause_;
    log_.error("the agent {}; it is started again in {} s", how, pause_ / std::chrono::seconds(1));
}

void AgentKeeper::read() {
    ipc::Message message;
    while (process_) {
        const auto got = process_->channel.receive(message);
        if (got == ipc::Channel::State::closed) watch_ = {};  // its end follows by SIGCHLD
        if (got != ipc::Channel::State::message || !handle(message)) return;
    }
}

// false: it is no longer worth listening to.
bool AgentKeeper::handle(const ipc::Message& message) {
    switch (message.kind) {
        case ipc::Kind::log:
            log_.write(std::min(static_cast<LogLevel>(message.detail), LogLevel::error), message.text);
            return true;
        case ipc::Kind::dns_choice:
        case ipc::Kind::service_weight:
            decided_[{message.kind, gateway_of(message)}] = message.text;
            to_engine_(message.kind, message.text);
            return true;
        default:
            log_.error("the agent sent a message of kind {}: killed", static_cast<unsigned>(message.kind));
            kill(process_->pid, SIGKILL);
            watch_ = {};
            return false;
    }
}

}  // namespace vrrpd::supervisor
