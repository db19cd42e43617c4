#include <gtest/gtest.h>

#include "tests/dhcpsync/sample.hpp"

namespace dhcpsync::lease_test {
namespace {

using namespace sample;

TEST(HostName, letters_digits_hyphens_and_at_most_63) {
    EXPECT_TRUE(valid_host_name("H001-nas"));
    EXPECT_TRUE(valid_host_name(std::string(63, 'a')));
    for (const auto* bad : {"", "a b", "a\nb", "a.b", "a_b", "a/b", "\xc3\xa4", "*"})
        EXPECT_FALSE(valid_host_name(bad)) << bad;
    EXPECT_FALSE(valid_host_name(std::string(64, 'a')));
    EXPECT_FALSE(valid_host_name(std::string("a\0b", 3)));
}

TEST(SameMachine, by_client_id_or_by_hardware_address) {
    const Client both = Client4{{1, mac(1)}, option61(1)};
    EXPECT_TRUE(same_machine(both, Client4{{1, mac(2)}, option61(1)}));
    EXPECT_TRUE(same_machine(both, Client4{{1, mac(1)}, option61(2)}));
    EXPECT_TRUE(same_machine(both, Client4{{1, mac(1)}, {}}));
    EXPECT_FALSE(same_machine(both, Client4{{1, mac(2)}, option61(2)}));
    // What is not there is not the same.
    EXPECT_FALSE(same_machine(Client4{{0, {}}, option61(1)}, Client4{{0, {}}, option61(2)}));
    EXPECT_FALSE(same_machine(Client4{{1, mac(1)}, {}}, Client4{{1, mac(2)}, {}}));
}

TEST(SameMachine, by_duid) {
    EXPECT_TRUE(same_machine(Client6{option61(1), Iaid{1}, false}, Client6{option61(1), Iaid{2}, true}));
    EXPECT_FALSE(same_machine(Client6{option61(1), Iaid{1}, false}, Client6{option61(2), Iaid{1}, false}));
    EXPECT_FALSE(same_machine(Client6{mac(1), Iaid{1}, false}, Client4{{1, mac(1)}, mac(1)}));
}

TEST(WellFormed, family_of_the_client_is_that_of_the_address) {
    EXPECT_TRUE(well_formed(lease(100, 1)));
    EXPECT_TRUE(well_formed(lease6(100, 1)));
    auto mixed = lease(100, 1);
    mixed.client = lease6(100, 1).client;
    EXPECT_FALSE(well_formed(mixed));
}

TEST(WellFormed, addresses_no_client_can_have_are_refused) {
    for (const auto* text : {"0.0.0.0", "127.0.0.1", "224.0.0.1", "::", "::1", "ff02::1"}) {
        auto bad = IpAddress::parse(text)->is_v4() ? lease(1, 1) : lease6(1, 1);
        bad.address = *IpAddress::parse(text);
        EXPECT_FALSE(well_formed(bad)) << text;
    }
}

TEST(AboutEqual, two_seconds_and_never) {
    EXPECT_TRUE(about_equal(noon, noon + Seconds(2)));
    EXPECT_TRUE(about_equal(noon + Seconds(2), noon));
    EXPECT_FALSE(about_equal(noon, noon + Seconds(3)));
    EXPECT_TRUE(about_equal(never, never));
    EXPECT_FALSE(about_equal(never, noon));
    EXPECT_FALSE(about_equal(noon, never));
}

}  // namespace
}  // namespace dhcpsync::lease_test
