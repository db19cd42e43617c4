// Another configuration: read, judged, given to the engine; and what follows from its being in force.
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "vrrpd/base/heap.hpp"
#include "vrrpd/supervisor/service_manager.hpp"
#include "vrrpd/supervisor/supervisor.hpp"

namespace vrrpd::supervisor {

namespace {

void tell_manager_reloading() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    tell_manager(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                             static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000));
}

}  // namespace

void Supervisor::reload() {
    if (is_stopping()) return;
    reload_put_off_ = !may_reload();
    if (reload_put_off_ && !reloading_)
        services_.log.notice("no reload now: a successor reads the files anyway, and without one it follows later");
    if (reload_put_off_) return;
    tell_manager_reloading();
    mark_reload(true);
    auto judgement = services_.judge();
    say(judgement, services_.log);
    report_check(judgement);
    if (const auto why = why_not(judgement); why.empty())
        accept(std::move(judgement));
    else
        services_.log.error("reload refused: {}; the running configuration stays", why);
    give_back_free_memory();
    if (reloading_) return;
    mark_reload(false);
    tell_manager("READY=1");
}

// While an engine is about to be another process's, or another configuration's. Where none runs the next one begins
// with it: perhaps that is what makes an end of its crashes.
bool Supervisor::may_reload() const {
    const bool handoff = succession_ || (handoff_desk_ && handoff_desk_->under_way());
    return !handoff && !std::holds_alternative<Yielding>(phase_) && !(reloading_ && engine_);
}

void Supervisor::reload_if_put_off() {
    if (reload_put_off_ && may_reload()) reload();
}

// By the rules of the configuration that runs. Empty: it is taken.
std::string Supervisor::why_not(const Judgement& judgement) const {
    if (judgement.file_missing) return "the file is not there";
    if (!judgement.can_start) return "it could not be run";
    if (!judgement.balanced) return not_balanced;
    if (!same_names(process_, judgement.outline.process))
        return "instance, net_namespace and use_pid_dir are for as long as the daemon runs: restart it";
    const int status = config::config_test_status(judgement.faults, false, settings_.as_keepalived);
    if (process_.check_reload && status != 0)
        return fmt::format("the check ends with {} (reload_check_config takes 0 alone)", status);
    return {};
}

void Supervisor::report_check(const Judgement& judgement) const {
    if (!process_.check_reload || process_.check_log.empty()) return;
    std::string report;
    for (const auto& fault : judgement.faults) report += fault.describe() + '\n';
    if (const auto written = append_to_file(process_.check_log, report); !written)
        services_.log.warning("reload_check_config: {}", written.error().describe());
}

// reload_file: it is there while a reload is under way.
void Supervisor::mark_reload(bool under_way) const {
    if (!process_.reload_marker) return;
    const auto& path = process_.reload_marker->empty() ? settings_.reload_marker : *process_.reload_marker;
    if (!under_way) {
        unlink(path.c_str());
    } else if (const auto made = write_file(path, ""); !made) {
        services_.log.warning("reload_file: {}", made.error().describe());
    }
}

void Supervisor::accept(Judgement judgement) {
    if (!engine_) {  // the next start takes it
        take(std::move(judgement));
        notifier_.reloaded();
        if (reported_ready_) configure_agent();
        prepared_ = false;
        return;
    }
    const auto& wanted = judgement.outline;
    if (!settings_.observe) set_switches(wanted.switches, merge(owned_file(), wanted.owned));
    if (!engine_->channel.send(ipc::Kind::reload, {}, 0, judgement.sealed.get())) {
        services_.log.error(
            "reload refused: the engine is not there, or does not listen; ask for it again in some seconds");
        return;
    }
    take(std::move(judgement));
    reloading_ = true;
}

void Supervisor::reloaded() {
    reloading_ = false;  // the engine said what changed
    notifier_.reloaded();
    configure_agent();
    heartbeat_.set_limit(heartbeat_limit(longest_interval_));
    (void)state_->take_longest_pause();  // it had something to read
    take_place(engine_->pid, engine_place_, services_.log);
    if (!settings_.observe) {
        const auto wanted = plan();
        Owned now = wanted.owned;
        std::vector<OwnedSwitch> not_wanted;
        for (const auto& known : owned_file().switches) {
            const bool kept = std::any_of(wanted.switches.begin(), wanted.switches.end(), [&](const Switch& one) {
                return one.option == known.option && (one.device == known.device || is_spread(one));
            });
            (kept ? now.switches : not_wanted).push_back(known);
        }
        const auto kernel = services_.open_kernel();
        if (kernel) restore(not_wanted, **kernel, services_.log);
        write_owned(now);
    }
    give_back_free_memory();
    mark_reload(false);
    tell_manager("READY=1");
}

}  // namespace vrrpd::supervisor
