// Prober and Selector together: who answers the clients.
#include <array>
#include <optional>

#include "dnsfailover/core/selector.hpp"
#include "tests/dnsfailover/probing.hpp"

namespace dnsfailover::test::failover_test {
namespace {

class Failing : public Probing {
protected:
    void start() {
        ask(3);
        for (std::size_t i = 0; i < 3; ++i) until(Health::ok, slack, i);
        policy.hold_down = 300ms;
        policy.settle = bound;
        selector.emplace(std::vector<std::string>{"H000", "H001", "H002"}, policy, loop.now());
        feed();
    }
    // As the agent does it, but by looking.
    void feed() {
        for (std::size_t i = 0; i < 3; ++i) {
            const auto health = prober->monitor(i).health();
            if (std::exchange(told[i], health) != health)
                moves += selector->step(loop.now(), HealthChanged{i, health}) ? 1 : 0;
        }
        moves += selector->step(loop.now(), TimeReached{}) ? 1 : 0;
    }
    Duration until_chosen(std::size_t which) {
        return until([&] { return (feed(), selector->chosen() == which); },
                     bound + policy.settle + policy.hold_down + slack);
    }
    Policy policy;
    std::optional<Selector> selector;
    std::array<Health, 3> told{Health::unknown, Health::unknown, Health::unknown};
    int moves = 0;
};

TEST_F(Failing, the_next_one_answers_when_the_first_is_killed_and_the_first_when_it_is_back) {
    start();
    kill(0);
    until_chosen(1);
    fakes[0] = std::make_unique<FakeForwarder>(loop, "127.0.0.3");
    EXPECT_GE(until_chosen(0), policy.hold_down);
    EXPECT_EQ(moves, 2);
}

TEST_F(Failing, with_the_silence_of_its_host_the_first_is_left_at_once) {
    start();
    kill(0);
    prober->host_silent(0);
    feed();
    EXPECT_EQ(selector->chosen(), 1U);
}

TEST_F(Failing, a_dead_WAN_moves_nothing) {
    start();
    for (const auto& fake : fakes) fake->manner.upstream = false;
    until([&] { return (feed(), selector->nothing_resolves()); }, bound + slack);
    for (const auto& fake : fakes) fake->manner.upstream = true;
    until([&] { return (feed(), prober->monitor(0).health() == Health::ok); }, slack);
    EXPECT_EQ(moves, 0);
}

TEST_F(Failing, one_broken_upstream_moves_the_clients) {
    start();
    fakes[0]->manner.rcode = Rcode::refused;
    until_chosen(1);
    EXPECT_EQ(selector->reason(), Reason::upstream_down);
}

}  // namespace
}  // namespace dnsfailover::test::failover_test
