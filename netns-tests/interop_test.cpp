// In one group with Debian's keepalived and with FRR, in both roles: each takes over from the other and
// yields to the other.
#include <ostream>

#include "netns-tests/fixture.hpp"

namespace lab::interop_test {
namespace {

enum class PeerKind { keepalived, frr };

struct Case {
    PeerKind peer;
    int version;
    vrrpd::Family family;
    bool unicast = false;
};

std::string name_of(const Case& each) {
    return std::string(each.peer == PeerKind::frr ? "frr" : "keepalived") + "_v" + std::to_string(each.version) +
           "_ipv" + (each.family == vrrpd::Family::ipv4 ? "4" : "6") + (each.unicast ? "_unicast" : "");
}
void PrintTo(const Case& each, std::ostream* out) { *out << name_of(each); }

class Interop : public HomeTest, public testing::WithParamInterface<Case> {
protected:
    [[nodiscard]] bool ipv4() const { return GetParam().family == vrrpd::Family::ipv4; }
    [[nodiscard]] IpAddress vip() const { return ipv4() ? Home::vip : *IpAddress::parse("fe80::12:1"); }
    // Version 2 knows whole seconds only.
    [[nodiscard]] std::chrono::milliseconds interval() const { return GetParam().version == 2 ? 1000ms : 100ms; }

    // In the words that both know.
    [[nodiscard]] VrrpText text(const Host& host, int priority) const {
        VrrpText text{.version = GetParam().version, .priority = priority};
        text.advert_int = GetParam().version == 2 ? "1" : "0.1";
        if (!ipv4()) text.addresses = {"fe80::12:1/64"};
        const std::string network = ipv4() ? "10.12.14." : "fd00:12:14::";
        const auto own = network + (&host == &home.h003 ? "4" : "2"),
                   peer = network + (&host == &home.h003 ? "2" : "4");
        if (GetParam().unicast) text.more = "unicast_src_ip " + own + "\nunicast_peer {\n" + peer + "\n}";
        return text;
    }

    Router& start_ours(Host& host, int priority) { return start(host, text(host, priority)); }

    void start_peer(Host& host, int priority) {
        if (GetParam().peer == PeerKind::frr) {
            frr.emplace(host, FrrRouter::Plan{.version = GetParam().version,
                                              .priority = priority,
                                              .interval_ms = static_cast<int>(interval().count()),
                                              .vip = vip()});
            frr->start();
            return;
        }
        keepalived = &start(host, text(host, priority), {}, Daemon::keepalived);
    }
    void stop_peer() {
        if (frr) frr->stop();
        if (keepalived != nullptr) keepalived->stop();
    }

    // Only `host` advertises: seen twice from it, and not from the other since.
    void expect_alone(const Host& host, const Host& other) {
        const auto asked = wall_clock();
        const auto first =
            home.lan.await(all({from(host), adverts(), no_priority(0), since(asked)}), 8 * interval() + 3s);
        ASSERT_TRUE(first) << host.name() << " does not advertise";
        std::this_thread::sleep_for(interval() + 50ms);
        const auto settled = wall_clock();
        std::this_thread::sleep_for(interval() + 50ms);
        EXPECT_EQ(home.lan.count(all({from(other), adverts(), since(settled)})), 0u) << other.name() << " still speaks";
        EXPECT_GE(home.lan.count(all({from(host), adverts(), since(settled)})), 1u);
    }

    // From the last advert of H003, which lost its power, to the first of H001. What is sent to one host alone is seen
    // only where it leaves: there the last one is that before the fault, or another came in time for H001.
    struct Took {
        std::chrono::nanoseconds time, doubt;
    };
    Took takes_over(Time fault) {
        if (!GetParam().unicast) return {detection(home.h003, home.h001, fault), 0ns};
        const auto taken = home.lan.await(all({from(home.h001), adverts(), no_priority(0), since(fault)}));
        const auto last = home.lan.last(all({from(home.h003), adverts(), before(fault)}));
        EXPECT_TRUE(taken && last);
        return {taken && last ? taken->at - last->at : 0ns, interval()};
    }

