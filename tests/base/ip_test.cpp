#include "vrrpd/base/ip.hpp"

#include <gtest/gtest.h>

namespace vrrpd::ip_test {
namespace {

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

TEST(IpAddress, parses_both_families_and_nothing_else) {
    EXPECT_EQ(ip("10.12.14.1"), IpAddress::v4(10, 12, 14, 1));
    EXPECT_TRUE(ip("fe80::1").is_v6());
    for (const char* bad : {"", "10.0.0", "10.0.0.256", "fe80::1%eth0", "10.0.0.1/24", "x", "::1::2"}) {
        EXPECT_FALSE(IpAddress::parse(bad)) << bad;
    }
}

TEST(IpAddress, text_is_what_was_parsed) {
    for (const char* text : {"10.12.14.1", "0.0.0.0", "fe80::1", "2001:db8::12:3456", "::"}) {
        EXPECT_EQ(ip(text).to_string(), text);
    }
}

TEST(IpAddress, VR_120_orders_unsigned_in_network_order) {
    EXPECT_LT(ip("9.255.255.255"), ip("10.0.0.1"));
    EXPECT_LT(ip("100.0.0.1"), ip("200.0.0.1"));
    EXPECT_LT(ip("fe80::a"), ip("fe80::b"));
}

TEST(IpAddress, takes_4_or_16_octets) {
    const std::array<std::uint8_t, 16> octets{1, 2, 3, 4};
    EXPECT_EQ(IpAddress::from_bytes(std::span(octets).first(4)), IpAddress::v4(1, 2, 3, 4));
    EXPECT_TRUE(IpAddress::from_bytes(octets)->is_v6());
    EXPECT_FALSE(IpAddress::from_bytes(std::span(octets).first(5)));
}

TEST(IpAddress, kinds) {
    EXPECT_TRUE(ip("224.0.0.18").is_multicast());
    EXPECT_TRUE(ip("ff02::12").is_multicast());
    EXPECT_TRUE(ip("fe80::1").is_link_local());
    EXPECT_FALSE(ip("2001:db8::1").is_link_local());
    EXPECT_TRUE(ip("::").is_unspecified());
    EXPECT_TRUE(ip("::1").is_loopback());
}

TEST(Prefix, holds_its_network) {
    const auto prefix = Prefix::parse("10.12.14.1/24").value();
    EXPECT_EQ(prefix.to_string(), "10.12.14.1/24");
    EXPECT_EQ(prefix.network().address, ip("10.12.14.0"));
    EXPECT_TRUE(prefix.contains(ip("10.12.14.255")));
    EXPECT_FALSE(prefix.contains(ip("10.12.15.0")));
    EXPECT_FALSE(prefix.contains(ip("fe80::1")));
    EXPECT_EQ(Prefix::parse("fe80::1")->length, 128);
    EXPECT_FALSE(Prefix::parse("10.0.0.1/33"));
    EXPECT_FALSE(Prefix::parse("10.0.0.1/"));
}

}  // namespace
}  // namespace vrrpd::ip_test
