#include <gtest/gtest.h>

#include <array>
#include <set>

#include "tests/proto/advert_samples.hpp"
#include "vrrpd/proto/checksum.hpp"

namespace vrrpd::proto::advert_decode_test {
namespace {

using namespace sample;

constexpr auto with_pseudo_header = ChecksumForm::pseudo_header;

// A message with some octets changed and a checksum that is right all the same.
Bytes altered(Bytes message, std::initializer_list<std::pair<std::size_t, std::uint8_t>> octets,
              const Envelope& envelope = multicast()) {
    for (const auto& [at, value] : octets) message.at(at) = value;
    message.at(6) = message.at(7) = 0;
    InternetSum sum;
    if (message[0] >> 4 == 3) sum.add_pseudo_header(envelope.source, envelope.destination, ip_protocol, message.size());
    store_checksum(message, 6, sum.add(message).checksum());
    return message;
}

Bytes v3_message() { return encode(v3(), multicast(), with_pseudo_header); }
Bytes v2_message() { return encode(v2(), multicast(), with_pseudo_header); }

std::optional<Rejection> verdict(BytesView message, const Envelope& envelope, const ReceivePolicy& policy) {
    const auto result = decode(message, envelope, policy);
    return result ? std::nullopt : std::optional(result.error());
}
std::optional<Rejection> verdict_v3(BytesView message) { return verdict(message, multicast(), policy()); }
std::optional<Rejection> verdict_v2(BytesView message) { return verdict(message, multicast(), policy(Version::v2)); }

TEST(Decode, VR_040_reads_what_encode_wrote) {
    EXPECT_EQ(decode(v3_message(), multicast(), policy())->advert, v3());
    EXPECT_EQ(decode(v2_message(), multicast(), policy(Version::v2))->advert, v2());
    const auto ipv6 = encode(v6(), multicast6(), with_pseudo_header);
    EXPECT_EQ(decode(ipv6, multicast6(), policy(Version::v3, Family::ipv6))->advert, v6());
}

TEST(Decode, VR_045_accepts_both_checksum_forms_and_says_which) {
    for (const auto form : {ChecksumForm::pseudo_header, ChecksumForm::message_only}) {
        const auto accepted = decode(encode(v3(), multicast(), form), multicast(), policy());
        ASSERT_TRUE(accepted);
        EXPECT_EQ(accepted->form, form);
    }
}

TEST(Decode, VR_005_a_multicast_advert_that_was_forwarded_is_refused) {
    for (const int ttl : {254, 64, 1, 0, -1}) {
        auto envelope = multicast();
        envelope.ttl = ttl;
        EXPECT_EQ(verdict(v3_message(), envelope, policy()), Rejection::wrong_ttl) << ttl;
    }
}

TEST(Decode, VR_005_unicast_follows_the_bounds_of_its_peer) {
    const std::array peers{Peer{ip("10.77.0.1"), 250, 254}, Peer{ip("10.77.0.4")}};
    auto unicast = policy();
    unicast.unicast = true;
    unicast.peers = peers;
    Envelope envelope{ip("10.77.0.1"), ip("10.77.0.2"), 250};
    const auto message = encode(v3(), envelope, with_pseudo_header);
    EXPECT_EQ(verdict(message, envelope, unicast), std::nullopt);
    for (const int ttl : {249, 255, -1}) {
        envelope.ttl = ttl;
        EXPECT_EQ(verdict(message, envelope, unicast), Rejection::wrong_ttl) << ttl;
    }
    const Envelope far{ip("10.77.0.4"), ip("10.77.0.2"), 61};
    EXPECT_EQ(verdict(encode(v3(), far, with_pseudo_header), far, unicast), std::nullopt);
}

TEST(Decode, VR_022_VR_144_every_truncation_is_refused) {
    const auto message = v3_message();
    for (std::size_t size = 0; size < message.size(); ++size) {
        const auto expected = size < 8 ? Rejection::too_short : Rejection::wrong_length;
        EXPECT_EQ(verdict_v3(BytesView(message).first(size)), expected) << size;
    }
}

TEST(Decode, VR_022_trailing_octets_are_refused) {
    auto message = v3_message();
    message.insert(message.end(), 4, 0);
    EXPECT_EQ(verdict_v3(message), Rejection::wrong_length);
    EXPECT_EQ(verdict_v2(altered(v2_message(), {{3, 1}})), Rejection::wrong_length);
}

TEST(Decode, VR_022_v2_needs_its_authentication_data) {
    auto message = v2_message();
    message.resize(message.size() - 8);
    EXPECT_EQ(verdict_v2(message), Rejection::wrong_length);
}

TEST(Decode, VR_127_our_own_address_is_refused) {
    const std::array own{ip("10.77.0.1")};
    auto mine = policy();
    mine.own_sources = own;
    EXPECT_EQ(verdict(v3_message(), multicast(), mine), Rejection::own_source);
}

TEST(Decode, VR_151_unicast_from_a_stranger_is_refused_where_asked_for) {
    const std::array peers{Peer{ip("10.77.0.9")}};
    auto unicast = policy();
    unicast.unicast = true;
    unicast.peers = peers;
    const Envelope envelope{ip("10.77.0.1"), ip("10.77.0.2"), 255};
    const auto message = encode(v3(), envelope, with_pseudo_header);
    EXPECT_EQ(verdict(message, envelope, unicast), std::nullopt);
    unicast.check_unicast_source = true;
    EXPECT_EQ(verdict(message, envelope, unicast), Rejection::foreign_source);
    // ... before anything of the message is looked at.
    EXPECT_EQ(verdict(Bytes(8, 0xff), envelope, unicast), Rejection::foreign_source);
}

TEST(Decode, VR_011_each_kind_takes_its_own_cast_only) {
    const Envelope unicast_envelope{ip("10.77.0.1"), ip("10.77.0.2"), 255};
    const auto message = encode(v3(), unicast_envelope, with_pseudo_header);
    EXPECT_EQ(verdict(message, unicast_envelope, policy()), Rejection::wrong_cast);
    auto unicast = policy();
    unicast.unicast = true;
    EXPECT_EQ(verdict(v3_message(), multicast(), unicast), Rejection::wrong_cast);
}

TEST(Decode, a_member_of_the_peer_link_is_heard_by_unicast_too) {
    const std::array members{ip("10.77.0.1")};
    auto with_members = policy();
    with_members.also_from = members;
    Envelope envelope{ip("10.77.0.1"), ip("10.77.0.2"), 255};
    EXPECT_EQ(verdict(encode(v3(), envelope, with_pseudo_header), envelope, with_members), std::nullopt);
    EXPECT_EQ(verdict(v3_message(), multicast(), with_members), std::nullopt);
    envelope.ttl = 254;
    EXPECT_EQ(verdict(encode(v3(), envelope, with_pseudo_header), envelope, with_members), Rejection::wrong_ttl);
    const Envelope stranger{ip("10.77.0.3"), ip("10.77.0.2"), 255};
    EXPECT_EQ(verdict(encode(v3(), stranger, with_pseudo_header), stranger, with_members), Rejection::wrong_cast);
}

TEST(Decode, VR_141_the_other_version_is_refused) {
    EXPECT_EQ(verdict_v3(v2_message()), Rejection::wrong_version);
    EXPECT_EQ(verdict_v2(v3_message()), Rejection::wrong_version);
    EXPECT_EQ(verdict_v3(altered(v3_message(), {{0, 0x41}})), Rejection::wrong_version);
}

TEST(Decode, VR_142_only_advertisements) {
    for (const unsigned type : {0u, 2u, 15u}) {
        EXPECT_EQ(verdict_v3(altered(v3_message(), {{0, static_cast<std::uint8_t>(0x30 | type)}})),
                  Rejection::wrong_type);
    }
}

TEST(Decode, VR_143_vrid_zero_is_nobodys) {
    EXPECT_EQ(verdict_v3(altered(v3_message(), {{1, 0}})), Rejection::unknown_vrid);
    EXPECT_EQ(peek_vrid(altered(v3_message(), {{1, 0}})), std::nullopt);
    EXPECT_EQ(peek_vrid(v3_message())->value(), 51);
    EXPECT_EQ(peek_vrid(Bytes(2, 7))->value(), 7) << "too short, but somebody's: it is counted";
    EXPECT_EQ(peek_vrid(Bytes(1, 7)), std::nullopt);
}

TEST(Decode, VR_043_an_advert_without_addresses_is_ignored) {
    auto none = v3();
    none.addresses.clear();
    const auto message = encode(none, multicast(), with_pseudo_header);
    EXPECT_EQ(verdict_v3(message), Rejection::zero_addresses);
    auto willing = policy();
    willing.no_addresses = true;  // no_virtual_ipaddress
    EXPECT_EQ(verdict(message, multicast(), willing), std::nullopt);
}

TEST(Decode, VR_021_VR_145_every_flipped_bit_is_seen) {
    for (const auto& [message, version] : {std::pair(v3_message(), Version::v3), {v2_message(), Version::v2}}) {
        for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
            auto flipped = message;
            flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1u << bit % 8));
            EXPECT_NE(verdict(flipped, multicast(), policy(version)), std::nullopt) << bit;
        }
    }
}