    std::optional<FrrRouter> frr;
    Router* keepalived = nullptr;
};

TEST_P(Interop, ours_yields_to_the_better_peer_and_takes_over_from_it) {
    start_ours(home.h001, 150);
    expect_alone(home.h001, home.h003);
    start_peer(home.h003, 200);
    ASSERT_TRUE(home.lan.await(all({from(home.h003), adverts()}), 15s)) << "the peer never became Active";
    expect_alone(home.h003, home.h001);
    EXPECT_FALSE(holds(home.h001, vip()));
    const auto fault = wall_clock();
    home.h003.lose_power();
    const auto took = takes_over(fault);
    EXPECT_LE(took.time, down_interval(interval(), 150) + 80ms + took.doubt);
    EXPECT_TRUE(wait_until([&] { return holds(home.h001, vip()); }));
}

TEST_P(Interop, peer_yields_to_our_better_one_and_takes_over_from_it) {
    start_peer(home.h001, 150);
    ASSERT_TRUE(home.lan.await(all({from(home.h001), adverts()}), 15s)) << "the peer never became Active";
    auto& ours = start_ours(home.h003, 200);
    expect_alone(home.h003, home.h001);
    EXPECT_TRUE(holds(home.h003, vip()));
    // An orderly hand-over: priority 0, and the peer does not wait for three intervals.
    EXPECT_EQ(ours.stop(), 0);
    const auto resigned = home.lan.await(all({from(home.h003), priority(0)}), 1s);
    ASSERT_TRUE(resigned);
    const auto taken = home.lan.await(all({from(home.h001), adverts(), since(resigned->at)}), 8 * interval());
    ASSERT_TRUE(taken);
    EXPECT_LE(taken->at - resigned->at, interval() + 100ms) << milliseconds(taken->at - resigned->at);
    EXPECT_FALSE(holds(home.h003, vip()));
}

TEST_P(Interop, peer_takes_over_from_our_death) {
    start_peer(home.h001, 150);
    ASSERT_TRUE(home.lan.await(all({from(home.h001), adverts()}), 15s)) << "the peer never became Active";
    start_ours(home.h003, 200);
    expect_alone(home.h003, home.h001);
    const auto fault = wall_clock();
    home.h003.lose_power();
    const auto took = takes_over(fault);
    // It has learnt our interval, and forgets what it knew of the time before.
    EXPECT_GE(took.time, 3 * interval());
    EXPECT_LE(took.time, down_interval(interval(), 150) + 100ms + took.doubt) << milliseconds(took.time);
}

TEST_P(Interop, ours_follows_the_peers_orderly_stop) {
    start_peer(home.h003, 200);
    ASSERT_TRUE(home.lan.await(all({from(home.h003), adverts()}), 15s)) << "the peer never became Active";
    auto& ours = start_ours(home.h001, 150);
    ASSERT_TRUE(ours.await_log("Entering BACKUP STATE"));
    std::this_thread::sleep_for(3 * interval());
    stop_peer();
    const auto resigned = home.lan.await(all({from(home.h003), priority(0)}), 3s);
    ASSERT_TRUE(resigned) << "the peer did not resign";
    const auto taken = home.lan.await(all({from(home.h001), adverts(), since(resigned->at)}), 8 * interval());
    ASSERT_TRUE(taken);
    EXPECT_LE(taken->at - resigned->at, interval() + 100ms) << milliseconds(taken->at - resigned->at);
}

INSTANTIATE_TEST_SUITE_P(Peers, Interop,
                         testing::Values(Case{PeerKind::keepalived, 2, vrrpd::Family::ipv4},
                                         Case{PeerKind::keepalived, 3, vrrpd::Family::ipv4},
                                         Case{PeerKind::keepalived, 3, vrrpd::Family::ipv6},
                                         Case{PeerKind::keepalived, 3, vrrpd::Family::ipv4, true},
                                         Case{PeerKind::keepalived, 3, vrrpd::Family::ipv6, true},
                                         Case{PeerKind::frr, 2, vrrpd::Family::ipv4},
                                         Case{PeerKind::frr, 3, vrrpd::Family::ipv4},
                                         Case{PeerKind::frr, 3, vrrpd::Family::ipv6}),
                         [](const auto& each) { return name_of(each.param); });

}  // namespace
}  // namespace lab::interop_test
