// Packets that must change nothing: neither a timer nor a role. keepalived fails most of these (measured, 2.2.7).
#include <algorithm>
#include <map>
#include <ostream>

#include <nlohmann/json.hpp>

#include "netns-tests/fixture.hpp"
#include "netns-tests/lab/forge.hpp"

namespace lab::bad_input_test {
namespace {

const auto attacker = IpAddress::v4(10, 12, 14, 100);  // the client's

struct Junk {
    std::string kind;  // as `vrrpctl status` counts it
    Forgery forgery;
};

// One of each kind that decode must refuse (VR-140), of an advert that would be obeyed.
std::vector<Junk> junk(const Forgery& honest) {
    const bool v2 = honest.version_and_type >> 4 == 2;
    const int address = static_cast<int>(honest.address.bytes().size());
    const int whole = 8 + address + (v2 ? 8 : 0);
    std::vector<Junk> all;
    const auto with = [&](const char* kind, const auto& flaw) { flaw(all.emplace_back(Junk{kind, honest}).forgery); };
    with("checksum", [](Forgery& one) { one.checksum_error = 1; });
    with("ttl", [](Forgery& one) { one.ttl = 64; });
    with("version", [](Forgery& one) { one.version_and_type = 0x51; });
    if (honest.source.is_v4()) with("version", [&](Forgery& one) { one.version_and_type = v2 ? 0x31 : 0x21; });
    with("type", [](Forgery& one) { ++one.version_and_type; });
    with("length", [](Forgery& one) { one.count = 9; });
    with("length", [](Forgery& one) { one.length_error = 4; });
    with("short", [&](Forgery& one) { one.length_error = 3 - whole; });
    with("interval", [&](Forgery& one) { one.interval = v2 ? 2 : 0; });
    with("no-addresses", [&](Forgery& one) {
        one.count = 0;
        one.length_error = -address;
    });
    if (v2) {
        with("auth-type", [](Forgery& one) { one.auth_type = 1; });
        with("auth-type-invalid", [](Forgery& one) { one.auth_type = 7; });
    }
    return all;
}

using Counters = std::map<std::string, unsigned>;

// What a router has refused, by kind.
Counters refused(const Router& router) {
    const auto document = nlohmann::json::parse(router.status({"--json"}).text, nullptr, false);
    if (!document.is_object() || document["instances"].empty()) return {};
    return document["instances"][0]["counters"]["rejected"].get<Counters>();
}

class BadInput : public HomeTest {
protected:
    // `rounds` packets, one every 50 ms: 20 a second.
    void flood(const Injector& injector, int rounds) {
        const auto frames = junk({.source = attacker});
        for (int i = 0; i < rounds; ++i) {
            injector.send(forge(frames[static_cast<std::size_t>(i) % frames.size()].forgery));
            std::this_thread::sleep_for(50ms);
        }
    }
    std::chrono::nanoseconds longest_gap(const Host& host, Time from_time) {
        std::chrono::nanoseconds longest{0};
        const auto sent = home.lan.frames(all({from(host), adverts(), since(from_time)}));
        for (std::size_t i = 1; i < sent.size(); ++i) longest = std::max(longest, sent[i].at - sent[i - 1].at);
        return longest;
    }
};

TEST_F(BadInput, VR_123_flood_of_junk_delays_no_advert_and_moves_no_role) {
    start_pair();
    const Injector injector(home.client, "lan0");
    const auto started = wall_clock();
    flood(injector, 80);
    const auto sent = home.lan.count(all({from(home.h003), adverts(), since(started)}));
    EXPECT_GE(sent, 38u) << "four seconds of adverts";
    EXPECT_LE(longest_gap(home.h003, started), 180ms) << milliseconds(longest_gap(home.h003, started));
    EXPECT_EQ(home.lan.count(all({from(home.h001), adverts(), since(started)})), 0u);
    EXPECT_TRUE(holds(home.h003));
}

// An engine empties its buffer faster than one host can fill it.
TEST_F(BadInput, flood_as_fast_as_a_host_can_send_delays_no_advert_and_moves_no_role) {
    auto pair = start_pair();
    const auto lines = [](const Router& router) {
        const auto text = router.log();
        return std::count(text.begin(), text.end(), '\n');
    };
    const auto said = lines(pair.active) + lines(pair.backup);
    const auto to = [](const IpAddress& address, const Host& host) {
        Forgery one{.source = attacker, .checksum_error = 1};
        one.to = {address, *vrrpd::MacAddress::parse(host.mac("lan0"))};
        return forge(one);
    };
    const auto junk_for = {to(IpAddress::v4(10, 12, 14, 4), home.h003), to(IpAddress::v4(10, 12, 14, 2), home.h001)};
    const Injector injector(home.client, "lan0");
    const auto started = wall_clock();
    unsigned sent = 0;
    for (; wall_clock() < started + 2s; ++sent)
        for (const auto& frame : junk_for) injector.send(frame);
    EXPECT_LT(longest_gap(home.h003, started), down_interval(100ms, 150))
        << milliseconds(longest_gap(home.h003, started));
    EXPECT_EQ(home.lan.count(all({from(home.h001), adverts(), since(started)})), 0u);
    EXPECT_TRUE(holds(home.h003));
    EXPECT_LE(lines(pair.active) + lines(pair.backup) - said, 4) << "one a kind for each, and one that counts";
    EXPECT_GT(sent, 20'000U) << "no flood";
    for (const auto* router : {&pair.active, &pair.backup})
        EXPECT_GT(refused(*router)["checksum"] + refused(*router)["cast"], sent / 2) << "they came to its eyes";
}

TEST_F(BadInput, VR_150_flood_costs_few_log_lines) {
    auto pair = start_pair();
    const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
    const auto before_flood = lines(pair.backup.log());
    flood(Injector(home.client, "lan0"), 60);
    EXPECT_LE(lines(pair.backup.log()) - before_flood, 12) << "at most one a kind, and one that counts";
}

TEST_F(BadInput, VR_100_junk_does_not_keep_a_dead_gateway_alive) {
    start_pair();
    const Injector injector(home.client, "lan0");
    const auto fault = wall_clock();
    home.h003.lose_power();
    flood(injector, 20);
    const auto took = detection(home.h003, home.h001, fault);
    EXPECT_LE(took, down_interval(100ms, 150) + 80ms) << milliseconds(took);
}

// Obeyed, one of them would hold H001 back for three times the interval that it claims.
TEST_F(BadInput, VR_087_no_advert_is_obeyed_during_vrrp_startup_delay) {
    const auto started = wall_clock();
    start(home.h001,
          {.priority = 150, .more = "max_learnt_interval 40.95", .after = "global_defs {\n vrrp_startup_delay 2\n}\n"});
    const Injector injector(home.client, "lan0");
    while (wall_clock() < started + 1500ms) {
        injector.send(forge({.source = attacker, .interval = 4095}));
        std::this_thread::sleep_for(50ms);
    }
    const auto first = home.lan.await(all({from(home.h001), adverts()}), 5s);
    ASSERT_TRUE(first) << "an advert of before the end of the delay counts";
    EXPECT_GE(first->at - started, 2s + down_interval(100ms, 150)) << "its timers are held meanwhile";
}

TEST_F(BadInput, VR_042_interval_0_promotes_nobody) {
    start_pair();
    const Injector injector(home.client, "lan0");
    const auto sent = wall_clock();
    for (int i = 0; i < 10; ++i) injector.send(forge({.source = attacker, .interval = 0}));
    EXPECT_TRUE(stays_false([&] { return home.lan.count(all({from(home.h001), adverts(), since(sent)})) > 0; }, 800ms));
    EXPECT_TRUE(holds(home.h003));
}

TEST_F(BadInput, VR_043_count_0_is_not_obeyed) {
    start_pair();
    const Injector injector(home.client, "lan0");
    const auto sent = wall_clock();
    injector.send(forge({.source = attacker, .count = 0, .length_error = -4}));
    EXPECT_TRUE(stays_false([&] { return !holds(home.h003); }, 500ms));
    EXPECT_LE(longest_gap(home.h003, sent), 180ms);
}

TEST_F(BadInput, forged_interval_silences_the_group_for_a_bounded_time_only) {
    start_pair({.more = "max_learnt_interval 0.5"});
    const Injector injector(home.client, "lan0");
    const auto sent = wall_clock();
    injector.send(forge({.source = attacker, .interval = 4095}));
    // Whoever says 250 is obeyed, without authentication; but nobody waits for three times 40.95 seconds.
    const auto back = home.lan.await(all({adverts(), no_priority(0), no_priority(250), since(sent + 300ms)}), 5s);
    ASSERT_TRUE(back) << "the group is still silent";
    EXPECT_LE(back->at - sent, 4 * 500ms + 300ms) << milliseconds(back->at - sent);
}

TEST_F(BadInput, other_vrids_are_none_of_our_business) {
    start_pair();
    const Injector injector(home.client, "lan0");
    const auto sent = wall_clock();
    for (int i = 0; i < 20; ++i) injector.send(forge({.source = attacker, .vrid = 77, .priority = 254}));
    std::this_thread::sleep_for(600ms);
    EXPECT_TRUE(holds(home.h003));
    EXPECT_LE(longest_gap(home.h003, sent), 180ms);
}

// ---- every kind, in every group that it can be thrown at ---------------------------------------------------

struct Group {
    const char* name;
    int version;
    IpAddress vip, stranger;
};
void PrintTo(const Group& group, std::ostream* out) { *out << group.name; }

class EachKind : public BadInput, public testing::WithParamInterface<Group> {
protected:
    [[nodiscard]] std::chrono::milliseconds interval() const { return GetParam().version == 2 ? 1000ms : 100ms; }
    Router& start_router(Host& host, int priority) {
        VrrpText text{.version = GetParam().version, .priority = priority};
        text.advert_int = GetParam().version == 2 ? "1" : "0.1";
        text.addresses = {GetParam().vip.to_string() + (GetParam().vip.is_v4() ? "/24" : "/64")};
        return start(host, text);
    }
    // As the Active itself would say it, but for the priority.
    [[nodiscard]] Forgery honest() const {
        Forgery honest{.source = GetParam().stranger, .address = GetParam().vip};
        honest.version_and_type = GetParam().version == 2 ? 0x21 : 0x31;
        honest.interval = GetParam().version == 2 ? 1 : 10;
        return honest;
    }
};

TEST_P(EachKind, VR_150_changes_nothing_and_is_counted_by_its_name) {
    auto& active = start_router(home.h003, 200);
    ASSERT_TRUE(wait_until([&] { return holds(home.h003, GetParam().vip); }, 15s));
    auto& backup = start_router(home.h001, 150);
    ASSERT_TRUE(backup.await_log("Entering BACKUP STATE"));
    const auto heard = home.lan.await(all({from(home.h003), adverts(), since(wall_clock())}));
    ASSERT_TRUE(heard);

    auto kinds = junk(honest());
    auto& from_elsewhere = kinds.emplace_back(Junk{"checksum", honest()}).forgery;
    from_elsewhere.source = GetParam().vip.is_v4() ? IpAddress::v4(203, 0, 113, 66) : *IpAddress::parse("2001:db8::66");
    from_elsewhere.checksum_error = 1;
    auto to_one = honest();
    to_one.to = {*source(*heard), *vrrpd::MacAddress::parse(home.h003.mac("lan0"))};
    const Injector injector(home.client, "lan0");
    const auto started = wall_clock();
    Counters sent;
    constexpr int rounds = 5;
    for (int i = 0; i < rounds; ++i) {
        for (const auto& [kind, forgery] : kinds) {
            injector.send(forge(forgery));
            ++sent[kind];
            std::this_thread::sleep_for(20ms);
        }
        injector.send(forge(to_one));
    }
    const auto by_backup = sent;
    sent["cast"] = rounds;
    EXPECT_TRUE(wait_until([&] { return refused(active) == sent; }, 3s)) << testing::PrintToString(refused(active));
    EXPECT_EQ(refused(active), sent);
    EXPECT_EQ(refused(backup), by_backup);
    EXPECT_EQ(home.lan.count(all({from(home.h001), adverts(), since(started)})), 0u);
    EXPECT_LE(longest_gap(home.h003, started), interval() + 80ms) << milliseconds(longest_gap(home.h003, started));
    EXPECT_TRUE(holds(home.h003, GetParam().vip));
}

INSTANTIATE_TEST_SUITE_P(Groups, EachKind,
                         testing::Values(Group{"v3_ipv4", 3, Home::vip, attacker},
                                         Group{"v3_ipv6", 3, *IpAddress::parse("fe80::12:1"),
                                               *IpAddress::parse("fe80::bad")},
                                         Group{"v2_ipv4", 2, Home::vip, attacker}),
                         [](const auto& group) { return std::string(group.param.name); });

TEST_F(BadInput, VR_151_strangers_are_not_heard_in_a_group_of_peers) {
    const auto h003 = IpAddress::v4(10, 12, 14, 4), h001 = IpAddress::v4(10, 12, 14, 2);
    const auto among = [](const IpAddress& own, const IpAddress& other) {
        return "unicast_src_ip " + own.to_string() + "\n check_unicast_src\n unicast_peer {\n " + other.to_string() +
               "\n}\n";
    };
    start(home.h003, {.priority = 200, .more = among(h003, h001)});
    ASSERT_TRUE(becomes_active(home.h003, 15s));
    auto& backup = start(home.h001, {.priority = 150, .more = among(h001, h003)});
    ASSERT_TRUE(backup.await_log("Entering BACKUP STATE"));
    Forgery resignation{.source = attacker, .priority = 0};
    resignation.to = {h001, *vrrpd::MacAddress::parse(home.h001.mac("lan0"))};
    const Injector injector(home.client, "lan0");
    const auto sent = wall_clock();
    for (int i = 0; i < 20; ++i) {
        injector.send(forge(resignation));
        std::this_thread::sleep_for(20ms);
    }
    EXPECT_EQ(refused(backup), (Counters{{"foreign-source", 20}}));
    EXPECT_EQ(home.lan.count(all({from(home.h001), adverts(), since(sent)})), 0u);
    EXPECT_TRUE(holds(home.h003));
}

}  // namespace
}  // namespace lab::bad_input_test
