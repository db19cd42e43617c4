// Two paths between the members of peer_link: where the network drops one, the other carries on, and the log says
// what to look for.
#include "netns-tests/fixture.hpp"

namespace lab::peer_link_test {
namespace {

class PeerLink : public HomeTest {
protected:
    Pair start_members() {
        return start_pair({.after = "peer_link {\nmember H003 10.12.14.4\nmember H001 10.12.14.2\n}"});
    }
    static std::size_t times_logged(const Router& router, std::string_view text) {
        const auto log = router.log();
        std::size_t count = 0;
        for (auto at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++count;
        return count;
    }
    // For a second, ten times what was needed to notice: nothing more is said, and nobody moves.
    void expect_calm(const Router& backup, std::string_view warning, Time since_then) {
        std::this_thread::sleep_for(1s);
        EXPECT_EQ(times_logged(backup, warning), 1u);
        EXPECT_EQ(home.lan.count(all({from(home.h001), adverts(), since(since_then)})), 0u) << "two gateways";
        EXPECT_FALSE(holds(home.h001));
    }
};

TEST_F(PeerLink, switch_that_loses_multicast_makes_no_second_gateway) {
    auto pair = start_members();
    const auto lost = wall_clock();
    home.h001.lose_multicast("lan0");
    EXPECT_TRUE(pair.backup.await_log("H003 (10.12.14.4) is heard by unicast only"));
    EXPECT_TRUE(pair.backup.await_log("IGMP snooping"));
    EXPECT_TRUE(pair.backup.await_log("firewall"));
    expect_calm(pair.backup, "by unicast only", lost);
    home.h001.regain_multicast("lan0");
    EXPECT_TRUE(pair.backup.await_log("by multicast and unicast again"));
}

TEST_F(PeerLink, without_its_copies_such_a_switch_makes_two_gateways) {
    start_pair();
    home.h001.lose_multicast("lan0");
    EXPECT_TRUE(wait_until([&] { return home.holders().size() == 2; })) << "the switch lost nothing";
}

TEST_F(PeerLink, firewall_that_drops_the_group_makes_no_second_gateway) {
    auto pair = start_members();
    const auto lost = wall_clock();
    home.h001.must({"nft",
                    "table ip filter {\n"
                    "  chain INPUT { type filter hook input priority 0; policy accept; ip daddr 224.0.0.18 drop\n }\n"
                    "}"});
    EXPECT_TRUE(pair.backup.await_log("H003 (10.12.14.4) is heard by unicast only"));
    expect_calm(pair.backup, "by unicast only", lost);
}

TEST_F(PeerLink, firewall_that_drops_the_copies_is_named) {
    auto pair = start_members();
    const auto lost = wall_clock();
    home.h001.must({"nft",
                    "table ip filter {\n"
                    "  chain INPUT { type filter hook input priority 0; policy accept;\n"
                    "    ip protocol 112 ip daddr 10.12.14.2 drop\n }\n"
                    "}"});
    EXPECT_TRUE(pair.backup.await_log("H003 (10.12.14.4) is heard by multicast only"));
    EXPECT_TRUE(pair.backup.await_log("a firewall that drops protocol 112"));
    expect_calm(pair.backup, "by multicast only", lost);
}

TEST_F(PeerLink, power_loss_is_detected_by_the_one_path_that_is_left) {
    auto pair = start_members();
    home.h001.lose_multicast("lan0");
    ASSERT_TRUE(pair.backup.await_log("by unicast only"));
    const auto fault = wall_clock();
    home.h003.lose_power();
    const auto took = detection(home.h003, home.h001, fault);
    EXPECT_LE(took, down_interval(100ms, 150) + 80ms) << milliseconds(took);
    EXPECT_TRUE(becomes_active(home.h001));
}

}  // namespace
}  // namespace lab::peer_link_test
