// BFD (RFC 5880, 5881) among ours, with Debian's keepalived and with FRR's bfdd, in both roles: a neighbour that dies
// is a fault or a weight within the detection time, and nothing that an attacker sends changes anything.
#include "netns-tests/lab/bfd.hpp"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <ostream>

#include <nlohmann/json.hpp>

#include "netns-tests/fixture.hpp"

namespace lab::bfd_test {
namespace {

using vrrpd::Bytes;
using vrrpd::proto::BfdState;

constexpr auto patience = 150ms;  // three times 50 ms
// The kernel, the other processes, and a machine that does something else.
constexpr auto slack = 60ms;

struct Session {
    std::string neighbor = "10.12.14.2";
    std::string interval = "50";
    int multiplier = 3;
    std::string more{};

    [[nodiscard]] std::string text() const {
        return "bfd_instance peer {\n neighbor_ip " + neighbor + "\n min_rx " + interval + "\n min_tx " + interval +
               "\n multiplier " + std::to_string(multiplier) + "\n " + more + "\n}\n";
    }
};

// The session stands in front of the instance: only what is above can be named.
std::string with(const Session& session, const VrrpText& text) {
    auto whole = text.text();
    return whole.insert(whole.find("vrrp_instance"), session.text());
}

std::string tracking(const Session& session, const std::string& track, int priority) {
    return with(session, {.priority = priority, .more = "track_bfd {\n " + track + "\n }\n"});
}

// Another VRID, and nothing tracked: the neighbour alone.
std::string neighbor_text(const Session& session) {
    return with(session, {.vrid = 77, .addresses = {"10.12.14.77/24"}});
}

class Bfd : public HomeTest {
protected:
    Router& run(Host& host, const std::string& text, Daemon daemon = Daemon::vrrpd, Arguments options = {}) {
        auto& router = routers_.emplace_back(host, daemon);
        router.configure(text);
        // What was killed leaves its pid files behind, and the next one takes any process of that number for it.
        for (const char* file : {"pid", "vrrp.pid", "bfd.pid"})
            if (daemon == Daemon::keepalived) std::filesystem::remove(router.file(file));
        if (daemon == Daemon::keepalived) options.insert(options.end(), {"-b", router.file("bfd.pid")});
        router.start(options);
        return router;
    }
    // H003 tracks its session with H001.
    Router& start_tracker(const std::string& track = "peer", const Session& session = {},
                          Daemon daemon = Daemon::vrrpd) {
        return run(home.h003, tracking(session, track, 200), daemon);
    }
    Router& start_neighbor(Daemon daemon = Daemon::vrrpd, Session session = {}) {
        if (session.neighbor == "10.12.14.2") session.neighbor = "10.12.14.4";
        return run(home.h001, neighbor_text(session), daemon);
    }
    static std::size_t times(const Router& router, std::string_view line) {
        const auto log = router.log();
        std::size_t count = 0;
        for (auto at = log.find(line); at != std::string::npos; at = log.find(line, at + 1)) ++count;
        return count;
    }
    [[nodiscard]] bool is_up(const Host& host, Time from_time) const {
        return home.lan.await(all({from(host), bfd_in(BfdState::up), since(from_time)}), 6s).has_value();
    }
    // From the last packet of `dead` to the first of `other` that says Down.
    [[nodiscard]] std::chrono::nanoseconds detected(const Host& dead, const Host& other, Time fault) const {
        const auto down = home.lan.await(all({from(other), bfd_in(BfdState::down), since(fault)}), 3s);
        const auto last = home.lan.last(all({from(dead), bfd_packets(), before(fault + 20ms)}));
        if (!down || !last) {
            ADD_FAILURE() << other.name() << " did not notice";
            return 0ns;
        }
        return down->at - last->at;
    }

