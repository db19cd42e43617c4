// DHCPv6 moves with the gateway as DHCP does: the same address, from a server that has the same DUID.
#include <fstream>
#include <sstream>

#include "netns-tests/dhcp_fixture.hpp"
#include "netns-tests/lab/dhcp6_client.hpp"

namespace lab::dhcp6_test {
namespace {

// Bound to the virtual address of each family.
DhcpServerPlan both_families() {
    return {.more = "listen-address=" + Home::vip6.to_string() +
                    "\ndhcp-range=fd00:12:14::1000,fd00:12:14::1fff,64,1h\ndhcp-duid=1234,0a0b0c0d"};
}

class Dhcp6 : public DhcpTest {
protected:
    Dhcp6() : DhcpTest(both_families()) {}

    [[nodiscard]] HomeText both() const {
        auto changed = text();
        changed.instance = "virtual_ipaddress_excluded {\n" + Home::vip6.to_string() + "/64\n}";
        changed.gateway += "\n    lan lan0 fd00:12:14::/64";
        return changed;
    }
    // As its lease file says.
    static bool has_lease(const Site& site, const IpAddress& address) {
        std::ostringstream text;
        text << std::ifstream(site.server.lease_file()).rdbuf();
        return text.str().find(' ' + address.to_string() + ' ') != std::string::npos;
    }
};

TEST_F(Dhcp6, client_keeps_its_address_and_its_server) {
    start_all(both());
    Dhcp6Client client(home.client, "lan0", 1);
    ASSERT_TRUE(wait_until([&] { return client.join(); }));
    const auto given = *client.lease();
    for (const auto* stand_in : {&h001, &h002})
        ASSERT_TRUE(wait_until([&] { return has_lease(*stand_in, given.address); }, 5s)) << stand_in->host.name();
    home.h003.lose_power();
    ASSERT_TRUE(becomes_active(home.h001));
    EXPECT_TRUE(wait_until([&] { return client.renew(); }, 5s)) << "nobody has that DUID, or the lease";
    EXPECT_EQ(client.lease()->address, given.address);
    EXPECT_EQ(client.lease()->server, given.server);
}

}  // namespace
}  // namespace lab::dhcp6_test
