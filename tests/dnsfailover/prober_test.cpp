// The sockets against forwarders that die, lie, dawdle and flood, on loopback in a network namespace of the test's own.
// Paces are short here, and what has to happen within a bound gets seconds beyond it.
#include "dnsfailover/prober.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

#include "dnsfailover/core/selector.hpp"
#include "tests/dnsfailover/fake_forwarder.hpp"

namespace dnsfailover {
namespace {

using namespace std::chrono_literals;
using test::FakeForwarder;

// The calling thread in a fresh network namespace with nothing but loopback in it.
class OwnLoopback {
public:
    OwnLoopback() : home_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
        entered_ = home_ && ::unshare(CLONE_NEWNET) == 0;
        if (!entered_) return;
        const vrrpd::Fd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        ifreq request{{"lo"}, {}};
        request.ifr_flags = IFF_UP;
        EXPECT_EQ(::ioctl(any.get(), SIOCSIFFLAGS, &request), 0);
    }
    OwnLoopback(const OwnLoopback&) = delete;
    OwnLoopback& operator=(const OwnLoopback&) = delete;
    ~OwnLoopback() {
        if (!entered_) return;
        EXPECT_EQ(::setns(home_.get(), CLONE_NEWNET), 0);
    }
    [[nodiscard]] bool entered() const { return entered_; }

private:
    vrrpd::Fd home_;
    bool entered_ = false;
};

class Lines : public vrrpd::Log {
public:
    void write(vrrpd::LogLevel, std::string_view line) override { all.emplace_back(line); }
    std::vector<std::string> all;
};

constexpr Pace quick{60ms, 40ms, 3, 2};
constexpr Duration bound = worst_detection(quick);
constexpr Duration slack = 3s;  // a busy machine

Checks quick_checks() {
    Checks checks;
    checks.liveness = checks.resolution = checks.canary = quick;
    checks.slow = 30ms;
    return checks;
}

class Probing : public testing::Test {
protected:
    void SetUp() override {
        if (!namespace_.entered()) GTEST_SKIP() << "SKIPPED: a network namespace of our own needs root";
        for (const auto* address : {"127.0.0.3", "127.0.0.1", "127.0.0.2"})
            fakes.push_back(std::make_unique<FakeForwarder>(loop, address));
        loop.before_wait([this] { loop.set_deadline(next_deadline()); });
        loop.on_deadline([this] { time_reached(); });
    }
    // Asks `count` of the forwarders.
    void ask(std::size_t count = 1, const Checks& checks = quick_checks()) {
        std::vector<Prober::Forwarder> forwarders;
        for (std::size_t i = 0; i < count; ++i)
            forwarders.push_back({"H00" + std::to_string(i), fakes[i]->endpoint(), checks});
        loop.refresh();
        prober = std::make_unique<Prober>(
            loop, log, forwarders, [this](std::size_t, const HealthChange& change) { changes.push_back(change); });
    }
    // Until it holds, or the time is up. Returns how long that took.
    template <class Condition>
    Duration until(Condition&& holds, Duration limit) {
        loop.refresh();
        const auto began = loop.now();
        while (!holds() && loop.now() < began + limit) {
            limit_ = std::min(began + limit, loop.now() + 5ms);
            loop.run();
        }
        EXPECT_TRUE(holds()) << "not within " << limit / 1ms << " ms";
        return loop.now() - began;
    }
    Duration until(Health health, Duration limit, std::size_t which = 0) {
        return until([&] { return prober->monitor(which).health() == health; }, limit);
    }
    void pass(Duration time) {
        loop.refresh();
        const auto end = loop.now() + time;
        until([&] { return loop.now() >= end; }, time + slack);
    }
    void expect(Health health, Symptom symptom) {
        until([&] { return prober->monitor(0).symptom() == symptom; }, bound + slack);
        EXPECT_EQ(prober->monitor(0).health(), health);
    }
    void kill(std::size_t which) { fakes[which].reset(); }

