#include <gtest/gtest.h>

#include "tests/proto/advert_samples.hpp"

namespace vrrpd::proto::advert_encode_test {
namespace {

using namespace sample;

TEST(Encode, VR_020_VR_021_v2_layout_and_checksum) {
    EXPECT_EQ(encode(v2(), multicast(), ChecksumForm::pseudo_header), hex("2133960200013366"
                                                                          "0a4d0064"
                                                                          "0a4d0065"
                                                                          "0000000000000000"));
}

TEST(Encode, VR_040_VR_045_v3_with_the_pseudo_header) {
    EXPECT_EQ(encode(v3(), multicast(), ChecksumForm::pseudo_header), hex("3133960200643822"
                                                                          "0a4d0064"
                                                                          "0a4d0065"));
}

TEST(Encode, VR_045_v3_message_only_as_RFC_9568_forms_it) {
    EXPECT_EQ(encode(v3(), multicast(), ChecksumForm::message_only), hex("3133960200642303"
                                                                         "0a4d0064"
                                                                         "0a4d0065"));
}

TEST(Encode, VR_046_unicast_uses_the_real_destination) {
    const Envelope to_peer{ip("10.77.0.1"), ip("10.77.0.2"), 255};
    EXPECT_EQ(encode(v3(), to_peer, ChecksumForm::pseudo_header), hex("3133960200640de6"
                                                                      "0a4d0064"
                                                                      "0a4d0065"));
}

TEST(Encode, VR_047_ipv6_is_always_over_the_pseudo_header) {
    const auto expected =
        hex("3133960200640b7d"
            "fe800000000000000000000000000100"
            "20010db8007700000000000000000100");
    EXPECT_EQ(encode(v6(), multicast6(), ChecksumForm::pseudo_header), expected);
    EXPECT_EQ(encode(v6(), multicast6(), ChecksumForm::message_only), expected);
}

TEST(Encode, VR_029_v2_over_ipv6_has_no_authentication_data) {
    auto advert = v6();
    advert.version = Version::v2;
    const auto message = encode(advert, multicast6(), ChecksumForm::pseudo_header);
    EXPECT_EQ(message.size(), 8u + 2 * 16);
    EXPECT_EQ(message[6] << 8 | message[7], 0x1be0);
}

TEST(Encode, VR_041_the_reserved_bits_are_zero) {
    auto advert = v3();
    advert.interval = Centiseconds(4095);
    const auto message = encode(advert, multicast(), ChecksumForm::pseudo_header);
    EXPECT_EQ(message[4], 0x0f);
    EXPECT_EQ(message[5], 0xff);
}

TEST(Encode, VR_049_keeps_the_configured_order) {
    auto advert = v3();
    std::swap(advert.addresses[0], advert.addresses[1]);
    const auto message = encode(advert, multicast(), ChecksumForm::pseudo_header);
    EXPECT_EQ(message[11], 101);
    EXPECT_EQ(message[15], 100);
}

TEST(Encode, VR_117_priority_zero_of_the_vectors) {
    auto advert = v2();
    advert.priority = Priority::resign();
    const auto message = encode(advert, multicast(), ChecksumForm::pseudo_header);
    EXPECT_EQ(message[2], 0);
    EXPECT_EQ(message[6] << 8 | message[7], 0xc966);
}

TEST(Encode, the_groups_are_VRRPs) {
    EXPECT_EQ(multicast_group(Family::ipv4), ip("224.0.0.18"));
    EXPECT_EQ(multicast_group(Family::ipv6), ip("ff02::12"));
}

using EncodeDeathTest = testing::Test;

TEST(EncodeDeathTest, our_own_mistakes_stop_us) {
    auto two_families = v3();
    two_families.addresses.push_back(ip("fe80::1"));
    EXPECT_DEATH((void)encode(two_families, multicast(), ChecksumForm::pseudo_header), "assertion failed");
    auto half_second = v2();
    half_second.interval = Centiseconds(50);
    EXPECT_DEATH((void)encode(half_second, multicast(), ChecksumForm::pseudo_header), "assertion failed");
    auto no_interval = v3();
    no_interval.interval = Centiseconds(0);
    EXPECT_DEATH((void)encode(no_interval, multicast(), ChecksumForm::pseudo_header), "assertion failed");
}

}  // namespace
}  // namespace vrrpd::proto::advert_encode_test
