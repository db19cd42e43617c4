#include <gtest/gtest.h>

#include "tests/proto/advert_samples.hpp"
#include "vrrpd/proto/announce.hpp"
#include "vrrpd/proto/envelope.hpp"

namespace vrrpd::proto::frames_test {
namespace {

using namespace sample;

const MacAddress mac{{0x02, 0, 0, 0, 0, 0x0a}};

TEST(Frames, VR_170_VR_171_gratuitous_arp) {
    EXPECT_EQ(gratuitous_arp(ip("10.77.0.100"), mac), hex("ffffffffffff"
                                                          "02000000000a"
                                                          "0806"
                                                          "0001080006040001"
                                                          "02000000000a"
                                                          "0a4d0064"
                                                          "ffffffffffff"
                                                          "0a4d0064"));
}

TEST(Frames, RFC_5227_2_1_1_a_probe_claims_nothing) {
    const auto probe = arp_probe(ip("10.77.0.100"), mac);
    EXPECT_EQ(probe, hex("ffffffffffff"
                         "02000000000a"
                         "0806"
                         "0001080006040001"
                         "02000000000a"
                         "00000000"
                         "000000000000"
                         "0a4d0064"));
    EXPECT_EQ(read_claim(probe), std::nullopt);
}

TEST(Frames, RFC_826_a_request_tells_who_asks) {
    const auto request = arp_request(ip("10.77.0.100"), ip("10.77.0.4"), mac);
    EXPECT_EQ(request, hex("ffffffffffff"
                           "02000000000a"
                           "0806"
                           "0001080006040001"
                           "02000000000a"
                           "0a4d0004"
                           "000000000000"
                           "0a4d0064"));
}

TEST(Frames, VR_190_unsolicited_na) {
    const auto host =
        hex("333300000001"
            "02000000000a"
            "86dd"
            "6000000000203aff"
            "fe800000000000000000000000000100"
            "ff020000000000000000000000000001"
            "88005594"
            "20000000"
            "fe800000000000000000000000000100"
            "0201"
            "02000000000a");
    EXPECT_EQ(unsolicited_na(ip("fe80::100"), mac, false), host);
}

TEST(Frames, VR_191_the_router_flag) {
    const auto router = unsolicited_na(ip("fe80::100"), mac, true);
    EXPECT_EQ(router.size(), 86u);
    EXPECT_EQ(router[58], 0xa0);
    EXPECT_EQ(read_claim(router), (AddressClaim{ip("fe80::100"), mac}));
}

TEST(Frames, RFC_4862_5_4_2_nd_probe) {
    const auto probe = nd_probe(ip("2001:db8::12:3456"), mac);
    EXPECT_EQ(probe.size(), 78u);
    EXPECT_EQ(Bytes(probe.begin(), probe.begin() + 6), hex("3333ff123456"));
    EXPECT_EQ(Bytes(probe.begin() + 38, probe.begin() + 54), hex("ff0200000000000000000001ff123456"));
    EXPECT_EQ(Bytes(probe.begin() + 22, probe.begin() + 38), Bytes(16, 0));
    EXPECT_EQ(probe[54], 135);
    EXPECT_EQ(read_claim(probe), std::nullopt);
}

TEST(Frames, an_arp_answer_is_a_claim) {
    const auto answer =
        hex("02000000000c"
            "02000000000a"
            "0806"
            "0001080006040002"
            "02000000000b"
            "0a0c0e01"
            "02000000000c"
            "0a0c0e03");
    EXPECT_EQ(read_claim(answer), (AddressClaim{ip("10.12.14.1"), MacAddress{{0x02, 0, 0, 0, 0, 0x0b}}}));
}

TEST(Frames, a_solicited_answer_without_the_option_is_its_senders) {
    auto answer = unsolicited_na(ip("fe80::100"), mac, true);
    answer.resize(answer.size() - 8);
    answer[19] = 24;              // payload length
    answer[56] = answer[57] = 0;  // ICMPv6 checksum, formed again
    std::uint32_t sum = 58 + 24;
    for (std::size_t i = 22; i < answer.size(); i += 2)
        sum += static_cast<std::uint32_t>(answer[i] << 8 | answer[i + 1]);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    answer[56] = static_cast<std::uint8_t>(~sum >> 8);
    answer[57] = static_cast<std::uint8_t>(~sum);
    EXPECT_EQ(read_claim(answer), (AddressClaim{ip("fe80::100"), mac}));
}

TEST(Frames, RFC_4861_7_1_2_an_invalid_na_is_no_claim) {
    const auto valid = unsolicited_na(ip("fe80::100"), mac, true);
    for (const std::size_t at : {std::size_t{21}, std::size_t{20}, std::size_t{54}, std::size_t{55}, std::size_t{60}}) {
        auto broken = valid;  // hop limit, next header, type, code, a reserved octet (checksum)
        broken[at] = static_cast<std::uint8_t>(broken[at] ^ 1);
        EXPECT_EQ(read_claim(broken), std::nullopt) << at;
    }
}

TEST(Frames, no_truncation_does_harm) {
    for (const auto& frame : {gratuitous_arp(ip("10.0.0.1"), mac), unsolicited_na(ip("fe80::1"), mac, true)}) {
        for (std::size_t size = 0; size < frame.size(); ++size) {
            EXPECT_EQ(read_claim(BytesView(frame).first(size)), std::nullopt) << size;
        }
    }
}

TEST(Frames, RFC_9568_7_3_an_advert_leaves_from_the_virtual_mac) {
    const MacAddress virtual_mac{{0x00, 0x00, 0x5e, 0x00, 0x01, 0x33}};
    const auto message = hex("3133c80100646410");
    const auto v4 = multicast_frame(virtual_mac, message, {ip("10.77.0.1"), multicast_group(Family::ipv4), sent_ttl},
                                    {ip_protocol, message.size(), 7});
    EXPECT_EQ(v4, hex("01005e000012"
                      "00005e000133"
                      "0800"
                      "45c0001c00070000ff70d04a"  // its checksum is right
                      "0a4d0001e0000012"
                      "3133c80100646410"));
    const auto v6 = multicast_frame(virtual_mac, message, {ip("fe80::1"), multicast_group(Family::ipv6), sent_ttl},
                                    {ip_protocol, message.size(), 7});
    EXPECT_EQ(v6, hex("333300000012"
                      "00005e000133"
                      "86dd"
                      "6c000000000870ff"
                      "fe800000000000000000000000000001"
                      "ff020000000000000000000000000012"
                      "3133c80100646410"));
}

}  // namespace
}  // namespace vrrpd::proto::frames_test
