// DHCPv6 moves with the gateway as DHCP does: the same address, from a server that has the same DUID.
#include <fstream>
#include <sstream>

#include "netns-tests/dhcp_fixture.hpp"
#include "netns-tests/lab/dhcp6_client.hpp"

namespace lab::dhcp6_test {
namespace {

// Bound to the virtual address of each family.
DhcpServerPlan both_families(const std::string& more) {
    return {.more = "listen-address=" + Home::vip6.to_string() +
                    "\ndhcp-range=fd00:12:14::1000,fd00:12:14::1fff,64,1h\n" + more};
}

class Dhcp6 : public DhcpTest {
protected:
    explicit Dhcp6(const std::string& more = "dhcp-duid=1234,0a0b0c0d") : DhcpTest(both_families(more)) {}

    [[nodiscard]] HomeText both() const {
        auto changed = text();
        changed.instance = "virtual_ipaddress_excluded {\n" + Home::vip6.to_string() + "/64\n}";
        changed.gateway += "\n    lan lan0 fd00:12:14::/64";
        return changed;
    }
    static std::string lease_file(const Site& site) {
        std::ostringstream text;
        text << std::ifstream(site.server.lease_file()).rdbuf();
        return text.str();
    }
    static bool has_lease(const Site& site, const IpAddress& address) {
        return lease_file(site).find(' ' + address.to_string() + ' ') != std::string::npos;
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

// Each dnsmasq has made a DUID of its own, and is restarted once to have the gateway's.
class Dhcp6OwnDuids : public Dhcp6 {
protected:
    Dhcp6OwnDuids() : Dhcp6("") {
        for (const auto* site : sites()) write_restart_command(*site);
    }
    // "00:01:00:01:...", as its lease file has it.
    static std::string duid(const Site& site) {
        const auto text = lease_file(site);
        const auto at = text.find("duid ");
        return at == std::string::npos ? "" : text.substr(at + 5, text.find('\n', at) - at - 5);
    }
};

TEST_F(Dhcp6OwnDuids, stand_in_takes_the_one_of_the_gateway) {
    auto restarted = both();
    restarted.dnsmasq = "restart_command $RESTART";
    start_all(restarted);
    Dhcp6Client client(home.client, "lan0", 1);
    ASSERT_TRUE(wait_until([&] { return client.join(); }));
    const auto given = *client.lease();
    ASSERT_TRUE(wait_until([&] { return has_lease(h003, given.address); }));  // the DUID stands before it
    std::string shared;
    ASSERT_TRUE(wait_until([&] { return !(shared = duid(h003)).empty(); }));
    for (const auto* stand_in : {&h001, &h002}) {
        EXPECT_TRUE(wait_until([&] { return duid(*stand_in) == shared; }, 10s)) << duid(*stand_in);
        EXPECT_TRUE(wait_until([&] { return has_lease(*stand_in, given.address); }, 10s)) << stand_in->host.name();
    }
    home.h003.lose_power();
    ASSERT_TRUE(becomes_active(home.h001));
    EXPECT_TRUE(wait_until([&] { return client.renew(); }, 10s));
    EXPECT_EQ(client.lease()->address, given.address);
    EXPECT_EQ(client.lease()->server, given.server);
}

}  // namespace
}  // namespace lab::dhcp6_test
