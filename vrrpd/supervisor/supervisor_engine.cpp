// The lives of the engine: how it starts, what follows when it ends, and the sweep of what it left.
#include <unistd.h>

#include <csignal>

#include "vrrpd/base/heap.hpp"
#include "vrrpd/supervisor/child_process.hpp"
#include "vrrpd/supervisor/supervisor.hpp"

namespace vrrpd::supervisor {

using std::chrono::seconds;

namespace {

constexpr Duration sweep_limit = seconds(10);

}  // namespace

void Supervisor::start_engine(bool adopt) {
    prepare();
    give_back_free_memory();  // what judging the configuration took is shared with the engine otherwise
    const Instant now = boot_now();
    if (!succession_) state_->begin_beats();  // else another daemon's still beats
    heartbeat_.set_limit(start_limit);
    heartbeat_.started(now);
    policy_.started(now);
    phase_ = Running{};
    EngineStart start;
    start.main = services_.engine;
    start.state = state_->fd();
    start.configuration = sealed_.get();
    start.id = settings_.id;
    start.observe = settings_.observe;
    start.adopt = adopt;
    start.stand_by = succession_.has_value();
    start.detail = settings_.detail;
    start.keep_stderr = settings_.foreground;
    start.watch_addresses = settings_.watch_addresses;
    start.greet = [this](ipc::Channel& channel) { greet(channel); };
    auto started = supervisor::start_engine(start);
    if (!started) {
        services_.log.error("{}", started.error().describe());
        return engine_ended({false, -1});
    }
    engine_ = std::move(*started);
    channel_watch_ = loop_.on_readable(engine_->channel.fd(), [this] { on_message(); });
    services_.log.info("engine started, pid {}", engine_->pid);
    if (!settings_.engine_pid_file.empty() && !succession_)
        if (const auto written = engine_pid_file_.write(engine_->pid); !written)
            services_.log.warning("{}", written.error().describe());
}

void Supervisor::start_or_wait(Instant start_at, bool adopt) {
    if (start_at <= boot_now()) return start_engine(adopt);
    services_.log.notice("the engine is started again in {} s",
                         std::chrono::ceil<seconds>(start_at - boot_now()).count());
    phase_ = BackingOff{start_at, adopt};
}

void Supervisor::begin_sweep(Instant start_at, bool then_stop) {
    const auto started = services_.start_sweep();
    engine_is_gone();
    prepared_ = false;  // the sweep puts switches back and removes the list
    const Sweeping sweeping{started ? *started : -1, start_at, boot_now() + sweep_limit, then_stop};
    if (!started) {
        services_.log.error("{}", started.error().describe());
        return sweep_ended(sweeping);
    }
    phase_ = sweeping;
}

// ---- children end -------------------------------------------------------------------------------------

// Where we are the first process of a container, what scripts leave behind becomes ours, and must not stay as a zombie.
void Supervisor::reap() {
    reap_ours();
    pid_t seen = 0;
    for (pid_t pid = ended_child(); pid > 0; pid = ended_child()) {
        if (handoff_desk_ && handoff_desk_->has_started(pid)) return;  // it is asked for when its time comes
        // One that ended only now is ours still, perhaps; one that nobody wanted when asked again is nobody's.
        if (std::exchange(seen, pid) == pid)
            (void)ended(pid);
        else
            reap_ours();
    }
}

void Supervisor::reap_ours() {
    agent_.child_ended();
    errands_.child_ended();
    scripts_child_ended();
    if (handoff_desk_) handoff_desk_->child_ended();
    if (last_errands_are_over(boot_now())) return run_last_script();
    if (const auto* const sweeping = std::get_if<Sweeping>(&phase_)) {
        const auto how = ended(sweeping->pid);
        if (how && *how != Ending{}) services_.log.error("the sweep {}: the next start tries again", describe(*how));
        if (how) sweep_ended(Sweeping(*sweeping));
        return;
    }
    if (!engine_) return;
    if (const auto how = ended(engine_->pid)) {
        while (hear()) continue;  // what it said last
        channel_watch_ = {};
        engine_.reset();
        to_engine_.clear();
        engine_ended(*how);
    }
}

void Supervisor::engine_ended(const Ending& how) {
    if (std::holds_alternative<Stopping>(phase_)) {
        if (how != Ending{}) services_.log.error("the engine {}", describe(how));
        return finish();
    }
    if (std::holds_alternative<Yielding>(phase_)) return engine_left();
    const Instant now = boot_now();
    services_.log.error("the engine {}", describe(how));
    if (succession_) return abandon_succession("its engine ended");
    if (handoff_desk_) handoff_desk_->give_up("the engine of the running daemon ended");
    const auto verdict = policy_.ended(now, how);
    if (const auto* const give_up = std::get_if<GiveUp>(&verdict)) {
        services_.log.error("{}: stopping", settings_.respawn ? "the next one would end the same way"
                                                              : "no other is started (--dont-respawn)");
        status_ = give_up->status;
        return finish();
    }
    auto restart = std::get<Restart>(verdict);
    // It died between two configurations: what the old one had and the new one has not would stay.
    if (reloading_) restart.sweep = true;
    if (settings_.observe) restart.sweep = false;
    if (restart.sweep) return begin_sweep(now + restart.wait, false);
    start_or_wait(now + restart.wait, restart.adopt);
}

void Supervisor::sweep_ended(const Sweeping& sweep) {
    if (sweep.then_stop) return end();
    start_or_wait(sweep.start_at, false);
}

}  // namespace vrrpd::supervisor
