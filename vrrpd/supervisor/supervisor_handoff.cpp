// A handoff (handoff_wire.hpp), from both sides: the daemon that runs lets its engine leave to a successor's, which
// goes on from what both share; and the successor, which takes the files over last of all.
#include <unistd.h>

#include <csignal>

#include "vrrpd/supervisor/service_manager.hpp"
#include "vrrpd/supervisor/supervisor.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr Duration longest_wait_aside = std::chrono::seconds(20);

}  // namespace

// ---- the daemon that runs -----------------------------------------------------------------------------

void Supervisor::open_handoff_desk() {
    if (settings_.handoff_path.empty() || settings_.observe) return;
    auto listener = listen_for_handoffs(settings_.handoff_path);
    if (!listener) services_.log.warning("{}; no handoff is possible", listener.error().describe());
    if (listener) open_handoff_desk(std::move(*listener));
}

void Supervisor::open_handoff_desk(HandoffSocket listener) {
    HandoffDesk::Services services{[this] { return handoff_obstacle(); },
                                   [this] { return legacy(); },
                                   [this](bool keep) { let_engine_leave(keep); },
                                   [this] { handoff_failed(); },
                                   [this](pid_t successor) { leave_to(successor); },
                                   settings_.foreground,
                                   settings_.waits_aside ? Deadline(boot_now() + longest_wait_aside) : std::nullopt,
                                   [this] { successor_stays_away(); }};
    handoff_desk_.emplace(loop_, services_.log, std::move(listener), std::move(services));
}

std::string Supervisor::handoff_obstacle() const {
    if (is_stopping()) return "the running daemon is stopping";
    if (reloading_) return "a reload is under way: ask again when it is through";
    if (succession_) return "another handoff is under way";
    if (!engine_ || !reported_ready_ || !std::holds_alternative<Running>(phase_))
        return "the running daemon's engine does not run";
    return {};
}

HandoffSocket::Descriptors Supervisor::legacy() {
    const auto text = encode(
        Memory{trackers_.memory(), notifier_.memory(), agent_.memory(), notifier_.made_fifos(), units_.memory()});
    auto sealed = ipc::seal(text, "vrrpd-memory");
    if (!sealed) services_.log.error("{}", sealed.error().describe());
    legacy_ = sealed ? std::move(*sealed) : Fd();
    return {{"lock", settings_.lock_file},
            {"lock_socket", settings_.lock_socket},
            {"shared_state", state_->fd()},
            {"configuration", sealed_.get()},
            {"configuration_for_agent", sealed_for_agent_.get()},
            {"control", agent_resources_.callers()},
            {"listener", handoff_desk_->listener()},
            {"memory", legacy_.get()}};
}

void Supervisor::let_engine_leave(bool keep) {
    phase_ = Yielding{keep};
    if (!engine_->channel.send(keep ? ipc::Kind::yield : ipc::Kind::stop)) kill(engine_->pid, SIGKILL);
}

// An engine of ours goes on: as soon as the one that was told to leave has left.
void Supervisor::handoff_failed() {
    if (!std::holds_alternative<Yielding>(phase_)) return;
    if (engine_)
        kill(engine_->pid, SIGKILL);
    else
        start_engine(std::get<Yielding>(phase_).adopt);
}

void Supervisor::engine_left() {
    if (!std::get<Yielding>(phase_).adopt) auth_file_.save(*state_);
    if (handoff_desk_->under_way())
        handoff_desk_->engine_left();
    else
        start_engine(std::get<Yielding>(phase_).adopt);
}

void Supervisor::successor_stays_away() {
    services_.log.error("the service was to be restarted, and has not taken over: the role is handed over");
    stop();
}

// Everything is the successor's now: what has our name is removed by it, when its time comes.
void Supervisor::leave_to(pid_t successor) {
    handed_off_ = true;
    tell_manager(fmt::format("MAINPID={}", successor));
    agent_.retire();
    agent_resources_.let_go();
    engine_pid_file_.let_go();
    notifier_.let_go();
    services_.log.notice("the successor, pid {}, goes on; this process ends", successor);
    begin_last_errands();
}

// ---- the successor --------------------------------------------------------------------------------------

// With the configuration that runs, and all that is known of it: so nothing changes while the engines change. What the
// files say now is a reload afterwards.
void Supervisor::begin_succession(Judgement judgement) {
    succession_.emplace(Succession{std::move(*settings_.inheritance), std::move(judgement)});
    auto& inheritance = succession_->inheritance;
    Judgement running;
    running.can_start = true;
    running.outline = services_.outline(inheritance.configuration.get());
    running.sealed = std::move(inheritance.configuration);
    running.sealed_for_agent = std::move(inheritance.configuration_for_agent);
    take(std::move(running));
    trackers_.remember(inheritance.memory.trackers);
    agent_.remember(inheritance.memory.agent);
    units_.remember(inheritance.memory.units);
    succession_->watch = loop_.on_readable(inheritance.predecessor.fd(), [this] { on_predecessor(); });
}

void Supervisor::on_predecessor() {
    HandoffMessage message;
    while (succession_) {
        const auto state = succession_->inheritance.predecessor.receive(message);
        if (state == HandoffSocket::State::empty) return;
        if (state == HandoffSocket::State::closed) {
            // Nobody else is left to do the work.
            if (succession_->is_our_turn) return succeed();
            return abandon_succession("the daemon before is gone, or does not want it any more");
        }
        if (message.word == "go" && engine_) {
            succession_->is_our_turn = true;
            const bool adopt = message.text == "adopt";
            if (!adopt) auth_file_.restore(*state_, boot_now());
            engine_->channel.send(ipc::Kind::proceed, {}, adopt ? 1 : 0);
        } else if (message.word == "yours") {
            succeed();
        }
    }
}

// The daemon before goes on. Nothing is swept: it is all in use.
void Supervisor::abandon_succession(const std::string& why) {
    services_.log.error("handoff: {}; the daemon before goes on", why);
    status_ = static_cast<int>(Exit::failed);
    agent_resources_.let_go();
    loop_.stop();
}

void Supervisor::succeed() {
    auto succession = std::move(*succession_);
    succession_.reset();
    notifier_.expect(std::move(succession.notify));
    notifier_.remember(succession.inheritance.memory.told, succession.inheritance.memory.fifos);
    for (const auto& notices : succession.untold) notifier_.tell(notices);
    if (!settings_.engine_pid_file.empty())
        if (const auto written = engine_pid_file_.write(engine_->pid); !written)
            services_.log.warning("{}", written.error().describe());
    if (succession.inheritance.listener) open_handoff_desk(std::move(succession.inheritance.listener));
    services_.log.notice("took over from the daemon before");
    report_ready();
    begin_feeding_watchdog();
    accept(std::move(succession.wanted));
}

}  // namespace vrrpd::supervisor
