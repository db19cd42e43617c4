// Faults of sync groups, at random, and what must hold when they are over.
#include <algorithm>

#include "tests/sim/group_world.hpp"
#include "vrrpd/proto/timers.hpp"

namespace vrrpd::sim {

using namespace proto;
using namespace std::chrono_literals;

namespace {

class GroupRun {
public:
    GroupRun(std::uint64_t seed, std::ostream* trace)
        : plan_(seed),
          interval_(plan_.pick<Centiseconds>({Centiseconds(1), Centiseconds(10), 1s})),
          lans_(2 + plan_.below(2)),
          world_(plan_.next(), lans_, {Duration(interval_) / 20, Duration(interval_) / 20}, trace) {
        const auto hosts = 2 + plan_.below(2);
        for (std::size_t i = 0; i < hosts; ++i) world_.add(parameters());
        unit_ = down_interval(Version::v3, *Priority::configured(1), interval_, 3);
    }

    std::string run() {
        for (std::size_t host = 0; host < world_.hosts(); ++host) {
            world_.start(host);
            pass(world_.rng().up_to(unit_ / 2));
        }
        for (int i = 0; i < 3 && world_.violation().empty(); ++i) {
            trouble();
            peace();
        }
        return world_.violation();
    }

private:
    RouterParameters parameters() {
        RouterParameters result;
        result.advert_interval = interval_;
        result.priority = *Priority::configured(plan_.pick<unsigned>({1, 100, 100, 150, 200, 254, 255}));
        result.preempt = plan_.chance(0.7);
        result.preempt_delay = plan_.pick<Duration>({0s, 0s, 2s});
        result.ready_timeout = 1s;
        result.advert_before_yielding = plan_.chance(0.5);
        result.probe_time = plan_.pick<Duration>({0ms, 200ms});
        return result;
    }

    void pass(Duration time) { world_.run_until(world_.now() + time); }
    std::size_t host() { return world_.rng().below(world_.hosts()); }
    std::size_t lan() { return world_.rng().below(lans_); }

    void trouble() {
        using Act = void (GroupRun::*)();
        static const std::vector<Act> acts{&GroupRun::power, &GroupRun::cable,    &GroupRun::cable, &GroupRun::part,
                                           &GroupRun::part,  &GroupRun::stop,     &GroupRun::stall, &GroupRun::loss,
                                           &GroupRun::claim, &GroupRun::priority, &GroupRun::ready};
        const auto faults = 3 + world_.rng().below(20);
        for (std::size_t i = 0; i < faults; ++i) {
            (this->*world_.rng().pick(acts))();
            pass(world_.rng().up_to(world_.rng().chance(0.5) ? unit_ / 4 : 2 * unit_));
        }
    }

    void power() {
        const auto which = host();
        world_.up(which) ? world_.power_off(which) : world_.start(which);
    }
    void cable() { world_.set_cable(host(), lan(), world_.rng().chance(0.5)); }
    // One LAN of one host, in one direction or both: the partial failures that a group is for.
    void part() {
        const auto which = host();
        const auto where = lan();
        const auto ways = world_.rng().below(3);
        if (ways != 0) world_.mute(which, where);
        if (ways != 1) world_.deafen(which, where);
    }
    void stop() { world_.stop(host()); }
    void stall() { world_.stall(host(), world_.rng().up_to(3 * unit_)); }
    void loss() { world_.set_loss(world_.rng().pick<double>({0, 0.05, 0.3})); }
    void claim() { world_.fail_claim(host(), lan()); }
    void ready() { world_.set_ready(host(), world_.rng().chance(0.7)); }
    // The same on all LANs, as sync_group_tracking_weight not given has it.
    void priority() {
        world_.change_priority(host(), Priority::clamped(static_cast<int>(1 + world_.rng().below(254))));
    }

    // Everything is put right. Then one host has the role on every LAN, and keeps it.
    void peace() {
        world_.heal();
        for (std::size_t i = 0; i < world_.hosts(); ++i)
            if (world_.rng().chance(0.7)) world_.start(i);
        world_.start(host());
        pass(3 * unit_);  // stalls are over
        auto able = world_.now();
        for (std::size_t i = 0; i < world_.hosts(); ++i)
            for (std::size_t where = 0; where < lans_ && world_.up(i); ++where)
                able = std::max(able, world_.router(i, where).claims_again_at());
        // Who may preempt waits for its delay and its readiness, then for the last of its timers.
        world_.run_until(able + 2s + 1s + 4 * (unit_ + 400ms));
        settled();
        const auto changes = world_.role_changes();
        pass(4 * unit_);
        if (world_.role_changes() != changes) world_.violated("a role changed without a cause");
        settled();
    }

    void settled() {
        const auto first = world_.active(0);
        if (first.size() != 1)
            return world_.violated(std::to_string(first.size()) + " hosts are Active after settling");
        for (std::size_t where = 1; where < lans_; ++where)
            if (world_.active(where) != first) world_.violated("the LANs have different Active hosts after settling");
    }

    Rng plan_;
    Centiseconds interval_;
    std::size_t lans_;
    GroupWorld world_;
    Duration unit_{0};
};

}  // namespace

std::string run_groups(std::uint64_t seed, std::ostream* trace) { return GroupRun(seed, trace).run(); }

}  // namespace vrrpd::sim
