// The gateway follows a sync group (a LAN and a WAN side), and what a home needs follows the gateway: leases and DNS
// move when either side fails.
#include "netns-tests/dhcp_fixture.hpp"
#include "netns-tests/lab/dns.hpp"

namespace lab::dhcp_group_test {
namespace {

const auto wan_vip = IpAddress::v4(198, 51, 100, 10);
const auto of_h003 = IpAddress::v4(192, 0, 2, 3), of_h001 = IpAddress::v4(192, 0, 2, 1);

class DhcpGroup : public DhcpTest {
protected:
    [[nodiscard]] HomeText group_text() const {
        auto whole = text();
        whole.follows = "HOME_GROUP";
        whole.more_blocks =
            "vrrp_instance WAN {\n    interface wan0\n    virtual_router_id 2\n    @H003 priority 200\n"
            "    @H001 priority 150\n    @H002 priority 100\n    advert_int 0.1\n    virtual_ipaddress {\n        " +
            wan_vip.to_string() +
            "/24\n    }\n}\nvrrp_sync_group HOME_GROUP {\n    group {\n        LAN\n        WAN\n    }\n}\n"
            "dns_failover {\n    follows HOME\n    forwarder H003\n    forwarder H001\n    hold_down 1\n}\n";
        return whole;
    }
    void SetUp() override {
        dns_h003_ = start_forwarder(home.h003, IpAddress::v4(10, 12, 14, 4), of_h003);
        dns_h001_ = start_forwarder(home.h001, IpAddress::v4(10, 12, 14, 2), of_h001);
        start_all(group_text());
        ASSERT_TRUE(wait_until([&] { return holds(home.h003, wan_vip); }));
        ASSERT_EQ(client.join(), DhcpAnswer::ack);
        ASSERT_TRUE(comes_to_know(h001, client));
        ASSERT_TRUE(wait_until([&] { return resolve(home.client) == of_h003; }, 5s));
        ASSERT_TRUE(h001.router.await_log("DNS forwarder H003 (10.12.14.4) is OK", 10s));
    }
    // All of it is with H001, and the client keeps what it had.
    void expect_moved(std::chrono::milliseconds limit = 5s) {
        const auto address = client.lease()->address;
        EXPECT_TRUE(becomes_active(home.h001, limit));
        EXPECT_TRUE(wait_until([&] { return holds(home.h001, wan_vip); }));
        auto answer = DhcpAnswer::none;
        wait_until([&] { return (answer = client.renew()) != DhcpAnswer::none; }, 3s);
        EXPECT_EQ(answer, DhcpAnswer::ack);
        EXPECT_TRUE(client.has(address));
        DhcpClient newcomer(card, 3);
        EXPECT_EQ(newcomer.join(), DhcpAnswer::ack);
        EXPECT_FALSE(newcomer.has(address));
    }

    DhcpClient client{card, 1};

private:
    Process dns_h003_, dns_h001_;
};

TEST_F(DhcpGroup, leases_and_dns_move_at_power_loss) {
    home.h003.lose_power();
    expect_moved();
    EXPECT_TRUE(wait_until([&] { return resolve(home.client) == of_h001; }, 3s)) << "its host fell silent";
}

// The WAN side alone fails: the LAN side, and all that follows, goes with it; who answers DNS lives on.
TEST_F(DhcpGroup, leases_move_with_the_wan_cable_and_dns_goes_on) {
    home.h003.unplug("wan0");
    expect_moved();
    EXPECT_FALSE(holds(home.h003));
    EXPECT_TRUE(wait_until([&] { return resolve(home.client).has_value(); }, 10s));
    home.h003.plug("wan0");
    EXPECT_TRUE(becomes_active(home.h003));
    const auto address = client.lease()->address;
    auto answer = DhcpAnswer::none;
    wait_until([&] { return (answer = client.renew()) != DhcpAnswer::none; }, 3s);
    EXPECT_EQ(answer, DhcpAnswer::ack);
    EXPECT_TRUE(client.has(address));
}

TEST_F(DhcpGroup, status_and_weight_are_those_of_the_group) {
    const auto status = h003.router.status();
    EXPECT_NE(status.text.find("HOME: the gateway is H003"), std::string::npos) << status.text;
    EXPECT_NE(status.text.find("Sync group HOME_GROUP: MASTER"), std::string::npos) << status.text;
    h003.server.process().kill_all();  // dnsmasq alone dies: the role moves to one whose dnsmasq lives
    expect_moved(15s);                 // it is given three seconds to come back, and its death two more to weigh
}

}  // namespace
}  // namespace lab::dhcp_group_test