    // H003 and a host of the internet reach each other by way of H002.
    void put_h002_between() {
        const auto far = Home::internet_address.to_string();
        home.h002.netns().set_sysctl("net/ipv4/ip_forward", "1");
        home.h002.must({"ip", "route", "add", far, "via", "198.51.100.1"});
        home.h003.must({"ip", "route", "add", far, "via", "10.12.14.3"});
        home.internet.must({"ip", "route", "add", "10.12.14.0/24", "via", "198.51.100.3"});
    }

private:
    std::deque<Router> routers_;
};

// ---- the neighbour dies, and comes back: whoever it is ---------------------------------------------------

enum class Peer { vrrpd, keepalived };
void PrintTo(Peer peer, std::ostream* out) { *out << (peer == Peer::vrrpd ? "vrrpd" : "keepalived"); }
Daemon daemon_of(Peer peer) { return peer == Peer::vrrpd ? Daemon::vrrpd : Daemon::keepalived; }

class BfdWith : public Bfd, public testing::WithParamInterface<Peer> {};

TEST_P(BfdWith, VR_218_a_neighbour_that_dies_is_a_fault_within_the_detection_time_and_back) {
    auto& ours = start_tracker();
    ASSERT_TRUE(ours.await_log("Entering FAULT STATE")) << "Down from the start, as keepalived has it";
    auto& theirs = start_neighbor(daemon_of(GetParam()));
    ASSERT_TRUE(ours.await_log("BFD_Instance(peer) Entering Up state", 8s));
    ASSERT_TRUE(is_up(home.h001, wall_clock()));
    ASSERT_TRUE(becomes_active(home.h003, 8s));
    std::this_thread::sleep_for(1s);
    EXPECT_EQ(times(ours, "Entering Down state"), 0U) << "it flaps";

    const auto fault = wall_clock();
    theirs.process().kill_all();
    const auto took = detected(home.h001, home.h003, fault);
    EXPECT_LE(took, patience + slack) << milliseconds(took);
    EXPECT_GE(took, 95ms) << milliseconds(took);
    ASSERT_TRUE(ours.await_log("Entering FAULT STATE: bfd peer Down: 10.12.14.2 is silent"));
    EXPECT_TRUE(home.lan.await(all({from(home.h003), priority(0), since(fault)}), 2s));
    EXPECT_TRUE(wait_until([&] { return !holds(home.h003); }, 2s));

    start_neighbor(daemon_of(GetParam()));
    EXPECT_TRUE(becomes_active(home.h003, 10s));
}

TEST_P(BfdWith, ours_is_a_neighbour_as_good_as_any) {
    auto& theirs = start_tracker("peer", {}, daemon_of(GetParam()));
    auto& ours = start_neighbor();
    ASSERT_TRUE(theirs.await_log("Entering Up state", 8s));
    ASSERT_TRUE(becomes_active(home.h003, 10s));
    std::this_thread::sleep_for(1s);
    EXPECT_EQ(times(theirs, "Entering Down state"), 0U) << "it flaps";
    const auto fault = wall_clock();
    ours.process().kill_all();
    const auto took = detected(home.h001, home.h003, fault);
    EXPECT_LE(took, patience + slack) << milliseconds(took);
    EXPECT_TRUE(theirs.await_log("Entering FAULT STATE"));
    EXPECT_TRUE(wait_until([&] { return !holds(home.h003); }, 2s));
}

TEST_P(BfdWith, a_stop_of_ours_is_told_to_the_neighbour) {
    auto& theirs = start_tracker("peer", {}, daemon_of(GetParam()));
    auto& ours = start_neighbor();
    ASSERT_TRUE(theirs.await_log("Entering Up state", 8s));
    ASSERT_TRUE(is_up(home.h003, wall_clock()));
    const auto stopped = wall_clock();
    EXPECT_EQ(ours.stop(), 0);
    EXPECT_TRUE(home.lan.await(all({from(home.h001), bfd_in(BfdState::admin_down), since(stopped)}), 1s));
    EXPECT_TRUE(theirs.await_log("Entering Down state", 1s));
}

TEST_P(BfdWith, VR_211_it_runs_over_IPv6) {
    const Session to_h001{.neighbor = "fd00:12:14::2"}, to_h003{.neighbor = "fd00:12:14::4"};
    auto& ours = start_tracker("peer", to_h001);
    auto& theirs = start_neighbor(daemon_of(GetParam()), to_h003);
    ASSERT_TRUE(ours.await_log("Entering Up state", 10s)) << "keepalived sends with a hop limit of 64";
    ASSERT_TRUE(theirs.await_log("Entering Up state", 10s));
    const auto sent = home.lan.last(all({from(home.h003), bfd_packets()}));
    ASSERT_TRUE(sent);
    EXPECT_EQ(bfd(*sent)->hops, 255);
    std::this_thread::sleep_for(500ms);  // until both have said how often they speak
    const auto fault = wall_clock();
    theirs.process().kill_all();
    const auto took = detected(home.h001, home.h003, fault);
    EXPECT_LE(took, patience + slack) << milliseconds(took);
    EXPECT_TRUE(ours.await_log("Entering FAULT STATE: bfd peer Down"));
}

INSTANTIATE_TEST_SUITE_P(Peers, BfdWith, testing::Values(Peer::vrrpd, Peer::keepalived),
                         [](const auto& about) { return testing::PrintToString(about.param); });

class BfdWithFrr : public Bfd, public testing::WithParamInterface<vrrpd::Family> {};

TEST_P(BfdWithFrr, each_finds_out_that_the_other_died) {
    const bool v4 = GetParam() == vrrpd::Family::ipv4;
    auto& ours = start_tracker("peer", {.neighbor = v4 ? "10.12.14.2" : "fd00:12:14::2"});
    FrrBfd frr(home.h001, *IpAddress::parse(v4 ? "10.12.14.4" : "fd00:12:14::4"));
    frr.start();
    ASSERT_TRUE(ours.await_log("Entering Up state", 15s)) << frr.log();
    ASSERT_TRUE(becomes_active(home.h003, 10s));
    std::this_thread::sleep_for(1s);
    EXPECT_EQ(times(ours, "Entering Down state"), 0U);
    auto fault = wall_clock();
    ours.process().kill_all();
    auto took = detected(home.h003, home.h001, fault);
    EXPECT_LE(took, patience + slack) << milliseconds(took);
    ours.start();
    ASSERT_TRUE(is_up(home.h003, wall_clock()));
    ASSERT_TRUE(becomes_active(home.h003, 10s));
    fault = wall_clock();
    frr.kill();
    took = detected(home.h001, home.h003, fault);
    EXPECT_LE(took, patience + slack) << milliseconds(took);
    EXPECT_TRUE(ours.await_log("Entering FAULT STATE: bfd peer Down"));
}

INSTANTIATE_TEST_SUITE_P(Families, BfdWithFrr, testing::Values(vrrpd::Family::ipv4, vrrpd::Family::ipv6),
                         [](const auto& about) { return about.param == vrrpd::Family::ipv4 ? "ipv4" : "ipv6"; });

// H003's session with a host beyond H002 (RFC 5883).
TEST_F(Bfd, over_several_hops_each_finds_out_that_the_other_died) {
    const auto us = IpAddress::v4(10, 12, 14, 4);
    put_h002_between();
    auto& ours = start_tracker(
        "peer", {.neighbor = Home::internet_address.to_string(), .more = "source_ip 10.12.14.4\n multihop"});
    FrrBfd frr(home.internet, us, Home::internet_address);
    frr.start();
    ASSERT_TRUE(ours.await_log("BFD_Instance(peer) Entering Up state", 15s)) << frr.log() << ours.log();
    ASSERT_TRUE(becomes_active(home.h003, 10s));
    std::this_thread::sleep_for(1s);
    EXPECT_EQ(times(ours, "Entering Down state"), 0U) << "it flaps";
    const auto heard = home.lan.last(all({from(home.h002), bfd_in(BfdState::up)}));
    ASSERT_TRUE(heard);
    EXPECT_EQ(bfd(*heard)->port, vrrpd::proto::bfd_multihop_port);
    EXPECT_EQ(bfd(*heard)->hops, 254) << "it came over a router";

    auto fault = wall_clock();
    ours.process().kill_all();
    const auto down = home.wan.await(all({from(home.internet), bfd_in(BfdState::down), since(fault)}), 3s);
    const auto last = home.lan.last(all({from(home.h003), bfd_packets(), before(fault + 20ms)}));
    ASSERT_TRUE(down && last) << frr.log();
    EXPECT_LE(down->at - last->at, patience + slack);
    ours.start();
    ASSERT_TRUE(is_up(home.h003, wall_clock()));
    ASSERT_TRUE(becomes_active(home.h003, 10s));
    fault = wall_clock();
    frr.kill();
    const auto noticed = home.lan.await(all({from(home.h003), bfd_in(BfdState::down), since(fault)}), 3s);
    const auto silent = home.lan.last(all({from(home.h002), bfd_packets(), before(fault + 20ms)}));
    ASSERT_TRUE(noticed && silent);
    EXPECT_LE(noticed->at - silent->at, patience + slack);
    EXPECT_TRUE(ours.await_log("Entering FAULT STATE: bfd peer Down: 203.0.113.10 is silent"));
}

// Who is farther away is refused.
TEST_F(Bfd, over_several_hops_max_hops_says_how_far_away) {
    put_h002_between();
    auto& ours = start_tracker("peer", {.neighbor = Home::internet_address.to_string(),
                                        .more = "source_ip 10.12.14.4\n multihop\n max_hops 0"});
    FrrBfd frr(home.internet, IpAddress::v4(10, 12, 14, 4), Home::internet_address);
    frr.start();
    EXPECT_TRUE(ours.await_log("refused a packet from 203.0.113.10", 15s)) << frr.log();
    EXPECT_FALSE(becomes_active(home.h003, 1s));
    ours.reload(tracking(
        {.neighbor = Home::internet_address.to_string(), .more = "source_ip 10.12.14.4\n multihop\n max_hops 1"},
        "peer", 200));
    EXPECT_TRUE(ours.await_log("BFD_Instance(peer) Entering Up state", 8s)) << ours.log();
}

// ---- what comes of it ------------------------------------------------------------------------------------

// Ours and keepalived are the pair; what ours tracks is a third host.
TEST_F(Bfd, VR_218_a_weight_moves_the_role_to_keepalived_and_back) {
    auto& ours = start_tracker("peer weight -120", {.neighbor = "10.12.14.3"});
    start(home.h001, VrrpText{.priority = 150}, {}, Daemon::keepalived);
    auto& third = run(home.h002, neighbor_text({.neighbor = "10.12.14.4"}));
    ASSERT_TRUE(ours.await_log("Entering Up state", 8s));
    ASSERT_TRUE(becomes_active(home.h003, 10s));
    const auto fault = wall_clock();
    third.process().kill_all();
    const auto taken = home.lan.await(all({from(home.h001), adverts(), no_priority(0), since(fault)}), 3s);
    ASSERT_TRUE(taken);
    EXPECT_LE(taken->at - fault, patience + down_interval(100ms, 150) + 200ms);
    EXPECT_TRUE(becomes_active(home.h001));
    run(home.h002, neighbor_text({.neighbor = "10.12.14.4"}));
    EXPECT_TRUE(becomes_active(home.h003, 10s));
}

TEST_F(Bfd, a_sync_group_tracks_for_its_members) {
    VrrpText text;
    const VrrpText second{.name = "WAN", .interface = "wan0", .vrid = 2, .addresses = {"198.51.100.200/24"}};
    const auto whole = second.text();
    text.after = whole.substr(whole.find("vrrp_instance")) +
                 "vrrp_sync_group G {\n group {\n  LAN\n  WAN\n }\n track_bfd {\n  peer\n }\n}\n";
    auto& ours = run(home.h003, with({}, text));
    EXPECT_TRUE(ours.await_log("(LAN) Entering FAULT STATE"));
    EXPECT_TRUE(ours.await_log("(WAN) Entering FAULT STATE"));
    start_neighbor();
    EXPECT_TRUE(becomes_active(home.h003, 10s));
}

TEST_F(Bfd, an_observer_says_nothing) {
    auto& ours = run(home.h003, tracking({}, "peer", 200), Daemon::vrrpd, {"--observe"});
    start_neighbor();
    EXPECT_TRUE(ours.await_log("BFD sessions are not run while observing"));
    EXPECT_TRUE(home.lan.await(all({from(home.h001), bfd_packets()}), 5s));
    std::this_thread::sleep_for(1500ms);
    EXPECT_EQ(home.lan.count(all({from(home.h003), bfd_packets()})), 0U);
}

// ---- crashes, reloads ------------------------------------------------------------------------------------

TEST_F(Bfd, VR_210_a_crash_of_the_engine_is_over_before_the_neighbour_notices) {
    const Session slow{.interval = "300"};
    auto& ours = start_tracker("peer", slow);
    auto& theirs = start_neighbor(Daemon::keepalived, slow);
    ASSERT_TRUE(ours.await_log("Entering Up state", 8s));
    ASSERT_TRUE(becomes_active(home.h003, 8s));
    std::this_thread::sleep_for(1s);
    const auto before_it = home.lan.last(all({from(home.h003), bfd_in(BfdState::up)}));
    ASSERT_TRUE(before_it);
    const auto killed = wall_clock();
    const auto engine = ours.engine();
    kill(engine, SIGKILL);
    ASSERT_TRUE(wait_until([&] { return ours.engine() > 0 && ours.engine() != engine; }));
    const auto after = home.lan.await(all({from(home.h003), bfd_packets(), since(killed + 5ms)}), 2s);
    ASSERT_TRUE(after);
    EXPECT_EQ(bfd(*after)->packet.state, BfdState::up);
    EXPECT_EQ(bfd(*after)->packet.my_discriminator, bfd(*before_it)->packet.my_discriminator);
    EXPECT_EQ(bfd(*after)->source_port, bfd(*before_it)->source_port);
    EXPECT_GE(bfd(*after)->source_port, 49152);
    std::this_thread::sleep_for(2s);
    EXPECT_EQ(times(theirs, "Entering Down state"), 0U);
    EXPECT_EQ(times(ours, "Entering Down state"), 0U);
    EXPECT_TRUE(ours.await_log("BFD_Instance(peer) goes on in Up state"));
    EXPECT_TRUE(holds(home.h003));
}

TEST_F(Bfd, a_frozen_engine_is_missed_and_comes_back) {
    auto& ours = start_tracker();
    auto& theirs = start_neighbor();
    ASSERT_TRUE(theirs.await_log("Entering Up state", 8s));
    ASSERT_TRUE(becomes_active(home.h003, 8s));
    const auto frozen = wall_clock();
    kill(ours.engine(), SIGSTOP);
    const auto took = detected(home.h003, home.h001, frozen);
    EXPECT_LE(took, patience + slack) << milliseconds(took);
    std::this_thread::sleep_for(300ms);  // less than a heartbeat may be missing
    kill(ours.engine(), SIGCONT);
    const auto thawed = wall_clock();
    EXPECT_TRUE(ours.await_log("10.12.14.2 says so", 1s)) << "the neighbour's word, not our own silence";
    EXPECT_TRUE(is_up(home.h003, thawed));
    EXPECT_TRUE(becomes_active(home.h003, 8s));
}

TEST_F(Bfd, a_reload_leaves_a_session_alone_that_stays) {
    auto& ours = start_tracker();
    auto& theirs = start_neighbor(Daemon::keepalived);
    ASSERT_TRUE(ours.await_log("Entering Up state", 8s));
    ASSERT_TRUE(is_up(home.h003, wall_clock()));
    const auto first = home.lan.last(all({from(home.h003), bfd_in(BfdState::up)}));
    ours.reload(tracking({}, "peer", 190));
    ASSERT_TRUE(ours.await_log("reloaded:"));
    const auto changed = wall_clock();
    ours.reload(tracking({.interval = "100", .multiplier = 4}, "peer", 190));  // agreed upon by a poll sequence
    ASSERT_TRUE(home.lan.await(
        [&](const Frame& frame) {
            const auto seen = bfd(frame);
            return from(home.h003)(frame) && since(changed)(frame) && seen && !seen->packet.poll &&
                   seen->packet.desired_min_tx == vrrpd::proto::BfdInterval(100'000);
        },
        3s))
        << "the poll sequence does not end";
    const auto last = home.lan.last(all({from(home.h003), bfd_in(BfdState::up)}));
    ASSERT_TRUE(first && last);
    EXPECT_EQ(bfd(*first)->packet.my_discriminator, bfd(*last)->packet.my_discriminator);
    EXPECT_EQ(bfd(*first)->source_port, bfd(*last)->source_port);
    EXPECT_EQ(bfd(*last)->packet.multiplier, 4);
    EXPECT_EQ(times(theirs, "Entering Down state") + times(ours, "Entering Down state"), 0U);
    const auto removed = wall_clock();
    ours.reload(VrrpText{.priority = 190}.text());
    EXPECT_TRUE(home.lan.await(all({from(home.h003), bfd_in(BfdState::admin_down), since(removed)}), 3s));
    // RFC 5880 6.8.16: for a detection time, which is four seconds now; 6.8.7: at the pace of a session that is down.
    std::this_thread::sleep_for(4200ms);
    const auto gone = wall_clock();
    std::this_thread::sleep_for(1200ms);
    const auto farewells = home.lan.frames(all({from(home.h003), bfd_packets(), since(removed)}));
    EXPECT_GE(std::count_if(farewells.begin(), farewells.end(), bfd_in(BfdState::admin_down)), 3);
    Time before_it{};
    for (const auto& frame : farewells) {
        if (!bfd_in(BfdState::admin_down)(frame)) continue;
        EXPECT_GE(frame.at - before_it, 700ms) << frame.describe();
        before_it = frame.at;
    }
    EXPECT_EQ(home.lan.count(all({from(home.h003), bfd_packets(), since(gone)})), 0U);
}

// ---- bad packets -----------------------------------------------------------------------------------------

TEST_F(Bfd, VR_211_VR_213_bad_packets_are_counted_by_kind_and_change_nothing) {
    auto& ours = start_tracker();
    start_neighbor();
    ASSERT_TRUE(ours.await_log("Entering Up state", 8s));
    ASSERT_TRUE(becomes_active(home.h003, 8s));
    const auto sent = home.lan.last(all({from(home.h001), bfd_in(BfdState::up)}));
    ASSERT_TRUE(sent);
    auto down = bfd(*sent)->packet;
    down.state = BfdState::down;
    const auto encoded = vrrpd::proto::encode(down);
    const Bytes honest(encoded.begin(), encoded.end());

    const Injector injector(home.client, "lan0");
    const auto neighbor = IpAddress::v4(10, 12, 14, 2), us = IpAddress::v4(10, 12, 14, 4);
    const auto send = [&](const Bytes& message, std::uint8_t ttl, const IpAddress& source) {
        ASSERT_TRUE(injector.send(forge(BfdForgery{source, us, ttl, message}, home.h003.mac("lan0"))));
    };
    const auto changed = [&](std::size_t at, std::uint8_t value) {
        auto message = honest;
        message[at] = value;
        return message;
    };
    send(honest, 254, neighbor);                                                 // over a router
    send(Bytes(honest.begin(), honest.begin() + 20), 255, neighbor);             // short
    send(changed(0, 0x40), 255, neighbor);                                       // version 2
    send(changed(3, 40), 255, neighbor);                                         // longer than it is
    send(changed(2, 0), 255, neighbor);                                          // multiplier 0
    send(changed(1, static_cast<std::uint8_t>(honest[1] | 1U)), 255, neighbor);  // multipoint
    auto message = honest;
    std::fill(message.begin() + 4, message.begin() + 8, std::uint8_t{0});  // My Discriminator 0
    send(message, 255, neighbor);
    send(changed(8, static_cast<std::uint8_t>(honest[8] ^ 0x55U)), 255, neighbor);  // nobody's discriminator
    message = changed(1, 0xc0);
    std::fill(message.begin() + 8, message.begin() + 12, std::uint8_t{0});  // Up, and no Your Discriminator
    send(message, 255, neighbor);
    message = changed(1, static_cast<std::uint8_t>(honest[1] | 4U));  // authenticated
    message.insert(message.end(), {1, 9, 1, 'p', 'a', 's', 's', 'w', 'd'});
    message[3] = static_cast<std::uint8_t>(message.size());
    send(message, 255, neighbor);
    send(honest, 255, IpAddress::v4(10, 12, 14, 100));  // the right discriminator, another host

    std::this_thread::sleep_for(500ms);
    EXPECT_EQ(times(ours, "Entering Down state"), 0U);
    EXPECT_TRUE(holds(home.h003));
    const auto status = nlohmann::json::parse(ours.status({"--json"}).text);
    const auto rejected = status.at("bfd").at(0).at("counters").at("rejected");
    for (const char* kind : {"hops", "short", "version", "length", "multiplier", "multipoint", "discriminator",
                             "session", "state", "auth"})
        EXPECT_EQ(rejected.value(kind, 0), 1) << kind << '\n' << rejected;
    EXPECT_EQ(rejected.value("foreign-source", 0), 1) << rejected;
}

TEST_F(Bfd, a_flood_of_junk_does_not_bring_a_session_down) {
    auto& ours = start_tracker();
    start_neighbor();
    ASSERT_TRUE(ours.await_log("Entering Up state", 8s));
    ASSERT_TRUE(is_up(home.h003, wall_clock()));
    const Injector injector(home.client, "lan0");
    const auto frame =
        forge(BfdForgery{IpAddress::v4(10, 12, 14, 2), IpAddress::v4(10, 12, 14, 4), 255, Bytes(24, 0xff)},
              home.h003.mac("lan0"));
    for (int i = 0; i < 20'000; ++i) {
        injector.send(frame);
        if (i % 20 == 0) std::this_thread::sleep_for(1ms);
    }
    EXPECT_EQ(times(ours, "Entering Down state"), 0U);
    EXPECT_LE(times(ours, "refused a packet"), 2U);
}

// ---- what is shown ---------------------------------------------------------------------------------------

TEST_F(Bfd, the_status_shows_sessions) {
    auto& ours = start_tracker();
    const auto shows = [&](const char* text) {
        return wait_until([&] { return ours.status().text.find(text) != std::string::npos; });
    };
    EXPECT_TRUE(shows("BFD peer with 10.12.14.2: Down")) << ours.status().text;
    start_neighbor();
    ASSERT_TRUE(ours.await_log("Entering Up state", 8s));
    EXPECT_TRUE(shows("its silence is noticed after 150 ms")) << ours.status().text;
}

}  // namespace
}  // namespace lab::bfd_test
