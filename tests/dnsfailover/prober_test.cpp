// The sockets against forwarders that die, lie, dawdle and flood.
#include <netinet/in.h>
#include <sys/resource.h>

#include <cstdlib>

#include "tests/dnsfailover/probing.hpp"

namespace dnsfailover::test::prober_test {
namespace {

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

TEST_F(Probing, one_that_never_answered_may_be_behind_a_firewall) {
    fakes[0]->manner.udp = fakes[0]->manner.tcp = false;
    ask();
    until(Health::dead, bound + slack);
    ASSERT_EQ(log.all.size(), 1U);
    EXPECT_NE(log.all[0].find("does the firewall of that host let in port"), std::string::npos) << log.all[0];
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

TEST_F(Probing, over_IPv6_it_is_as_over_IPv4) {
    fakes[0] = std::make_unique<FakeForwarder>(loop, "::1");
    ask();
    until(Health::ok, slack);
    kill(0);
    expect(Health::dead, Symptom::silent);
}

TEST_F(Probing, to_which_no_route_leads_it_is_dead) {
    ask({{"far", {IpAddress::v4(192, 0, 2, 1)}, quick_checks()}});
    expect(Health::dead, Symptom::silent);
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
    fakes[0]->manner.udp = true;
    until(Health::ok, slack);
    EXPECT_GT(fakes[0]->tcp_queries, 5U);
    EXPECT_EQ(changes.size(), 3U);
}

TEST_F(Probing, over_TCP_only_it_is_known_for_it_and_resolves) {
    fakes[0]->manner.udp = false;
    ask();
    expect(Health::tcp_only, Symptom::tcp_only);
    pass(2 * bound);
    EXPECT_EQ(changes.size(), 1U);
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
    until([&] { return prober->monitor(0).symptom() == Symptom::tcp_only; },
          defaults::tcp_only_fall * checks.liveness.interval + slack);
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
    expect(Health::tcp_only, Symptom::tcp_only);
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
    auto checks = quick_checks();  // the flood is made by this very thread, which takes its time
    checks.liveness = checks.resolution = {200ms, 200ms, 3, 2};
    checks.slow = 150ms;
    fakes[0]->manner.wrong_id = true;
    fakes[0]->manner.copies = 1000;
    ask(3, checks);
    until(Health::ok, slack, 1);
    until(Health::ok, slack, 2);
    until(Health::dead, worst_detection(checks.liveness) + slack, 0);
    pass(2 * worst_detection(checks.liveness));
    EXPECT_EQ(prober->monitor(1).health(), Health::ok);
    EXPECT_EQ(prober->monitor(2).health(), Health::ok);
    EXPECT_EQ(changes.size(), 3U);
}

// What a resolver does that blocks everything, or whose provider lies: it lives, it answers, and is of no use.
TEST_F(Probing, no_such_name_to_everything_is_no_resolution) {
    fakes[0]->manner.rcode = Rcode::nxdomain;
    ask();
    expect(Health::upstream_down, Symptom::denies_all);
    EXPECT_EQ(changes.size(), 1U) << "it was never called well";
}

TEST_F(Probing, the_probes_under_way_are_bounded_and_end_with_their_time) {
    for (const auto& fake : fakes) fake->manner.udp = fake->manner.tcp = false;
    ask(3);
    std::size_t most = 0;
    until([&] { return (most = std::max(most, prober->under_way()), prober->monitor(0).health() == Health::dead); },
          bound + slack);
    // Two questions of liveness over UDP and TCP, one of resolution and one of existence.
    EXPECT_LE(most, 3U * 6U);
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

}  // namespace
}  // namespace dnsfailover::test::prober_test
