#include "vrrpd/supervisor/scripts/script_tracker.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include "vrrpd/base/loop.hpp"

namespace vrrpd::supervisor {

namespace {

// Half of the 16 that may run at once; the others tell of states, and may take for ever.
constexpr CommandRunner::Limits limits{8, 100'000};

proto::ScriptResult result_of(const Outcome& outcome) {
    using Kind = proto::ScriptResult::Kind;
    if (!outcome.how) return {Kind::not_run, 0};
    return {outcome.how->by_signal ? Kind::signalled : Kind::exited, outcome.how->code};
}

}  // namespace

ScriptTracker::ScriptTracker(Log& log, StateBoard& board) : log_(log), board_(board), runner_(log, limits) {}

void ScriptTracker::expect(const std::vector<ScriptNeed>& needs, Instant now) {
    auto before = std::exchange(all_, {});
    for (const auto& need : needs) {
        const auto known = std::find_if(before.begin(), before.end(), [&](const auto& one) {
            return one && one->need.name == need.name && one->need.script == need.script;
        });
        if (known == before.end()) {
            all_.push_back(std::make_unique<Tracked>(Tracked{need, proto::Script(need.parameters, now)}));
        } else {
            all_.push_back(std::move(*known));
            all_.back()->need = need;
            all_.back()->life.reconfigure(need.parameters);
        }
    }
    for (const auto& gone : before)
        if (gone) {
            runner_.drop(gone->run);
            board_.forget(StateBoard::Kind::script, gone->need.name);
        }
    for (const auto& tracked : all_) publish(*tracked);
}

void ScriptTracker::resume(const ipc::TrackerState& known) {
    using Health = ipc::TrackerState::Health;
    for (const auto& tracked : all_) {
        if (known.kind != StateBoard::Kind::script || known.name != tracked->need.name) continue;
        if (known.health == Health::up) tracked->life.resume(proto::ScriptHealth::good);
        if (known.health == Health::down) tracked->life.resume(proto::ScriptHealth::failed);
        tracked->because = known.detail;
        publish(*tracked);
    }
}

std::vector<ipc::ScriptState> ScriptTracker::states() const {
    using Run = ipc::ScriptState::Run;
    std::vector<ipc::ScriptState> states;
    for (const auto& tracked : all_) {
        const auto& life = tracked->life;
        auto& state = states.emplace_back();
        state.name = tracked->need.name;
        state.run = life.is_forced()    ? Run::killing
                    : life.is_overdue() ? Run::terminating
                    : life.is_running() ? Run::running
                                        : Run::idle;
        state.result = life.result();
        if (!tracked->need.script) continue;
        const auto& script = *tracked->need.script;
        state.user = script.as.user;
        state.group = script.as.group;
        state.command = ipc::quoted(script.words);
    }
    return states;
}

void ScriptTracker::step(Instant now) {
    runner_.step(now);
    for (const auto& tracked : all_)
        if (tracked->need.script && *tracked->life.next_deadline() <= now) feed(*tracked, proto::Script::TimeReached{});
}

Deadline ScriptTracker::next_deadline() const {
    Deadline next = runner_.next_deadline();
    for (const auto& tracked : all_)
        if (tracked->need.script) next = earlier(next, tracked->life.next_deadline());
    return next;
}

void ScriptTracker::feed(Tracked& tracked, const proto::Script::Event& event) {
    for (const auto& action : tracked.life.step(boot_now(), event))
        std::visit([&](const auto& what) { perform(tracked, what); }, action);
}

void ScriptTracker::perform(Tracked& tracked, const proto::Script::Run&) {
    auto command = command_for(*tracked.need.script, "VRRP_Script(" + tracked.need.name + ")");
    command.quiet = true;
    command.started = [this, &tracked] { feed(tracked, proto::Script::Started{}); };
    command.done = [this, &tracked](const Outcome& outcome) {
        feed(tracked, proto::Script::Ended{result_of(outcome)});
    };
    tracked.run = runner_.run(std::move(command));
}

void ScriptTracker::perform(Tracked& tracked, const proto::Script::Kill& action) {
    runner_.signal(tracked.run, action.forced ? SIGKILL : SIGTERM);
}

void ScriptTracker::perform(Tracked& tracked, const proto::Script::Skipped&) {
    log_.warning("VRRP_Script({}) is already running: this run is left out; give it more time, or a longer interval",
                 tracked.need.name);
}

void ScriptTracker::perform(Tracked& tracked, const proto::Script::Returned& action) {
    if (action.result.kind == proto::ScriptResult::Kind::exited)
        log_.info("Script `{}` now returning {}", tracked.need.name, action.result.code);
}

void ScriptTracker::perform(Tracked& tracked, const proto::Script::Changed& action) {
    const bool good = action.health == proto::ScriptHealth::good;
    tracked.because = action.because.describe();
    log_.write(good ? LogLevel::info : LogLevel::warning,
               fmt::format("VRRP_Script({}) {}", tracked.need.name, tracked.because));
    publish(tracked);
}

void ScriptTracker::publish(const Tracked& tracked) {
    using Health = ipc::TrackerState::Health;
    ipc::TrackerState state{StateBoard::Kind::script, tracked.need.name, Health::unknown, 0, {}};
    if (!tracked.need.script) state.health = Health::disabled;
    if (tracked.life.health() == proto::ScriptHealth::good) state.health = Health::up;
    if (tracked.life.health() == proto::ScriptHealth::failed) state.health = Health::down;
    state.detail = tracked.because;
    board_.set(std::move(state));
}

}  // namespace vrrpd::supervisor
