// The scripts of a configuration: what is tracked goes to the engine, what the engine tells goes to scripts and FIFOs;
// and what runs once, before everything and after it. Hence also how a stop ends.
#include "vrrpd/supervisor/supervisor.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr Duration errands_limit = std::chrono::seconds(1);  // at a stop

}  // namespace

// startup_script comes before anything else.
void Supervisor::begin() {
    if (startup_.script && !settings_.observe && !succession_ && std::holds_alternative<Running>(phase_)) {
        phase_ = FirstScript{};
        auto command = command_for(*startup_.script, "startup_script");
        command.limit = startup_.limit;
        command.done = [this](const Outcome&) {
            if (std::holds_alternative<FirstScript>(phase_)) begin();
        };
        once_.run(std::move(command));
        return;
    }
    phase_ = Running{};
    if (succession_) return start_engine(true);
    const bool left_behind = !settings_.observe && read_file(settings_.owned_file);
    if (left_behind) services_.log.notice("the daemon before did not stop in order: sweeping what it left");
    if (left_behind)
        begin_sweep(boot_now(), false);
    else
        start_engine(false);
}

void Supervisor::take_scripts(ScriptNeeds needs) {
    if (settings_.observe) needs = needs.observed();
    trackers_.expect(needs.track);
    if (succession_)
        succession_->notify = std::move(needs.notify);  // the daemon before still tells
    else
        notifier_.expect(std::move(needs.notify));
    units_.expect(std::move(needs.units));
    startup_ = std::move(needs.startup);
    shutdown_ = std::move(needs.shutdown);
}

void Supervisor::greet(ipc::Channel& channel) {
    trackers_.tell_again();
    trackers_.tell([&](const ipc::TrackerState& state) { return channel.send(ipc::Kind::tracker, encode(state)); });
    agent_.tell(channel);
}

void Supervisor::tell(const ipc::Notices& notices) {
    if (succession_)
        succession_->untold.push_back(notices);
    else
        notifier_.tell(notices);
}

bool Supervisor::scripts_may_run() const {
    return !is_stopping() && !succession_ && !std::holds_alternative<FirstScript>(phase_);
}

void Supervisor::tell_trackers() {
    if (engine_)
        trackers_.tell([this](const ipc::TrackerState& state) {
            return engine_->channel.send(ipc::Kind::tracker, encode(state));
        });
}

void Supervisor::scripts_step(Instant now) {
    once_.step(now);
    notifier_.step(now);
    units_.step(now);
    if (scripts_may_run()) trackers_.step(now);
}

void Supervisor::scripts_child_ended() {
    once_.child_ended();
    notifier_.child_ended();
    units_.child_ended();
    trackers_.child_ended();
}

Deadline Supervisor::scripts_deadline() const {
    Deadline next = earlier(once_.next_deadline(), earlier(notifier_.next_deadline(), units_.next_deadline()));
    if (scripts_may_run()) next = earlier(next, trackers_.next_deadline());
    return next;
}

void Supervisor::role_changed(const ipc::Message& message) {
    if (const auto change = ipc::decode<ipc::RoleChange>(message.text))
        units_.role(change->gateway, change->role == proto::Role::active);
    agent_.pass_on(message);
}

// All that it had is being swept: this host is nobody's gateway.
void Supervisor::engine_is_gone() {
    agent_.engine_is_gone();
    units_.stop_all();
}

bool Supervisor::is_stopping() const {
    return std::holds_alternative<Stopping>(phase_) || std::holds_alternative<LastErrands>(phase_) ||
           std::holds_alternative<LastScript>(phase_);
}

// The engine has ended. Whatever it left (nothing, if it handed over) goes, the switches go back.
void Supervisor::finish() {
    if (settings_.observe) return loop_.stop();
    if (settings_.keep_addresses) {
        services_.log.notice("addresses, routes and rules stay in place (--dont-release-vrrp)");
        return end();
    }
    begin_sweep(boot_now(), true);
}

// keepalived gives its scripts as long at a stop.
void Supervisor::end() {
    notifier_.stop();
    units_.stop_all();
    if (errands_are_done()) return run_last_script();
    phase_ = LastErrands{boot_now() + errands_limit};
}

// After everything else; then the daemon ends.
void Supervisor::run_last_script() {
    if (!shutdown_.script || settings_.observe || handed_off_) return loop_.stop();
    phase_ = LastScript{};
    auto command = command_for(*shutdown_.script, "shutdown_script");
    command.limit = shutdown_.limit;
    command.done = [this](const Outcome&) { loop_.stop(); };
    once_.run(std::move(command));
}

}  // namespace vrrpd::supervisor
