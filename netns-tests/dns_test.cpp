// DNS behind the gateway: who answers port 53 of the virtual address while forwarders and routers come and go.
// Each router runs a dnsmasq that answers every name with an address of its own, so an answer tells who gave it.
#include "netns-tests/lab/dns.hpp"

#include <atomic>
#include <csignal>
#include <thread>

#include "netns-tests/fixture.hpp"
#include "netns-tests/gateway_config.hpp"
#include "netns-tests/lab/process.hpp"

namespace lab::dns_test {
namespace {

const auto h003 = IpAddress::v4(10, 12, 14, 4), h001 = IpAddress::v4(10, 12, 14, 2);
const auto of_h003 = IpAddress::v4(192, 0, 2, 3), of_h001 = IpAddress::v4(192, 0, 2, 1);

class Dns : public HomeTest {
protected:
    Dns() : of_h003_(start_forwarder(home.h003, h003, of_h003)), of_h001_(start_forwarder(home.h001, h001, of_h001)) {}

    static VrrpText text(int priority, const std::string& more = {}) {
        return {.priority = priority,
                .after = GatewayText{}.text() + "dns_failover {\n    follows HOME\n    forwarder H003 10.12.14.4\n" +
                         "    forwarder H001 10.12.14.2\n    hold_down 1\n" + more + "}\n"};
    }
    [[nodiscard]] bool answered_by(const IpAddress& answer, std::chrono::milliseconds limit) const {
        return wait_until([&] { return resolve(home.client) == answer; }, limit);
    }

    // From now on they ask an upstream for what is not the home's. (Who holds the port must be gone before.)
    void ask_upstream(const Host& host, Process& forwarder, const IpAddress& own, const IpAddress& answer) {
        if (!upstream_.running())
            upstream_ = start_forwarder(home.internet, Home::internet_address, IpAddress::v4(192, 0, 2, 99));
        forwarder.kill_all();
        forwarder = start_forwarder_below(Home::internet_address, host, own, answer);
    }
    void h003_asks_upstream() { ask_upstream(home.h003, of_h003_, h003, of_h003); }
    void h001_asks_upstream() { ask_upstream(home.h001, of_h001_, h001, of_h001); }

    // What the forwarders ask there is lost.
    void black_hole() {
        home.internet.must({"nft",
                            "add table inet hole; add chain inet hole in { type filter hook input priority 0; }; "
                            "add rule inet hole in meta l4proto { tcp, udp } th dport 53 drop"});
    }

    // Since `fault`, until somebody answered with this.
    [[nodiscard]] std::chrono::milliseconds until_answered_by(const IpAddress& answer, Time fault) const {
        EXPECT_TRUE(answered_by(answer, 20s)) << answer.to_string();
        return std::chrono::duration_cast<std::chrono::milliseconds>(wall_clock() - fault);
    }

    // The figure is in the report of the run.
    static void expect_waited_at_most(std::chrono::milliseconds limit, const Asking& client) {
        const auto wait = client.longest_wait();
        RecordProperty("longest_wait_ms", std::to_string(wait.count()));
        EXPECT_LE(wait, limit);
    }

