// DNS behind the gateway: who answers port 53 of the virtual address while forwarders and routers come and go.
// Each router runs a dnsmasq that answers every name with an address of its own, so an answer tells who gave it.
#include "netns-tests/lab/dns.hpp"

#include "netns-tests/fixture.hpp"
#include "netns-tests/gateway_config.hpp"
#include "netns-tests/lab/process.hpp"

namespace lab {
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

    Process of_h003_, of_h001_;
};

TEST_F(Dns, dead_forwarder_is_replaced_and_returned_to) {
    auto& router = start(home.h003, text(200));
    ASSERT_TRUE(becomes_active(home.h003));
    ASSERT_TRUE(answered_by(of_h003, 5s));
    of_h003_.kill_all();
    EXPECT_TRUE(answered_by(of_h001, 12s)) << "also from the port that was answered by the other one";
    EXPECT_TRUE(router.logged("DNS forwarder H003 (10.12.14.4) is DEAD"));
    of_h003_ = start_forwarder(home.h003, h003, of_h003);
    EXPECT_TRUE(answered_by(of_h003, 20s));
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
    for (const auto pid : descendants(router.process().pid()))
        if (home.h003.must({"cat", "/proc/" + std::to_string(pid) + "/comm"}) == "vrrpd-agent\n") kill(pid, SIGKILL);
    ASSERT_TRUE(router.await_log("the agent was killed by signal 9"));
    EXPECT_EQ(resolve(home.client), of_h003);
    EXPECT_EQ(router.stop(), 0);
    EXPECT_EQ(home.h003.must({"nft", "list", "tables"}), "table netdev vrrpd\n") << "nothing but the fence stays";
}

}  // namespace
}  // namespace lab
