// Exactly one DHCP server is heard, whoever started what: the capture of everything that a host sent proves it.
#include "netns-tests/fixture.hpp"
#include "netns-tests/gateway_config.hpp"
#include "netns-tests/lab/dhcp_client.hpp"
#include "netns-tests/lab/dhcp_server.hpp"

namespace lab::dhcp_fence_test {
namespace {

// What people start by hand, or what a package starts: it answers on every address of the LAN.
const DhcpServerPlan by_hand{.bus = false, .bound_to_vip = false};

class DhcpFence : public HomeTest {
protected:
    // H003 is the gateway; a DHCP server runs on it, and one by hand on H001.
    void SetUp() override {
        of_h003.start();
        of_h001.start();
    }
    void expect_no_answer_from(const Host& host, Time since_then = {}) {
        for (const auto& frame : home.lan.frames(all({from(host), dhcp_answers(), since(since_then)})))
            ADD_FAILURE() << frame.describe();
    }
    // Every kind of question a client has; what comes back is `host`'s alone.
    void expect_all_answered_by(const Host& host, unsigned first_client) {
        const auto asked = wall_clock();
        for (unsigned number = first_client; number < first_client + 3; ++number) {
            DhcpClient client(card, number);
            ASSERT_EQ(client.join(), DhcpAnswer::ack);
            EXPECT_EQ(client.renew(), DhcpAnswer::ack);
            EXPECT_EQ(client.rebind(), DhcpAnswer::ack);
            EXPECT_EQ(client.reboot(), DhcpAnswer::ack);
            client.release();
        }
        for (const auto& frame : home.lan.frames(all({dhcp_answers(), since(asked)})))
            EXPECT_TRUE(from(host)(frame)) << frame.describe();
    }

    Bus bus_h003{home.h003}, bus_h001{home.h001};
    DhcpServer of_h003{home.h003, bus_h003, {.bus = false}}, of_h001{home.h001, bus_h001, by_hand};
    DhcpCard card{home.client, "lan0"};
    Pair pair = start_pair({.after = GatewayText{}.text()});
};

TEST_F(DhcpFence, server_started_by_hand_on_a_stand_in_is_silent) {
    expect_all_answered_by(home.h003, 1);
    EXPECT_EQ(pair.backup.stop(), 0);
    expect_all_answered_by(home.h003, 11);
    expect_no_answer_from(home.h001);
    // What was held back:
    ASSERT_EQ(pair.backup.command({"--unfence"}).status, 0);
    DhcpClient client(card, 21);
    (void)client.join();
    EXPECT_TRUE(home.lan.await(all({from(home.h001), dhcp_answers()}), 2s)) << "it had nothing to say anyway";
}

TEST_F(DhcpFence, it_answers_once_its_host_is_the_gateway_and_the_other_is_silent) {
    const auto moved = wall_clock();
    EXPECT_EQ(pair.active.stop(), 0);
    ASSERT_TRUE(becomes_active(home.h001));
    expect_all_answered_by(home.h001, 1);
    expect_no_answer_from(home.h003, moved);
    pair.active.start();
    ASSERT_TRUE(becomes_active(home.h003));
    const auto back = wall_clock();
    expect_all_answered_by(home.h003, 11);
    expect_no_answer_from(home.h001, back);
}

TEST_F(DhcpFence, shuts_by_itself_when_every_process_of_ours_is_dead) {
    DhcpServer unbound(home.h003, bus_h003, by_hand);
    of_h003.process().kill_all();
    unbound.start();
    expect_all_answered_by(home.h003, 1);
    pair.active.process().kill_all();
    ASSERT_TRUE(wait_until([&] { return holds(home.h001); }));
    EXPECT_TRUE(wait_until([&] { return !holds(home.h003); }, 8s)) << "a gateway's addresses are kept for five seconds";
    std::this_thread::sleep_for(200ms);  // the fence was renewed a moment after the address
    const auto dead = wall_clock();
    expect_all_answered_by(home.h001, 11);
    expect_no_answer_from(home.h003, dead);
    EXPECT_TRUE(unbound.process().running()) << "it was silenced, not killed";
}

TEST_F(DhcpFence, server_bound_to_the_virtual_address_is_silent_without_any_fence) {
    of_h001.process().kill_all();
    DhcpServer bound(home.h001, bus_h001, {.bus = false});
    bound.start();
    EXPECT_EQ(pair.backup.stop(), 0);
    ASSERT_EQ(pair.backup.command({"--unfence"}).status, 0);
    expect_all_answered_by(home.h003, 1);
    expect_no_answer_from(home.h001);
}

}  // namespace
}  // namespace lab::dhcp_fence_test
