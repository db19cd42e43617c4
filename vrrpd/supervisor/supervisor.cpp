// See supervisor.hpp.
#include "vrrpd/supervisor/supervisor.hpp"

#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "vrrpd/base/assert.hpp"
#include "vrrpd/base/heap.hpp"
#include "vrrpd/config/umask.hpp"
#include "vrrpd/supervisor/child_process.hpp"
#include "vrrpd/supervisor/dump_globals.hpp"
#include "vrrpd/supervisor/service_manager.hpp"
#include "vrrpd/supervisor/signals.hpp"

namespace vrrpd::supervisor {

using std::chrono::seconds;

namespace {

constexpr Duration stop_limit = config::default_child_wait;
constexpr Duration log_pace = std::chrono::milliseconds(200);  // between two tries to write what nobody took
constexpr int messages_at_once = 256;                          // one that never falls silent is watched over, too
constexpr std::size_t records = 8192;  // of virtual routers; a record that is never used takes no memory

Fd block_signals(bool with_interrupt) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (const auto& signal : named_signals()) sigaddset(&set, signal.number);
    if (with_interrupt)
        sigaddset(&set, SIGINT);
    else
        std::signal(SIGINT, SIG_IGN);
    std::signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    return Fd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

}  // namespace

Supervisor::Supervisor(Settings settings, Services services)
    : settings_(std::move(settings)),
      services_(std::move(services)),
      signals_(block_signals(!settings_.ignore_interrupt)),
      reload_timer_(loop_, services_.log, [this] { reload(); }),
      auth_file_(settings_.auth_file, services_.log),
      to_engine_([this](auto kind, const auto& text) { return engine_->channel.send(kind, text); }),
      engine_pid_file_(settings_.engine_pid_file),
      heartbeat_(start_limit),
      agent_resources_(settings_.observe ? AgentResources::Paths() : settings_.agent, services_.log,
                       settings_.inheritance ? std::move(settings_.inheritance->control_socket) : Fd()),
      agent_(loop_, services_.log, agent_services()),
      errands_(services_.log, [this](const std::string& problem) { agent_.leases_written(problem); }),
      trackers_(loop_, services_.log),
      notifier_(services_.log),
      units_(services_.log,
             [this](const auto& units) {
                 agent_.pass_on({ipc::Kind::units, 0, encode(units), {}});
             }),
      once_(services_.log, {1, 1}) {
    ASSERT(signals_);
    if (!settings_.respawn) policy_.never_restart();
}

AgentKeeper::Services Supervisor::agent_services() {
    return {
        services_.start_agent,
        [this](ipc::Channel& channel) { agent_resources_.give(channel); },
        [this](ipc::Channel& channel, const AgentNeeds& needs) { agent_resources_.give_key(channel, needs.key_file); },
        [this](ipc::Kind kind, const std::string& text) {
            if (engine_) to_engine_.tell(kind, text);
        },
        [this](ipc::Message& message) {
            if (message.kind == ipc::Kind::alert) return errands_.alert(message);
            errands_.write_leases(std::move(message));
        },
        agent_resources_.callers()};
}

int Supervisor::run(Judgement judgement) {
    const bool inherits = settings_.inheritance && settings_.inheritance->readable;
    auto state = inherits ? ipc::SharedState::map(std::move(settings_.inheritance->shared_state))
                          : ipc::SharedState::create(records);
    if (!state) {
        services_.log.error("{}", state.error().describe());
        return static_cast<int>(Exit::failed);
    }
    state_ = std::move(*state);
    if (settings_.inheritance) {
        begin_succession(std::move(judgement));
    } else {
        take(std::move(judgement));
        auth_file_.restore(*state_, boot_now());
        open_handoff_desk();
    }
    signal_watch_ = loop_.on_readable(signals_.get(), [this] { on_signal(); });
    loop_.on_deadline([this] { on_deadline(); });
    loop_.before_wait([this] {
        reload_if_put_off();
        tell_trackers();
        if (engine_) to_engine_.flush();
        set_deadline();
    });
    if (!succession_) begin_feeding_watchdog();
    begin();
    loop_.run();
    if (handed_off_ || succession_) return status_;  // somebody else's now, or still
    auth_file_.save(*state_);
    if (handoff_desk_) unlink(settings_.handoff_path.c_str());
    return status_;
}

// ---- what wakes it ------------------------------------------------------------------------------------

void Supervisor::on_signal() {
    signalfd_siginfo info{};
    while (read(signals_.get(), &info, sizeof info) == sizeof info) obey(static_cast<int>(info.ssi_signo));
}

void Supervisor::obey(int signal) {
    switch (signal) {
        case SIGHUP:
            return reload();
        case SIGCHLD:
            return reap();
        case SIGTERM:
        case SIGINT:
            return stop();
        default:
            for (const auto& named : named_signals())
                if (named.number == signal && named.dump) ask_for_dump(*named.dump);
    }
}

void Supervisor::on_message() {
    for (int i = 0; i < messages_at_once && hear(); ++i) continue;
}

// false: there is no more to hear.
bool Supervisor::hear() {
    if (!engine_) return false;
    ipc::Message message;
    const auto got = engine_->channel.receive(message);
    // The end of the process follows by SIGCHLD, and a process that lives on without channel is silent for the
    // heartbeat too.
    if (got == ipc::Channel::State::closed) channel_watch_ = {};
    return got == ipc::Channel::State::message && handle(message);
}

// false: the engine is no longer worth listening to.
bool Supervisor::handle(const ipc::Message& message) {
    switch (message.kind) {
        case ipc::Kind::log:
            (services_.engine_log ? *services_.engine_log : services_.log)
                .write(std::min(static_cast<LogLevel>(message.detail), LogLevel::error), message.text);
            break;
        case ipc::Kind::ready:
            engine_ready();
            break;
        case ipc::Kind::reloaded:
            // Another engine gets it by inheritance.
            if (message.detail != 0)
                kill_engine("could not read the new configuration");
            else
                reloaded();
            break;
        case ipc::Kind::device_appeared:
            if (!settings_.observe) set_switches(services_.outline(sealed_.get()).switches, owned_file());
            break;
        case ipc::Kind::role_change:
            role_changed(message);
            break;
        case ipc::Kind::wan_state:
        case ipc::Kind::host_silent:
        case ipc::Kind::readiness:
        case ipc::Kind::standing:
        case ipc::Kind::host_alive:
        case ipc::Kind::dhcp_offer:
        case ipc::Kind::status:
            agent_.pass_on(message);
            break;
        case ipc::Kind::dump:
            write_dump(message);
            break;
        case ipc::Kind::notify:
            if (const auto notices = ipc::decode<ipc::Notices>(message.text)) tell(*notices);
            break;
        case ipc::Kind::standing_by:
            if (succession_)
                succession_->inheritance.predecessor.send("standing", std::to_string(engine_->pid),
                                                          {{"engine", engine_->channel.fd()}});
            break;
        case ipc::Kind::handed_over:
            services_.log.info("the engine handed over");
            break;
        default:  // an order, or no kind at all: its memory is spoilt, and ours must not follow
            kill_engine(fmt::format("sent a message of kind {}", static_cast<unsigned>(message.kind)));
            channel_watch_ = {};
            return false;
    }
    return true;
}

void Supervisor::engine_ready() {
    policy_.ready();
    heartbeat_.set_limit(heartbeat_limit(longest_interval_));
    heartbeat_.started(loop_.now());
    take_place(engine_->pid, engine_place_, services_.log);
    give_back_free_memory();
    agent_.tell_engine_again();
    if (succession_)
        succession_->inheritance.predecessor.send("ready");
    else
        report_ready();
    // It began with the configuration that its predecessor did not get into force.
    if (reloading_) reloaded();
}

void Supervisor::report_ready() {
    if (std::exchange(reported_ready_, true)) return;
    configure_agent();
    tell_manager(fmt::format("READY=1\nMAINPID={}", getpid()));
    (services_.engine_log ? *services_.engine_log : services_.log).info("Startup complete");
    services_.ready();
}

void Supervisor::configure_agent() {
    if (!settings_.observe)
        agent_.configure(
            (sealed_for_agent_ ? sealed_for_agent_ : sealed_).get());  // an agent asks, and an observer is silent
}

void Supervisor::kill_engine(const std::string& why) {
    services_.log.error("the engine {}: killed", why);
    kill(engine_->pid, SIGKILL);
}

// max_auto_priority: each time that it finds itself late its real-time priority grows by one, until the next reload.
void Supervisor::raise_if_late() {
    if (process_.max_auto_priority <= engine_place_.real_time_priority) return;
    const auto late = state_->take_longest_pause() - ipc::engine_beat_interval;
    if (late < process_.min_auto_delay) return;
    const auto priority = ++engine_place_.real_time_priority;
    services_.log.notice("Set realtime priority {}: the engine ran {} ms late (max_auto_priority)", priority,
                         late / std::chrono::milliseconds(1));
    take_place(engine_->pid, engine_place_, services_.log);
}

void Supervisor::on_deadline() {
    const Instant now = loop_.now();
    agent_.step(now);
    errands_.step(now);
    scripts_step(now);
    auth_file_.step(*state_, now);
    if (handoff_desk_) handoff_desk_->step(now);
    if (!is_stopping() && !succession_) reload_timer_.step(now);
    if (feed_at_ && *feed_at_ <= now) feed_watchdog(now);
    if (const auto* const waiting = std::get_if<BackingOff>(&phase_)) {
        if (now >= waiting->start_at) start_engine(waiting->adopt);
    } else if (const auto* const stopping = std::get_if<Stopping>(&phase_)) {
        if (now >= stopping->kill_at && engine_) {
            kill_engine(fmt::format("did not hand over in {} s", stop_wait() / seconds(1)));
            phase_ = Stopping{now + stop_limit};
        }
    } else if (const auto* const sweeping = std::get_if<Sweeping>(&phase_)) {
        if (now >= sweeping->kill_at) kill(sweeping->pid, SIGKILL);
    } else if (std::holds_alternative<LastErrands>(phase_)) {
        if (last_errands_are_over(now)) run_last_script();
    } else if (engine_ && heartbeat_.hung(now, state_->last_beat())) {
        kill_engine("hangs (no heartbeat)");
        heartbeat_.started(now);
    } else if (engine_) {
        raise_if_late();
    }
}

void Supervisor::set_deadline() {
    struct When {
        const Heartbeat& heartbeat;
        Instant now;
        Deadline operator()(const Sweeping& sweeping) const { return sweeping.kill_at; }
        Deadline operator()(const BackingOff& waiting) const { return waiting.start_at; }
        Deadline operator()(const Running&) const { return heartbeat.next_check(); }
        Deadline operator()(const Stopping& stopping) const { return stopping.kill_at; }
        Deadline operator()(const LastErrands& last) const {
            return now < last.errands_until ? last.errands_until : last.end_at;
        }
        Deadline operator()(const FirstScript&) const { return std::nullopt; }
        Deadline operator()(const LastScript&) const { return std::nullopt; }
        Deadline operator()(const Yielding&) const { return std::nullopt; }  // the desk has one
    };
    const Deadline errands = earlier(errands_.next_deadline(), scripts_deadline());
    const Deadline handoff = handoff_desk_ ? handoff_desk_->next_deadline() : std::nullopt;
    const Deadline timed = is_stopping() || succession_ ? std::nullopt : reload_timer_.next_deadline();
    const Deadline files = earlier(earlier(feed_at_, earlier(handoff, timed)), auth_file_.next_deadline());
    const bool log_lags = services_.catch_up && !services_.catch_up();
    const Deadline log = log_lags ? Deadline(loop_.now() + log_pace) : std::nullopt;
    const Deadline agent = earlier(agent_.next_deadline(), to_engine_.next_deadline(loop_.now()));
    const Deadline beside = earlier(earlier(files, log), earlier(agent, errands));
    loop_.set_deadline(earlier(std::visit(When{heartbeat_, boot_now()}, phase_), beside));
}

// Only the main process may, which a successor is not yet.
void Supervisor::begin_feeding_watchdog() {
    watchdog_ = watchdog_pace();
    feed_watchdog(boot_now());
}

void Supervisor::feed_watchdog(Instant now) {
    if (watchdog_ == Duration(0)) return;
    tell_manager("WATCHDOG=1");
    feed_at_ = now + watchdog_;
}

// ---- starting -----------------------------------------------------------------------------------------

void Supervisor::take(Judgement judgement) {
    sealed_ = std::move(judgement.sealed);
    sealed_for_agent_ = std::move(judgement.sealed_for_agent);
    longest_interval_ = judgement.outline.longest_interval;
    agent_.expect(judgement.outline.agent);
    errands_.expect(std::move(judgement.outline.errands));
    take_scripts(std::move(judgement.outline.scripts));
    take_process_settings(std::move(judgement.outline.process));
    engine_place_ = std::move(judgement.outline.engine_place);
    dumped_globals_ = globals_heading(settings_.net_namespace) + judgement.outline.dumped_globals;
    plan_ = std::move(judgement.outline);
}

void Supervisor::take_process_settings(config::ProcessSettings settings) {
    process_ = std::move(settings);
    notifier_.set_mode(0666 & ~umask_in_force());
    if (settings_.observe) return;
    ::umask(umask_in_force());  // scripts get it, too; files of ours have the modes that they must have
    prctl(PR_SET_NAME, process_.process_name.empty() ? program_invocation_short_name : process_.process_name.c_str(), 0,
          0, 0);
    reload_timer_.watch(process_.reload_time_file, process_.reload_repeat);
}

Duration Supervisor::stop_wait() const { return process_.child_wait.value_or(config::default_child_wait); }

mode_t Supervisor::umask_in_force() const {
    return settings_.umask.value_or(process_.umask.value_or(config::default_umask));
}

Outline Supervisor::plan() {
    auto plan = plan_ ? std::move(*plan_) : services_.outline(sealed_.get());
    plan_.reset();
    return plan;
}

// Before the engine may touch anything: the list of what it may leave behind, and the devices' switches.
void Supervisor::prepare() {
    if (prepared_ || settings_.observe) return;
    const auto wanted = plan();
    set_switches(wanted.switches, merge(owned_file(), wanted.owned));
    prepared_ = true;
}

void Supervisor::set_switches(const std::vector<Switch>& wanted, Owned owned) {
    const auto kernel = services_.open_kernel();
    if (!kernel) services_.log.error("{}", kernel.error().describe());
    const auto changes = kernel ? changes_needed(wanted, **kernel) : std::vector<OwnedSwitch>{};
    Owned changed;
    changed.switches = changes;
    write_owned(merge(std::move(owned), changed));
    if (kernel) set(changes, **kernel, services_.log);
}

// ---- stop ---------------------------------------------------------------------------------------------

void Supervisor::stop() {
    if (is_stopping()) return;
    if (succession_) return abandon_succession("told to stop");
    if (handoff_desk_) handoff_desk_->give_up("told to stop");
    tell_manager("STOPPING=1");
    services_.log.notice("stopping");
    if (auto* const sweeping = std::get_if<Sweeping>(&phase_)) {
        sweeping->then_stop = true;
        return;
    }
    if (const auto* const first = std::get_if<FirstScript>(&phase_)) once_.drop(first->run);
    phase_ = Stopping{boot_now() + stop_wait()};
    if (!engine_) return finish();
    if (!engine_->channel.send(settings_.keep_addresses ? ipc::Kind::yield : ipc::Kind::stop))
        kill(engine_->pid, SIGKILL);
}

// ---- the list of what is ours ---------------------------------------------------------------------------

Owned Supervisor::owned_file() const { return parse_owned(read_file(settings_.owned_file).value_or("")); }

void Supervisor::write_owned(const Owned& owned) {
    if (const auto written = write_file(settings_.owned_file, to_text(owned)); !written)
        services_.log.error("{}; after a crash nothing could be swept", written.error().describe());
}

}  // namespace vrrpd::supervisor
