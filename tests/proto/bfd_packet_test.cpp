// BFD Control packets (RFC 5880 4.1) and the checks of 6.8.6 before a session is looked up.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "vrrpd/proto/bfd.hpp"

namespace vrrpd::proto::bfd_packet_test {
namespace {

BfdPacket some_packet() {
    BfdPacket packet;
    packet.diagnostic = BfdDiagnostic::neighbor_signaled_down;
    packet.state = BfdState::init;
    packet.poll = true;
    packet.multiplier = 3;
    packet.my_discriminator = 0x01020304;
    packet.your_discriminator = 0x05060708;
    packet.desired_min_tx = BfdInterval(1'000'000);
    packet.required_min_rx = BfdInterval(50'000);
    return packet;
}

Bytes bytes_of(const BfdPacket& packet) {
    const auto bytes = encode(packet);
    return {bytes.begin(), bytes.end()};
}

BfdRejection rejection(const Bytes& bytes) {
    const auto got = decode_bfd(bytes);
    EXPECT_FALSE(got);
    return got ? BfdRejection::unknown_session : got.error();
}

TEST(BfdPacket, VR_212_RFC5880_4_1_stands_as_the_figure_shows_it) {
    const Bytes expected{0x23, 0xa0, 3,    24,   1,    2,    3,    4,    5, 6, 7, 8,
                         0x00, 0x0f, 0x42, 0x40, 0x00, 0x00, 0xc3, 0x50, 0, 0, 0, 0};
    EXPECT_EQ(bytes_of(some_packet()), expected);
    const auto back = decode_bfd(expected);
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, some_packet());
}

TEST(BfdPacket, every_bit_has_its_place) {
    auto packet = some_packet();
    packet.poll = false;
    packet.final = true;
    packet.demand = true;
    packet.state = BfdState::up;
    EXPECT_EQ(encode(packet)[1], 0xd2);
    EXPECT_EQ(decode_bfd(bytes_of(packet)).value(), packet);
}

TEST(BfdPacket, what_follows_the_length_is_left_alone) {
    auto bytes = bytes_of(some_packet());
    bytes.insert(bytes.end(), {1, 2, 3});
    EXPECT_EQ(decode_bfd(bytes).value(), some_packet());
    bytes[3] = 27;  // a longer section than we know is no fault (6.8.6: at least the minimum, at most the payload)
    EXPECT_EQ(decode_bfd(bytes).value(), some_packet());
}

TEST(BfdPacket, VR_213_RFC5880_6_8_6_short_ones_are_refused) {
    const auto bytes = bytes_of(some_packet());
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_EQ(rejection(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size))),
                  BfdRejection::too_short);
}

// Each fault with all later ones beside it: the first check speaks.
TEST(BfdPacket, VR_213_RFC5880_6_8_6_checks_come_in_order) {
    auto bytes = bytes_of(some_packet());
    bytes[8] = bytes[9] = bytes[10] = bytes[11] = 0;  // Your Discriminator
    EXPECT_EQ(rejection(bytes), BfdRejection::wrong_state);
    bytes[4] = bytes[5] = bytes[6] = bytes[7] = 0;  // My Discriminator
    EXPECT_EQ(rejection(bytes), BfdRejection::zero_discriminator);
    bytes[1] |= 1;
    EXPECT_EQ(rejection(bytes), BfdRejection::multipoint);
    bytes[2] = 0;
    EXPECT_EQ(rejection(bytes), BfdRejection::zero_multiplier);
    bytes[3] = 25;
    EXPECT_EQ(rejection(bytes), BfdRejection::wrong_length) << "more than there is";
    bytes[3] = 23;
    EXPECT_EQ(rejection(bytes), BfdRejection::wrong_length) << "less than the mandatory section";
    bytes[0] = 0x43;
    EXPECT_EQ(rejection(bytes), BfdRejection::wrong_version);
}

TEST(BfdPacket, VR_213_RFC5880_6_8_6_an_authenticated_one_is_26_octets_at_least) {
    auto bytes = bytes_of(some_packet());
    bytes[1] |= 0x04;
    EXPECT_EQ(rejection(bytes), BfdRejection::wrong_length);
    bytes.insert(bytes.end(), {1, 2});
    bytes[3] = 26;
    const auto got = decode_bfd(bytes);
    ASSERT_TRUE(got);
    EXPECT_TRUE(got->authenticated);
}

TEST(BfdPacket, VR_213_RFC5880_6_8_6_without_your_discriminator_only_who_is_down_speaks) {
    auto packet = some_packet();
    packet.your_discriminator = 0;
    for (const auto state : {BfdState::down, BfdState::admin_down}) {
        packet.state = state;
        EXPECT_TRUE(decode_bfd(bytes_of(packet)));
    }
    for (const auto state : {BfdState::init, BfdState::up}) {
        packet.state = state;
        EXPECT_EQ(rejection(bytes_of(packet)), BfdRejection::wrong_state);
    }
}

TEST(BfdPacket, kinds_have_names_of_their_own) {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < bfd_rejection_kinds; ++i) names.push_back(name(static_cast<BfdRejection>(i)));
    std::sort(names.begin(), names.end());
    EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
    EXPECT_EQ(name(static_cast<BfdDiagnostic>(31)), "Unknown Diagnostic");
}

RC_GTEST_PROP(BfdPacketProperty, what_is_encoded_is_decoded, ()) {
    BfdPacket packet;
    packet.diagnostic = static_cast<BfdDiagnostic>(*rc::gen::inRange(0, 32));
    packet.state = static_cast<BfdState>(*rc::gen::inRange(0, 4));
    packet.poll = *rc::gen::arbitrary<bool>();
    packet.final = !packet.poll && *rc::gen::arbitrary<bool>();
    packet.demand = *rc::gen::arbitrary<bool>();
    packet.multiplier = static_cast<std::uint8_t>(*rc::gen::inRange(1, 256));
    packet.my_discriminator = *rc::gen::nonZero<std::uint32_t>();
    packet.your_discriminator = *rc::gen::nonZero<std::uint32_t>();
    packet.desired_min_tx = BfdInterval(*rc::gen::arbitrary<std::uint32_t>());
    packet.required_min_rx = BfdInterval(*rc::gen::arbitrary<std::uint32_t>());
    RC_ASSERT(decode_bfd(bytes_of(packet)).value() == packet);
}

RC_GTEST_PROP(BfdPacketProperty, any_bytes_are_safe, (const Bytes& bytes)) {
    const auto got = decode_bfd(bytes);
    if (!got) return;
    RC_ASSERT(got->multiplier > 0);
    RC_ASSERT(got->my_discriminator != 0u);
}

}  // namespace
}  // namespace vrrpd::proto::bfd_packet_test
