#include "tests/sim/chaos.hpp"

namespace vrrpd::sim {

using namespace proto;
using namespace std::chrono_literals;

namespace {

// The longest a packet may be under way: unit / longest_flight.
constexpr int longest_flight = 2;

// `unit` is about a down interval: faults are interesting at this scale.
class Chaos {
public:
    Chaos(World& world, const Trouble& trouble, Duration unit) : world_(world), trouble_(trouble), unit_(unit) {}

    void one() {
        // Beside the list: every seed without goes on meaning what it meant before.
        if (trouble_.squatter && world_.rng().chance(0.3)) return squat();
        using Act = void (Chaos::*)();
        static const std::vector<Act> acts{&Chaos::power, &Chaos::power,       &Chaos::engine,  &Chaos::stop,
                                           &Chaos::link,  &Chaos::stall,       &Chaos::stall,   &Chaos::partition,
                                           &Chaos::heal,  &Chaos::weather,     &Chaos::weather, &Chaos::priority,
                                           &Chaos::ready, &Chaos::reconfigure, &Chaos::claim};
        (this->*world_.rng().pick(acts))();
    }

private:
    std::size_t node() { return world_.rng().below(world_.nodes().size()); }

    void power() {
        const auto which = node();
        world_.nodes()[which].up() ? world_.power_off(which) : world_.start(which);
    }
    void engine() { world_.restart_engine(node()); }
    void stop() { world_.stop(node()); }
    void link() { world_.interrupt(node()); }
    void stall() { world_.stall(node(), world_.rng().up_to(3 * unit_)); }
    void claim() { world_.fail_claim(node()); }
    void heal() { world_.heal(); }
    void squat() { world_.set_squatter(world_.rng().chance(0.5)); }
    void ready() { world_.set_ready(node(), world_.rng().chance(0.7)); }

    // One direction of one pair, or one router from all others.
    void partition() {
        const auto which = node();
        const bool one_way = trouble_.one_way && world_.rng().chance(0.5);
        for (const auto& other : world_.nodes()) {
            if (one_way && world_.rng().chance(0.5)) continue;
            world_.block(which, other.index);
            if (!one_way) world_.block(other.index, which);
        }
    }
    void weather() {
        Weather weather;
        auto& rng = world_.rng();
        if (trouble_.lossy) weather.loss = rng.pick<double>({0, 0.05, 0.3, 0.6});
        weather.damage = trouble_.lossy ? rng.pick<double>({0, 0.1}) : 0;
        weather.duplication = rng.pick<double>({0, 0.3});
        weather.jitter = rng.chance(0.5) ? rng.up_to(unit_ / longest_flight) : Duration::zero();
        world_.set_weather(weather);
    }
    void priority() {
        const auto which = node();
        if (!world_.nodes()[which].parameters.priority.is_owner()) {
            world_.change_priority(which, Priority::clamped(static_cast<int>(1 + world_.rng().below(254))));
        }
    }
    void reconfigure() {
        const auto which = node();
        auto parameters = world_.nodes()[which].parameters;
        if (!parameters.priority.is_owner()) {
            parameters.priority = Priority::clamped(static_cast<int>(1 + world_.rng().below(254)));
        }
        world_.reconfigure(which, parameters);
    }

    World& world_;
    Trouble trouble_;
    Duration unit_;
};

}  // namespace

void cause(World& world, const Trouble& trouble, Duration unit) {
    Chaos chaos(world, trouble, unit);
    const auto faults = 3 + world.rng().below(20);
    for (std::size_t i = 0; i < faults; ++i) {
        chaos.one();
        world.run_until(world.now() + world.rng().up_to(world.rng().chance(0.5) ? unit / 4 : 2 * unit));
    }
}

void end(World& world, Duration unit) {
    world.heal();
    world.set_weather({});
    world.set_squatter(false);
    Instant over = world.now() + unit / longest_flight;
    for (const auto& node : world.nodes()) {
        if (!node.up() && world.rng().chance(0.6)) world.start(node.index);
        over = std::max(over, node.stalled_until);
    }
    bool any = false;
    for (const auto& node : world.nodes()) any |= node.up();
    if (!any) world.start(world.rng().below(world.nodes().size()));
    world.run_until(over);
}

void reload_harmlessly(World& world, Centiseconds shortest) {
    const auto which = world.rng().below(world.nodes().size());
    auto parameters = world.nodes()[which].parameters;
    parameters.answer_lower_priority = world.rng().chance(0.8);
    parameters.learnt_interval_max = world.rng().chance(0.5) ? Duration(20s) : Duration::zero();
    if (parameters.version == Version::v3) {
        parameters.advert_interval = shortest * world.rng().pick<int>({1, 3, 10});
    }
    world.reconfigure(which, parameters);
}

}  // namespace vrrpd::sim
