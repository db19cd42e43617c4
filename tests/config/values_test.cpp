// Numbers, switches and addresses.
#include "vrrpd/config/values.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace vrrpd::config::values_test {
namespace {

TEST(Values, integers_are_of_base_ten) {
    EXPECT_EQ(parse_integer("64"), 64);
    EXPECT_EQ(parse_integer("064"), 64);
    EXPECT_EQ(parse_integer("+5"), 5);
    EXPECT_EQ(parse_integer("-5"), -5);
    for (const char* text : {"", "+", "-", "0x64", "5s", " 5", "5 ", "+-5", "1e3", "99999999999999999999"}) {
        EXPECT_EQ(parse_integer(text), std::nullopt) << text;
    }
}

TEST(Values, c_integers_know_bases) {
    EXPECT_EQ(parse_c_integer("0x1F"), 31);
    EXPECT_EQ(parse_c_integer("0Xff"), 255);
    EXPECT_EQ(parse_c_integer("017"), 15);
    EXPECT_EQ(parse_c_integer("0"), 0);
    EXPECT_EQ(parse_c_integer("-0x10"), -16);
    for (const char* text : {"", "0x", "0x-1", "--1", "08", "1f", "-", "0xg"}) {
        EXPECT_EQ(parse_c_integer(text), std::nullopt) << text;
    }
}

TEST(Values, decimals_in_all_their_forms) {
    struct Case {
        const char* text;
        std::int64_t millionths;
    };
    for (const auto& [text, millionths] :
         {Case{"0.5", 500'000}, Case{"1", 1'000'000}, Case{"1.", 1'000'000}, Case{".5", 500'000}, Case{"+1", 1'000'000},
          Case{"01", 1'000'000}, Case{"0.000001", 1}, Case{"40.95", 40'950'000}}) {
        const auto value = parse_decimal(text);
        ASSERT_TRUE(value) << text;
        EXPECT_EQ(value->millionths, millionths) << text;
        EXPECT_FALSE(value->rounded) << text;
    }
    for (const char* text : {"", ".", "+", "-1", "1e3", "0x1", "1.2.3", "1,5", "1s", "1234567890123"}) {
        EXPECT_FALSE(parse_decimal(text)) << text;
    }
}

TEST(Values, more_than_six_places_are_rounded_and_it_is_said) {
    EXPECT_EQ(parse_decimal("0.1234564")->millionths, 123'456);
    EXPECT_EQ(parse_decimal("0.1234565")->millionths, 123'457);
    EXPECT_TRUE(parse_decimal("0.1234565")->rounded);
    EXPECT_EQ(parse_decimal("0.9999999")->millionths, 1'000'000);
}

TEST(Values, decimals_as_text) {
    EXPECT_EQ(decimal_text(500'000), "0.5");
    EXPECT_EQ(decimal_text(40'950'000), "40.95");
    EXPECT_EQ(decimal_text(3'000'000), "3");
    EXPECT_EQ(decimal_text(0), "0");
}

RC_GTEST_PROP(Values, a_decimal_survives_its_text, ()) {
    const auto millionths = *rc::gen::inRange<std::int64_t>(0, 4'294'967'295'000'000);
    const auto value = parse_decimal(decimal_text(millionths));
    RC_ASSERT(value.has_value());
    RC_ASSERT(value->millionths == millionths);
    RC_ASSERT(!value->rounded);
}

RC_GTEST_PROP(Values, an_integer_survives_its_text, (std::int64_t number)) {
    RC_ASSERT(parse_integer(std::to_string(number)) == number);
}

TEST(Values, booleans_are_lower_case_words) {
    for (const char* text : {"on", "true", "yes"}) EXPECT_EQ(parse_boolean(text), true) << text;
    for (const char* text : {"off", "false", "no"}) EXPECT_EQ(parse_boolean(text), false) << text;
    for (const char* text : {"YES", "On", "1", "0", "", "y"}) EXPECT_EQ(parse_boolean(text), std::nullopt) << text;
}

TEST(Values, a_bad_prefix_length_becomes_the_full_one) {
    const auto good = parse_address("10.0.0.1/24");
    ASSERT_TRUE(good);
    EXPECT_EQ(good->prefix, *Prefix::parse("10.0.0.1/24"));
    EXPECT_TRUE(good->length_given);
    EXPECT_FALSE(good->bad_length);

    EXPECT_FALSE(parse_address("10.0.0.1")->length_given);
    EXPECT_EQ(parse_address("10.0.0.1")->prefix.length, 32);
    EXPECT_EQ(parse_address("fe80::1")->prefix.length, 128);
    for (const char* text : {"10.0.0.1/33", "10.0.0.1/", "10.0.0.1/x", "10.0.0.1/-1", "10.0.0.1/255.255.255.0"}) {
        const auto bad = parse_address(text);
        ASSERT_TRUE(bad) << text;
        EXPECT_TRUE(bad->bad_length) << text;
        EXPECT_EQ(bad->prefix.length, 32) << text;
    }
    EXPECT_TRUE(parse_address("fe80::1/129")->bad_length);
    for (const char* text : {"", "/24", "10.0.0", "10.0.0.1.2", "eth0", "10.0.0.256/24"}) {
        EXPECT_FALSE(parse_address(text)) << text;
    }
}

TEST(Values, sources_and_peers_are_cut_at_a_slash_or_dash) {
    EXPECT_EQ(parse_bare_address("10.0.0.1/24"), IpAddress::parse("10.0.0.1"));
    EXPECT_EQ(parse_bare_address("10.0.0.1-5"), IpAddress::parse("10.0.0.1"));
    EXPECT_EQ(parse_bare_address("fe80::1"), IpAddress::parse("fe80::1"));
    EXPECT_EQ(parse_bare_address("x/24"), std::nullopt);
}

TEST(Values, device_names_are_what_the_kernel_takes) {
    for (const char* text : {"lan0", "enp5s0", "vrrp.12", "br-lan", "a", "123456789012345"})
        EXPECT_TRUE(is_device_name(text)) << text;
    for (const char* text : {"", "1234567890123456", "a/b", "a b", ".", "..", "a\tb"})
        EXPECT_FALSE(is_device_name(text)) << text;
}

}  // namespace
}  // namespace vrrpd::config::values_test
