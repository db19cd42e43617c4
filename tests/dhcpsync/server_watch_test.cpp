// When a DHCP server counts as dead.
#include "dhcpsync/core/server_watch.hpp"

#include <gtest/gtest.h>

#include "dhcpsync/udp_port.hpp"

namespace dhcpsync::server_watch_test {
namespace {

using namespace std::chrono_literals;

void see(ServerWatch& watch, ServerSign sign, bool good, unsigned times) {
    for (unsigned i = 0; i < times; ++i) watch.saw(sign, good);
}

TEST(ServerWatchTest, lives_until_three_looks_in_a_row_say_otherwise) {
    ServerWatch watch;
    see(watch, ServerSign::listening, false, 2);
    see(watch, ServerSign::listening, true, 1);
    see(watch, ServerSign::listening, false, 2);
    EXPECT_EQ(watch.health(), HealthChange{});
    see(watch, ServerSign::listening, false, 1);
    EXPECT_EQ(watch.health(), (HealthChange{false, "it does not listen on the DHCP server's port"}));
}

TEST(ServerWatchTest, lives_again_after_two) {
    ServerWatch watch;
    see(watch, ServerSign::answers, false, 3);
    see(watch, ServerSign::answers, true, 1);
    see(watch, ServerSign::answers, false, 1);
    see(watch, ServerSign::answers, true, 1);
    EXPECT_FALSE(watch.health().alive);
    see(watch, ServerSign::answers, true, 1);
    EXPECT_TRUE(watch.health().alive);
}

TEST(ServerWatchTest, each_sign_alone_is_enough) {
    for (const auto sign : {ServerSign::on_bus, ServerSign::answers, ServerSign::listening}) {
        ServerWatch watch;
        for (const auto other : {ServerSign::on_bus, ServerSign::answers, ServerSign::listening})
            see(watch, other, other != sign, 3);
        EXPECT_FALSE(watch.health().alive);
        EXPECT_FALSE(watch.health().why.empty());
    }
}

TEST(ServerWatchTest, what_cannot_be_seen_does_not_count) {
    ServerWatch watch;
    see(watch, ServerSign::on_bus, false, 3);
    watch.cannot_see(ServerSign::on_bus);
    EXPECT_TRUE(watch.health().alive);
    see(watch, ServerSign::on_bus, false, 2);
    watch.cannot_see(ServerSign::on_bus);
    see(watch, ServerSign::on_bus, false, 2);
    EXPECT_TRUE(watch.health().alive) << "looks from before the blind time are not counted on";
}

TEST(ServerWatchTest, what_the_stand_ins_say_holds_beside_other_signs) {
    ServerWatch watch;
    watch.answers_lan(false);
    see(watch, ServerSign::listening, true, 5);
    EXPECT_FALSE(watch.health().alive);
    EXPECT_NE(watch.health().why.find("no offer"), std::string::npos);
    see(watch, ServerSign::on_bus, false, 3);
    EXPECT_EQ(watch.health().why, "it left the D-Bus") << "which explains the rest";
    see(watch, ServerSign::on_bus, true, 2);
    EXPECT_FALSE(watch.health().alive);
    watch.answers_lan(true);
    EXPECT_TRUE(watch.health().alive);
}

TEST(UdpPortTest, the_local_port_is_what_counts) {
    constexpr auto heading = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";
    const std::string bound = "  511: 00000000:0043 00000000:0000 07 00000000:00000000 00:00000000 00000000     0\n";
    const std::string client = "  512: 0100000A:0044 0200000A:0043 01 00000000:00000000 00:00000000 00000000     0\n";
    const std::string six = "  97: 00000000000000000000000000000000:0223 00000000000000000000000000000000:0000 07\n";
    EXPECT_TRUE(lists_port(heading + client + bound, 67));
    EXPECT_FALSE(lists_port(heading + client, 67)) << "a client that talks to a server";
    EXPECT_TRUE(lists_port(heading + six, 547));
    EXPECT_FALSE(lists_port(heading, 67));
    EXPECT_FALSE(lists_port("", 67));
    EXPECT_FALSE(lists_port("garbage: \n: :0043\n", 67));
}

}  // namespace
}  // namespace dhcpsync::server_watch_test
