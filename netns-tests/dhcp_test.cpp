// Leases move with the gateway.
#include "netns-tests/fixture.hpp"
#include "netns-tests/gateway_config.hpp"
#include "netns-tests/lab/dhcp_client.hpp"
#include "netns-tests/lab/dhcp_server.hpp"

namespace lab {
namespace {

class DhcpLab : public HomeTest {
protected:
    Bus bus{home.h003};
    DhcpServer server{home.h003, bus};
    DhcpCard card{home.client, "lan0"};
};

TEST_F(DhcpLab, client_gets_keeps_and_gives_back) {
    bus.start();
    server.start();
    auto& router = start(home.h003, {.after = GatewayText{}.text()});
    ASSERT_TRUE(becomes_active(home.h003));
    DhcpClient client(card, 1), other(card, 2);
    ASSERT_EQ(client.join(), DhcpAnswer::ack);
    EXPECT_EQ(client.lease()->server, Home::vip);
    EXPECT_EQ(client.lease()->routers, std::vector{Home::vip});
    EXPECT_EQ(client.lease()->dns, std::vector{Home::vip});
    EXPECT_EQ(client.lease()->time, 1h);
    const auto address = client.lease()->address;
    EXPECT_EQ(client.renew(), DhcpAnswer::ack);
    EXPECT_EQ(client.rebind(), DhcpAnswer::ack);
    EXPECT_EQ(client.reboot(), DhcpAnswer::ack);
    EXPECT_TRUE(client.has(address));
    EXPECT_TRUE(server.leases().contains(address));
    EXPECT_EQ(other.join(), DhcpAnswer::ack);
    EXPECT_FALSE(other.has(address));
    client.release();
    EXPECT_TRUE(wait_until([&] { return !server.leases().contains(address); }));
    EXPECT_EQ(router.stop(), 0);
    EXPECT_EQ(other.renew(), DhcpAnswer::none);
}

}  // namespace
}  // namespace lab