    OwnLoopback namespace_;
    Lines log;
    vrrpd::Loop loop;
    std::vector<std::unique_ptr<FakeForwarder>> fakes;
    std::unique_ptr<Prober> prober;
    std::vector<HealthChange> changes;

private:
    [[nodiscard]] Deadline next_deadline() const {
        Deadline first = limit_;
        if (prober) first = vrrpd::earlier(first, prober->next_deadline());
        for (const auto& fake : fakes)
            if (fake) first = vrrpd::earlier(first, fake->next_deadline());
        return first;
    }
    void time_reached() {
        if (prober) prober->time_reached();
        for (const auto& fake : fakes)
            if (fake) fake->time_reached();
        if (loop.now() >= limit_) loop.stop();
    }
    Instant limit_{};
};

TEST_F(Probing, an_honest_forwarder_is_OK) {
    ask();
    until(Health::ok, slack);
    pass(10 * quick.interval);
    EXPECT_EQ(changes, (std::vector<HealthChange>{{Health::unknown, Health::ok, Symptom::none}}));
    EXPECT_EQ(log.all,
              std::vector<std::string>{"DNS forwarder H000 (127.0.0.3) is OK (was UNKNOWN): answers and resolves"});
    EXPECT_EQ(prober->misfits(0), 0U);
}

TEST_F(Probing, a_killed_forwarder_is_dead_and_alive_again_when_it_is_back) {
    ask();
    until(Health::ok, slack);
    kill(0);
    EXPECT_LE(until(Health::dead, bound + slack), bound + slack);
    fakes[0] = std::make_unique<FakeForwarder>(loop, "127.0.0.3");
    until(Health::ok, slack);
    EXPECT_EQ(changes.size(), 3U) << "and nothing in between";
}

TEST_F(Probing, a_frozen_forwarder_is_dead) {
    ask();
    until(Health::ok, slack);
    fakes[0]->manner.udp = fakes[0]->manner.tcp = false;
    expect(Health::dead, Symptom::silent);
    EXPECT_EQ(changes.size(), 2U);
}

TEST_F(Probing, a_black_holed_upstream_is_told_from_a_death) {
    ask();
    until(Health::ok, slack);
    fakes[0]->manner.upstream = false;
    expect(Health::upstream_down, Symptom::nothing_resolves);
    fakes[0]->manner.upstream = true;
    until(Health::ok, slack);
}

TEST_F(Probing, SERVFAIL_is_no_resolution) {
    fakes[0]->manner.rcode = Rcode::servfail;
    ask();
    expect(Health::upstream_down, Symptom::nothing_resolves);
}

TEST_F(Probing, a_slow_forwarder_is_degraded) {
    auto checks = quick_checks();
    checks.liveness.timeout = checks.resolution.timeout = quick.interval;
    checks.slow = 5ms;
    fakes[0]->manner.takes = 15ms;
    ask(1, checks);
    expect(Health::degraded, Symptom::slow);
}

TEST_F(Probing, rate_limited_over_UDP_it_is_degraded_and_resolves_over_TCP) {
    ask();
    until(Health::ok, slack);
    fakes[0]->manner.udp = false;
    expect(Health::degraded, Symptom::udp_silent);
    pass(2 * bound);
    EXPECT_EQ(prober->monitor(0).health(), Health::degraded);
    EXPECT_GT(fakes[0]->tcp_queries, 5U);
}

TEST_F(Probing, over_TCP_only_from_the_start_it_is_degraded) {
    fakes[0]->manner.udp = false;
    ask();
    expect(Health::degraded, Symptom::udp_silent);
}

TEST_F(Probing, over_UDP_only_it_is_OK) {
    fakes[0]->manner.tcp = false;
    ask();
    until(Health::ok, slack);
    pass(2 * bound);
    EXPECT_EQ(changes.size(), 1U);
}

TEST_F(Probing, TCP_answers_may_come_octet_by_octet) {
    auto checks = quick_checks();
    checks.liveness.timeout = checks.resolution.timeout = checks.liveness.interval = checks.resolution.interval = 500ms;
    checks.slow = 2s;
    fakes[0]->manner.udp = false;
    fakes[0]->manner.slow_tcp = true;
    ask(1, checks);
    until([&] { return prober->monitor(0).symptom() == Symptom::udp_silent; },
          worst_detection(checks.liveness) + slack);
}

TEST_F(Probing, a_truncated_answer_is_fetched_over_TCP) {
    fakes[0]->manner.truncates = true;
    ask();
    until(Health::ok, slack);
    pass(2 * bound);
    EXPECT_EQ(changes.size(), 1U);
}

TEST_F(Probing, whose_answers_have_another_id_is_dead) {
    fakes[0]->manner.wrong_id = true;
    ask();
    expect(Health::dead, Symptom::silent);
    EXPECT_GT(prober->misfits(0), 0U);
}

TEST_F(Probing, whose_answers_have_another_question_is_dead) {
    fakes[0]->manner.wrong_question = true;
    ask();
    expect(Health::dead, Symptom::silent);
    EXPECT_GT(prober->misfits(0), 0U);
}

// As a forwarder does that is bound to 0.0.0.0 and answers from the host's first address: no stub accepts that.
TEST_F(Probing, what_comes_from_another_address_is_not_heard) {
    fakes[0]->manner.wrong_source = true;
    ask();
    expect(Health::degraded, Symptom::udp_silent);
    fakes[0]->manner.tcp = false;
    expect(Health::dead, Symptom::silent);
    EXPECT_EQ(prober->misfits(0), 0U);
}

TEST_F(Probing, garbage_is_no_answer) {
    for (const auto& garbage : {Bytes{}, Bytes{0xff}, Bytes(12, 0xff), Bytes(4096, 0), Bytes(65000, 0xc0)}) {
        changes.clear();
        fakes[0]->manner.garbage = garbage;
        ask();
        expect(Health::dead, Symptom::silent);
    }
}

TEST_F(Probing, a_flood_of_false_answers_delays_nobody) {
    fakes[0]->manner.wrong_id = true;
    fakes[0]->manner.copies = 1000;
    ask(3);
    until(Health::ok, slack, 1);
    until(Health::ok, slack, 2);
    until(Health::dead, bound + slack, 0);
    pass(5 * bound);
    EXPECT_EQ(prober->monitor(1).health(), Health::ok);
    EXPECT_EQ(prober->monitor(2).health(), Health::ok);
    EXPECT_EQ(changes.size(), 3U);
}

TEST_F(Probing, the_probes_under_way_are_bounded_and_end_with_their_time) {
    for (const auto& fake : fakes) fake->manner.udp = fake->manner.tcp = false;
    ask(3);
    std::size_t most = 0;
    until([&] { return (most = std::max(most, prober->under_way()), prober->monitor(0).health() == Health::dead); },
          bound + slack);
    // Two questions of liveness over UDP and TCP, one of resolution.
    EXPECT_LE(most, 3U * 5U);
    EXPECT_GE(most, 3U * 2U);
}

TEST_F(Probing, without_descriptors_nobody_is_called_dead) {
    ask();
    until(Health::ok, slack);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit none = before;
    none.rlim_cur = 0;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    pass(4 * bound);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(prober->monitor(0).health(), Health::ok);
    ASSERT_EQ(log.all.size(), 2U) << "said once";
    EXPECT_EQ(log.all[1], "DNS forwarder H000 is not judged: open a socket for a DNS probe: Too many open files");
}

TEST_F(Probing, ids_and_source_ports_are_not_to_be_guessed) {
    // Two exchanges in a hundred may share a port; a counter would give neighbours.
    std::vector<int> ports;
    for (int i = 0; i < 32; ++i) {
        const auto exchange = Exchange::begin(fakes[0]->endpoint(), Transport::udp, {1, {Name::parse("a").value()}});
        ASSERT_TRUE(exchange);
        sockaddr_in own{};
        socklen_t size = sizeof own;
        ASSERT_EQ(::getsockname(exchange->fd(), reinterpret_cast<sockaddr*>(&own), &size), 0);
        ports.push_back(ntohs(own.sin_port));
    }
    int neighbours = 0;
    for (std::size_t i = 1; i < ports.size(); ++i) neighbours += std::abs(ports[i] - ports[i - 1]) <= 2 ? 1 : 0;
    EXPECT_LE(neighbours, 2);
}

// The whole of it: who answers the clients.
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
    until([&] { return (feed(), selector->wan_is_down()); }, bound + slack);
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
}  // namespace dnsfailover
