// Packets that must change nothing: neither a timer nor a role. keepalived fails most of these (measured, 2.2.7).
#include <algorithm>

#include "netns-tests/fixture.hpp"
#include "netns-tests/lab/forge.hpp"

namespace lab {
namespace {

const auto attacker = IpAddress::v4(10, 12, 14, 100);  // the client's

// One of each kind that decode must refuse (VR-140).
std::vector<vrrpd::Bytes> junk() {
    const Forgery honest{.source = attacker};
    auto wrong_checksum = honest, routed = honest, future = honest, other_type = honest, counts_more = honest,
         no_address = honest, trailing = honest, no_interval = honest, cut = honest;
    wrong_checksum.checksum_error = 1;
    routed.ttl = 64;
    future.version_and_type = 0x51;
    other_type.version_and_type = 0x32;
    counts_more.count = 9;
    no_address.count = 0;
    no_address.length_error = -4;
    trailing.length_error = 4;
    no_interval.interval = 0;
    cut.length_error = -9;
    std::vector<vrrpd::Bytes> frames;
    for (const auto& each :
         {wrong_checksum, routed, future, other_type, counts_more, no_address, trailing, no_interval, cut}) {
        frames.push_back(forge(each));
    }
    return frames;
}

class BadInput : public HomeTest {
protected:
    // `rounds` packets, one every 50 ms: 20 a second.
    void flood(const Injector& injector, int rounds) {
        const auto frames = junk();
        for (int i = 0; i < rounds; ++i) {
            injector.send(frames[static_cast<std::size_t>(i) % frames.size()]);
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

TEST_F(BadInput, VR_150_flood_costs_few_log_lines) {
    auto pair = start_pair();
    const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
    const auto before_flood = lines(pair.backup.log());
    flood(Injector(home.client, "lan0"), 60);
    EXPECT_LE(lines(pair.backup.log()) - before_flood, 12) << "at most one a kind, and one that counts";
}

TEST_F(BadInput, junk_does_not_keep_a_dead_gateway_alive) {
    start_pair();
    const Injector injector(home.client, "lan0");
    const auto fault = wall_clock();
    home.h003.lose_power();
    flood(injector, 20);
    const auto took = detection(home.h003, home.h001, fault);
    EXPECT_LE(took, down_interval(100ms, 150) + 80ms) << milliseconds(took);
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

}  // namespace
}  // namespace lab