TEST(Decode, VR_045_neither_form_is_refused) {
    auto message = v3_message();
    message[6] = 0xde;
    message[7] = 0xad;
    EXPECT_EQ(verdict_v3(message), Rejection::wrong_checksum);
}

TEST(Decode, VR_046_the_groups_checksum_is_wrong_for_unicast) {
    const std::array members{ip("10.77.0.1")};
    auto with_members = policy();
    with_members.also_from = members;
    const Envelope envelope{ip("10.77.0.1"), ip("10.77.0.2"), 255};
    EXPECT_EQ(verdict(v3_message(), envelope, with_members), Rejection::wrong_checksum);
}

TEST(Decode, VR_023_authentication_data_of_type_0_is_ignored) {
    const auto message = altered(v2_message(), {{16, 0x73}, {23, 0x77}});
    EXPECT_EQ(verdict_v2(message), std::nullopt);
}

TEST(Decode, VR_024_other_authentication_types_are_refused) {
    EXPECT_EQ(verdict_v2(altered(v2_message(), {{4, 1}})), Rejection::wrong_auth_type);
    EXPECT_EQ(verdict_v2(altered(v2_message(), {{4, 2}})), Rejection::wrong_auth_type);
    EXPECT_EQ(verdict_v2(altered(v2_message(), {{4, 3}})), Rejection::invalid_auth_type);
    EXPECT_EQ(verdict_v2(altered(v2_message(), {{4, 7}})), Rejection::invalid_auth_type);
}

