// Hosts that are there without a lease when the gateway dies: the next one finds them and spares their addresses.
#include "netns-tests/dhcp_fixture.hpp"

namespace lab::dhcp_repair_test {
namespace {

IpAddress on_lan(unsigned last) { return IpAddress::v4(10, 12, 14, static_cast<std::uint8_t>(last)); }

// A stand-in looks at an address every 5 s: the last of each range it has not come to yet.
class DhcpTwoRanges : public DhcpTest {
protected:
    DhcpTwoRanges() : DhcpTest({.more = "dhcp-range=10.12.14.30,10.12.14.60,255.255.255.0,1h"}) {}
};

TEST_F(DhcpTwoRanges, who_is_in_either_range_is_found_at_the_take_over) {
    start_all();
    DhcpClient first(card, 71), second(card, 72), third(card, 73);
    first.squat(on_lan(60), Home::vip);
    second.squat(on_lan(199), Home::vip);
    third.squat(on_lan(101), Home::vip);
    home.h003.lose_power();
    ASSERT_TRUE(becomes_active(home.h001));
    for (const auto* host : {&first, &second, &third})
        EXPECT_TRUE(comes_to_know(h001, *host, 10s)) << host->lease()->address.to_string();
}

using DhcpRepair = DhcpTest;

// A client with an alias, a static one in the pool. With a lease of both dnsmasq (2.90) would refuse to renew the
// first.
TEST_F(DhcpRepair, machine_with_two_addresses_keeps_its_lease) {
    start_all();
    DhcpClient client(card, 1);
    ASSERT_EQ(client.join(), DhcpAnswer::ack);
    ASSERT_TRUE(comes_to_know(h001, client));
    const auto address = client.lease()->address;
    const auto alias = address == on_lan(199) ? on_lan(198) : on_lan(199);
    card.answer_arp_for(alias, client.mac());
    home.h003.lose_power();
    ASSERT_TRUE(becomes_active(home.h001));
    EXPECT_TRUE(h001.router.await_log(client.mac().to_string() + " answers ARP for " + alias.to_string() +
                                      " without a lease, and has another address of the pool"));
    EXPECT_EQ(client.renew(5s), DhcpAnswer::ack);
    EXPECT_TRUE(client.has(address));
    EXPECT_FALSE(h001.server.leases().contains(alias));
}

class DhcpPinged : public DhcpTest {
protected:
    DhcpPinged() : DhcpTest({.pings = true}) {}
};

// The ARP scan takes most of a second, in which dnsmasq answers already; but it pings for three before it offers, and
// refuses what was given to somebody else meanwhile.
TEST_F(DhcpPinged, newcomer_that_asks_at_once_does_not_get_the_address_of_a_host_without_a_lease) {
    start_all();
    DhcpClient newcomer(card, 1), squatter(card, 77);
    const auto offer = newcomer.discover(6s);  // dnsmasq offers a client the same address on every router
    ASSERT_TRUE(offer);
    squatter.squat(offer->address, Home::vip);
    home.h003.lose_power();
    auto answer = DhcpAnswer::none;
    wait_until([&] { return (answer = newcomer.join(5s)) == DhcpAnswer::ack; }, 30s);
    ASSERT_EQ(answer, DhcpAnswer::ack);
    EXPECT_TRUE(holds(home.h001));
    EXPECT_FALSE(newcomer.has(offer->address));
    EXPECT_TRUE(knows(h001, squatter)) << "its lease was made";
}

}  // namespace
}  // namespace lab::dhcp_repair_test
