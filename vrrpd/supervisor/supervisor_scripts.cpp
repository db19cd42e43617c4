// The scripts of a configuration: what is tracked goes to the engine, what the engine tells goes to scripts and FIFOs;
// and what runs once, before everything and after it. Hence also how a stop ends.
#include "vrrpd/supervisor/supervisor.hpp"

namespace vrrpd::supervisor {

namespace {

using std::chrono::seconds;

// At a stop, from when all is swept. A host that goes down waits for neither a mail server nor a restart of dnsmasq;
// for what scripts have to undo it does.
constexpr Duration errands_limit = seconds(1), readers_limit = seconds(1), scripts_limit = seconds(5),
                   grace = seconds(3);  // from SIGTERM to our own end

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
        const auto run = once_.run(std::move(command));
        if (auto* const first = std::get_if<FirstScript>(&phase_)) first->run = run;  // it could be started
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
    script_identities_ = std::move(needs.identities);
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

// Not before the first engine has begun: a result that overtook it would weigh on routers that have no role yet, where
// keepalived tells of BACKUP first and of the other priority then.
bool Supervisor::scripts_may_run() const { return reported_ready_ && !is_stopping() && !succession_; }

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
    if (!is_stopping()) notifier_.tell_all(ipc::Notice::Event::fault);
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

// An engine that stopped in order has told STOP itself. With --dont-release-vrrp nobody tells it, as with keepalived.
void Supervisor::end() {
    if (!settings_.keep_addresses) notifier_.tell_all(ipc::Notice::Event::stop);
    units_.stop_all();
    begin_last_errands();
}

void Supervisor::begin_last_errands() {
    notifier_.stop(handed_off_ ? Duration(0) : readers_limit, scripts_limit);
    const auto now = boot_now();
    phase_ = LastErrands{now + errands_limit, now + scripts_limit + grace};
    if (last_errands_are_over(now)) run_last_script();
}

bool Supervisor::last_errands_are_over(Instant now) const {
    const auto* const last = std::get_if<LastErrands>(&phase_);
    if (last == nullptr || now >= last->end_at) return last != nullptr;
    const bool errands_are_done = errands_.idle() && notifier_.idle() && units_.idle();
    return errands_are_done || (now >= last->errands_until && notifier_.scripts_are_done());
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
