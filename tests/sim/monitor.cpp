#include "tests/sim/monitor.hpp"

#include <algorithm>

#include "tests/proto/text.hpp"
#include "vrrpd/proto/timers.hpp"

namespace vrrpd::sim {

using namespace proto;

Monitor::Monitor(World& world) : world_(world) {
    world.watch([this] { look(); });
}

Duration Monitor::slack() const { return 4 * (world_.segment().late + world_.segment().delay); }

// The slowest interval that is configured or still in somebody's memory.
Duration Monitor::slowest() const {
    Duration most{0};
    for (const auto& node : world_.nodes()) {
        most = std::max(most, Duration(node.parameters.advert_interval));
        if (node.up()) most = std::max(most, Duration(node.router->learnt_interval()));
    }
    return most;
}

Duration Monitor::largest_down() const {
    const auto interval = std::chrono::duration_cast<Centiseconds>(slowest());
    Duration most{0};
    for (const auto& node : world_.nodes()) {
        const auto& parameters = node.parameters;
        const auto priority = node.up() ? node.router->effective_priority() : parameters.priority;
        // A probe that was answered is repeated when its answers are no longer awaited, and awaited again.
        const auto down = down_interval(parameters.version, priority, interval, parameters.down_timer_adverts);
        most = std::max(most, 2 * parameters.probe_time + down);
    }
    return most;
}

Duration Monitor::bound() const {
    Duration delay{0};
    for (const auto& node : world_.nodes()) delay = std::max(delay, node.parameters.preempt_delay);
    return largest_down() + delay + slowest() + slack();
}

Instant Monitor::healthy() {
    state_ = Expect::one;
    several_since_.reset();
    // A lower router may have taken the role first; then a better one waits until it may claim again after a failure,
    // may preempt, is ready, and its down timer has run out. Each of these is looked at when an advert comes.
    Duration ready{0};
    auto able = world_.now();  // to claim
    for (const auto& node : world_.nodes()) {
        ready = std::max(ready, node.parameters.ready_timeout);
        if (node.up()) able = std::max(able, node.router->claims_again_at());
    }
    // Where intervals differ, each change of the role may for a moment bring two.
    expect_from_ = able + bound();
    return expect_from_ + largest_down() + ready + 3 * slowest();
}

void Monitor::settled() {
    const auto who = active();
    if (who.size() != 1) return world_.violated(std::to_string(who.size()) + " routers are Active after settling");
    state_ = Expect::same;
    changes_ = world_.role_changes();
    const auto& nodes = world_.nodes();
    const auto& winner = *nodes[who[0]].router;
    for (const auto& node : nodes) {
        if (!node.up() || !node.parameters.preempt) continue;
        if (node.router->effective_priority() > winner.effective_priority()) {
            world_.violated("router " + std::to_string(node.index) + " is better and did not preempt");
        }
    }
}

std::vector<std::size_t> Monitor::active() const {
    std::vector<std::size_t> who;
    for (const auto& node : world_.nodes()) {
        if (node.active()) who.push_back(node.index);
    }
    return who;
}

void Monitor::look() {
    if (state_ == Expect::same && world_.role_changes() != changes_) world_.violated("a role changed without a cause");
    if (state_ != Expect::nothing && world_.now() >= expect_from_) look_at_count();
}

// A preemption has two Active routers until its first advert has arrived.
void Monitor::look_at_count() {
    const auto count = active().size();
    if (count == 0) world_.violated("nobody is Active on a healthy segment");
    if (count < 2) {
        several_since_.reset();
        return;
    }
    if (!several_since_) several_since_ = world_.now();
    if (world_.now() - *several_since_ > slack()) world_.violated("two are Active on a healthy segment");
}

}  // namespace vrrpd::sim
