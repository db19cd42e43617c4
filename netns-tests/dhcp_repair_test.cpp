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

}  // namespace
}  // namespace lab::dhcp_repair_test