TEST(Decode, VR_146_v2_needs_our_interval) {
    EXPECT_EQ(verdict_v2(altered(v2_message(), {{5, 2}})), Rejection::wrong_interval);
    EXPECT_EQ(verdict_v2(altered(v2_message(), {{5, 0}})), Rejection::wrong_interval);
}

TEST(Decode, VR_042_v3_interval_zero_is_refused) {
    EXPECT_EQ(verdict_v3(altered(v3_message(), {{5, 0}})), Rejection::wrong_interval);
    EXPECT_EQ(verdict_v3(altered(v3_message(), {{4, 0xf0}, {5, 0}})), Rejection::wrong_interval);
}

TEST(Decode, VR_041_reserved_bits_are_ignored) {
    const auto message = altered(v3_message(), {{4, 0xf0}});
    const auto accepted = decode(message, multicast(), policy());
    ASSERT_TRUE(accepted);
    EXPECT_EQ(accepted->advert.interval, Centiseconds(100));
}

TEST(Decode, VR_147_v3_takes_any_other_interval) {
    const auto accepted = decode(altered(v3_message(), {{4, 0x0f}, {5, 0xff}}), multicast(), policy());
    ASSERT_TRUE(accepted);
    EXPECT_EQ(accepted->advert.interval, Centiseconds(4095));
}

// One message with every fault at once; each is cured in turn, and the next one shows.
TEST(Decode, VR_140_checks_in_this_order) {
    const std::array own{ip("10.77.0.1")};
    const std::array peers{Peer{ip("10.77.0.9"), 255, 255}};
    auto strict = policy(Version::v2);
    strict.unicast = strict.check_unicast_source = true;
    strict.own_sources = own;
    strict.peers = peers;
    auto envelope = multicast();
    envelope.ttl = 3;
    Bytes message(7, 0x00);
    const auto next = [&](Rejection expected) { EXPECT_EQ(verdict(message, envelope, strict), expected); };

    next(Rejection::wrong_ttl);
    envelope.ttl = 255;
    next(Rejection::too_short);
    message =
        hex("3200960000030000"
            "00");
    next(Rejection::own_source);
    strict.own_sources = {};
    next(Rejection::foreign_source);
    strict.check_unicast_source = false;
    next(Rejection::wrong_cast);
    strict.unicast = false;
    next(Rejection::unknown_vrid);
    message[1] = 51;
    next(Rejection::wrong_version);
    message[0] = 0x22;
    next(Rejection::wrong_type);
    message[0] = 0x21;
    next(Rejection::wrong_length);
    message.resize(16, 0);
    next(Rejection::zero_addresses);
    message[3] = 1;
    message.resize(20, 0);
    message[4] = 1;
    next(Rejection::wrong_checksum);
    message = altered(message, {});
    next(Rejection::wrong_auth_type);
    message = altered(message, {{4, 0}});
    next(Rejection::wrong_interval);
    message = altered(message, {{5, 1}});
    EXPECT_EQ(verdict(message, envelope, strict), std::nullopt);
}

TEST(Decode, every_rejection_has_a_name_of_its_own) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < rejection_kinds; ++i) names.insert(name(static_cast<Rejection>(i)));
    EXPECT_EQ(names.size(), rejection_kinds);
}

}  // namespace
}  // namespace vrrpd::proto::advert_decode_test