    Process of_h003_, of_h001_, upstream_;
};

// What the paces of the probes allow (dnsfailover/core/pace.hpp), and what a busy machine adds.
constexpr std::chrono::milliseconds longest_without_answer = 6550ms + 1s, longest_over_tcp_only = 10550ms + 1s,
                                    longest_without_upstream = 8s + 5s + 1s, longest_denied = 10s + 2 * 2s + 5s + 1s,
                                    no_outage = 1s;

TEST_F(Dns, dead_forwarder_is_replaced_and_returned_to) {
    auto& router = start(home.h003, text(200));
    ASSERT_TRUE(becomes_active(home.h003));
    ASSERT_TRUE(answered_by(of_h003, 5s));
    const Asking client(home.client);
    // A truncated answer makes clients ask again over TCP. And programs on the routers ask as others do.
    const auto expect_all = [&](const IpAddress& answer) {
        for (const auto* host : {&home.client, &home.h003}) {
            EXPECT_EQ(resolve(*host), answer) << host->name();
            EXPECT_EQ(resolve_over_tcp(*host), answer) << host->name();
        }
    };
    expect_all(of_h003);
    EXPECT_EQ(resolve_over_tcp(home.h001), of_h003) << "a stand-in";
    of_h003_.kill_all();
    EXPECT_LE(until_answered_by(of_h001, wall_clock()), longest_without_answer)
        << "also from the port that was answered by the other one";
    expect_all(of_h001);
    EXPECT_TRUE(router.await_log("DNS forwarder H003 (10.12.14.4) is DEAD"));
    EXPECT_TRUE(router.await_log("H001 sees this router's address instead of theirs"));
    of_h003_ = start_forwarder(home.h003, h003, of_h003);
    EXPECT_TRUE(answered_by(of_h003, 20s));
    expect_waited_at_most(longest_without_answer, client);
}

TEST_F(Dns, slow_forwarder_is_said_and_stays) {
    h003_asks_upstream();
    auto& router = start(home.h003, text(200));
    ASSERT_TRUE(becomes_active(home.h003));
    ASSERT_TRUE(answered_by(of_h003, 5s));
    ASSERT_TRUE(router.await_log("DNS forwarder H003 (10.12.14.4) is OK", 5s));
    const Asking client(home.client, Asking::Name::outside);
    constexpr auto pause = 1400ms;
    std::atomic<bool> slow = true;
    std::thread brake([&] {
        while (slow) {
            upstream_.signal(SIGSTOP);
            std::this_thread::sleep_for(pause);
            upstream_.signal(SIGCONT);
            std::this_thread::sleep_for(20ms);
        }
    });
    EXPECT_TRUE(router.await_log("DNS forwarder H003 (10.12.14.4) is DEGRADED (was OK): resolves slowly", 40s));
    EXPECT_EQ(resolve(home.client), of_h003) << "it answers all the same";
    slow = false;
    brake.join();
    EXPECT_TRUE(router.await_log("DNS forwarder H003 (10.12.14.4) is OK (was DEGRADED)", 40s));
    EXPECT_FALSE(router.logged("clients ask H001"));
    expect_waited_at_most(pause + no_outage, client);
}

TEST_F(Dns, moves_with_the_gateway_at_power_loss) {
    start(home.h003, text(200));
    ASSERT_TRUE(becomes_active(home.h003));
    auto& backup = start(home.h001, text(150));
    ASSERT_TRUE(backup.await_log("Entering BACKUP STATE"));
    ASSERT_TRUE(answered_by(of_h003, 5s));
    ASSERT_TRUE(backup.await_log("DNS forwarder H003 (10.12.14.4) is OK", 10s));
    // Only who was heard can fall silent.
    ASSERT_TRUE(home.lan.await(all({from(home.h003), adverts(), since(wall_clock())})));
    home.h003.lose_power();
    ASSERT_TRUE(becomes_active(home.h001));
    EXPECT_TRUE(answered_by(of_h001, 3s)) << "no probe has to time out: its host fell silent";
}

// Who knew nothing after a reload would believe the first round, and return after the hold-down of a second.
constexpr auto asked_back = 2s + 1s + 1s;

// What it knows by itself it still answers in no time.
TEST_F(Dns, forwarder_with_a_black_holed_upstream_is_replaced) {
    h003_asks_upstream();
    auto& router = start(home.h003, text(200));
    ASSERT_TRUE(becomes_active(home.h003));
    ASSERT_TRUE(answered_by(of_h003, 5s));
    ASSERT_TRUE(router.await_log("DNS forwarder H003 (10.12.14.4) is OK", 5s));
    const Asking client(home.client, Asking::Name::outside);
    const auto fault = wall_clock();
    black_hole();
    EXPECT_LE(until_answered_by(of_h001, fault), longest_without_upstream);
    expect_waited_at_most(longest_without_upstream, client);
    EXPECT_TRUE(router.await_log("H003 (10.12.14.4) is UPSTREAM_DOWN (was OK): answers, but resolves nothing"));
    // A reload asks nobody back to it, be it of the block itself.
    for (const std::string more : {"", "    canary ads.example 192.0.2.1\n"}) {
        auto changed = text(200, more);
        changed.after += "# other words\n";
        router.reload(changed.text());
        EXPECT_TRUE(stays_false([&] { return resolve(home.client) != of_h001; }, asked_back)) << more;
    }
}

// That nobody resolves anything is no forwarder's fault, and no router's. But the names of the home are known to each.
TEST_F(Dns, dead_wans_move_nothing_and_a_dead_forwarder_is_replaced_all_the_same) {
    h003_asks_upstream();
    h001_asks_upstream();
    const auto with_delay = [](int priority) {
        auto changed = text(priority);
        changed.more = "preempt_delay 5";  // by when all have noticed
        return changed;
    };
    auto& router = start(home.h003, with_delay(200));
    ASSERT_TRUE(becomes_active(home.h003));
    auto& backup = start(home.h001, with_delay(150));
    const auto say_of_both = [&](const std::string& state, std::chrono::milliseconds limit) {
        for (const auto* one : {&router, &backup})
            for (const std::string forwarder : {"H003 (10.12.14.4)", "H001 (10.12.14.2)"})
                EXPECT_TRUE(one->await_log("DNS forwarder " + forwarder + " is " + state, limit)) << forwarder;
    };
    say_of_both("OK", 8s);
    const Asking client(home.client);
    const auto fault = wall_clock();
    home.internet.isolate("wan0");
    say_of_both("UPSTREAM_DOWN (was OK)", 15s);
    EXPECT_EQ(resolve(home.client), of_h003) << "which is no reason to move";
    expect_waited_at_most(no_outage, client);
    of_h003_.kill_all();
    EXPECT_LE(until_answered_by(of_h001, wall_clock()), longest_without_answer);
    expect_waited_at_most(longest_without_answer, client);
    EXPECT_TRUE(router.await_log("Changing effective priority from 200 to 80", 10s)) << "its next hop is silent";
    EXPECT_TRUE(backup.await_log("Changing effective priority from 150 to 30", 5s));
    EXPECT_EQ(home.lan.count(all({from(home.h001), adverts(), since(fault)})), 0U);
    EXPECT_TRUE(holds(home.h003));
}

TEST_F(Dns, forwarder_that_denies_everything_is_replaced) {
    auto& router = start(home.h003, text(200));
    ASSERT_TRUE(becomes_active(home.h003));
    ASSERT_TRUE(router.await_log("DNS forwarder H003 (10.12.14.4) is OK", 5s));
    ASSERT_TRUE(answered_by(of_h003, 5s));
    const Asking client(home.client);
    of_h003_.kill_all();
    of_h003_ = start_forwarder_that_denies(home.h003, h003);
    EXPECT_TRUE(router.await_log("H003 (10.12.14.4) is UPSTREAM_DOWN (was OK): denies names that are there", 20s));
    EXPECT_TRUE(answered_by(of_h001, 10s));
    expect_waited_at_most(longest_denied, client);
}

// AdGuard Home limits how often one client may ask over UDP; a router that probes from its own address may be the
// first. Of its questions each fourth is answered.
TEST_F(Dns, rate_limit_over_UDP_is_no_death) {
    auto& router = start(home.h003, text(200));
    ASSERT_TRUE(becomes_active(home.h003));
    ASSERT_TRUE(router.await_log("DNS forwarder H003 (10.12.14.4) is OK", 5s));
    ASSERT_TRUE(answered_by(of_h003, 5s));
    const Asking client(home.client);
    home.h003.must({"nft",
                    "add table inet slow; add chain inet slow in { type filter hook input priority 0; }; "
                    "add rule inet slow in iifname lo udp dport 53 limit rate over 8/minute burst 1 packets drop"});
    EXPECT_TRUE(router.await_log("DNS forwarder H003 (10.12.14.4) is DEGRADED (was OK): answers over TCP only", 20s));
    EXPECT_TRUE(stays_false([&] { return router.logged("is TCP_ONLY") || router.logged("is DEAD"); }, 15s));
    EXPECT_EQ(resolve(home.client), of_h003);
    expect_waited_at_most(no_outage, client);
}

TEST_F(Dns, forwarder_that_answers_over_TCP_only_is_replaced_and_returned_to) {
    auto& router = start(home.h003, text(200));
    ASSERT_TRUE(becomes_active(home.h003));
    ASSERT_TRUE(router.await_log("DNS forwarder H003 (10.12.14.4) is OK", 5s));
    ASSERT_TRUE(answered_by(of_h003, 5s));
    const Asking client(home.client);
    const auto fault = wall_clock();
    home.h003.must({"nft",
                    "add table inet shut; add chain inet shut in { type filter hook input priority 0; }; "
                    "add rule inet shut in udp dport 53 drop"});
    EXPECT_LE(until_answered_by(of_h001, fault), longest_over_tcp_only);
    EXPECT_TRUE(router.await_log("clients ask H001 (OK), from now on: H003 answers over TCP only"));
    EXPECT_FALSE(router.logged("is DEAD"));
    expect_waited_at_most(longest_over_tcp_only, client);
    home.h003.must({"nft", "delete table inet shut"});
    EXPECT_TRUE(answered_by(of_h003, 20s));
}

TEST_F(Dns, dead_forwarder_is_a_fault_of_an_instance_that_tracks_it) {
    auto tracking = text(200);
    tracking.more = "track_dns {\n HOME\n}";
    tracking.after.replace(tracking.after.find("H003 10"), 4, "DNS1");  // not this host by its name, but by its address
    tracking.after += "peer_link {\n member H003 10.12.14.4\n member H001 10.12.14.2\n}\n";
    auto& router = start(home.h003, tracking);
    ASSERT_TRUE(becomes_active(home.h003));
    start(home.h001, text(150));
    ASSERT_TRUE(router.await_log("DNS forwarder DNS1 (10.12.14.4) is OK", 5s));
    of_h003_.kill_all();
    EXPECT_TRUE(becomes_active(home.h001, 15s));
    EXPECT_TRUE(router.await_log("Entering FAULT STATE: this host's DNS forwarder of HOME does not work"));
    EXPECT_EQ(resolve(home.client), of_h001);
    const pid_t engine = router.engine();
    kill(engine, SIGKILL);
    ASSERT_TRUE(wait_until([&] { return router.engine() > 0 && router.engine() != engine; }));
    EXPECT_FALSE(becomes_active(home.h003, 1500ms)) << "a new engine is told what the agent found";
}

TEST_F(Dns, dead_forwarder_demotes_its_router) {
    start(home.h003, text(200, "    when_dead demote -60\n"));
    start(home.h001, text(150, "    when_dead demote -60\n"));
    ASSERT_TRUE(becomes_active(home.h003));
    of_h003_.kill_all();
    EXPECT_TRUE(becomes_active(home.h001, 15s));
}

TEST_F(Dns, agent_that_dies_costs_nobody_an_answer) {
    auto& router = start(home.h003, text(200));
    ASSERT_TRUE(becomes_active(home.h003));
    ASSERT_TRUE(answered_by(of_h003, 5s));
    const pid_t agent = descendant(router.process().pid(), "vrrpd-agent");
    ASSERT_GT(agent, 0);
    kill(agent, SIGKILL);
    ASSERT_TRUE(router.await_log("the agent was killed by signal 9"));
    EXPECT_EQ(resolve(home.client), of_h003);
    EXPECT_EQ(router.stop(), 0);
    EXPECT_EQ(home.h003.must({"nft", "list", "tables"}), "table netdev vrrpd\n") << "nothing but the fence stays";
}

// Each family has its own list, and what is asked of the gateway's IPv6 address goes to an IPv6 address.
TEST_F(Dns, each_family_has_its_forwarders) {
    const auto h003_six = *IpAddress::parse("fd00:12:14::4"), h001_six = *IpAddress::parse("fd00:12:14::2");
    const auto of_h003_six = IpAddress::v4(192, 0, 2, 63), of_h001_six = IpAddress::v4(192, 0, 2, 61);
    auto first = start_forwarder(home.h003, h003_six, of_h003_six);
    const auto second = start_forwarder(home.h001, h001_six, of_h001_six);
    auto both = text(200,
                     "    forwarder H003-six fd00:12:14::4\n"
                     "    forwarder H001-six fd00:12:14::2\n");
    both.more = "virtual_ipaddress_excluded {\n" + Home::vip6.to_string() + "/64\n}";
    both.after.insert(both.after.find("    wan wan0"), "    lan lan0 fd00:12:14::/64\n");
    start(home.h003, both);
    ASSERT_TRUE(becomes_active(home.h003));
    const auto six_is_answered_by = [&](const IpAddress& answer) {
        return wait_until([&] { return resolve(home.client, Home::vip6) == answer; }, 20s);
    };
    EXPECT_TRUE(six_is_answered_by(of_h003_six));
    EXPECT_TRUE(answered_by(of_h003, 5s));
    first.kill_all();
    EXPECT_TRUE(six_is_answered_by(of_h001_six));
    EXPECT_EQ(resolve(home.client), of_h003) << "of the other family nobody died";
    of_h003_.kill_all();
    EXPECT_TRUE(answered_by(of_h001, 20s));
    EXPECT_EQ(resolve(home.client, Home::vip6), of_h001_six);
}

}  // namespace
}  // namespace lab::dns_test
