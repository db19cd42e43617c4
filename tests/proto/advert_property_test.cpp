// Properties of encode() and decode() over generated messages.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/proto/advert_samples.hpp"
#include "vrrpd/proto/checksum.hpp"

namespace vrrpd::proto::advert_property_test {
namespace {

using namespace sample;

IpAddress any_address(Family family) {
    const auto bytes = *rc::gen::container<Bytes>(address_size(family), rc::gen::arbitrary<std::uint8_t>());
    return IpAddress::from_bytes(bytes).value();
}

Family any_family() { return *rc::gen::element(Family::ipv4, Family::ipv6); }
Version any_version() { return *rc::gen::element(Version::v2, Version::v3); }

Advertisement any_advert(Version version, Family family) {
    Advertisement advert{version,
                         *Vrid::make(*rc::gen::inRange(1u, 256u)),
                         Priority::from_wire(*rc::gen::arbitrary<std::uint8_t>()),
                         {},
                         {}};
    advert.interval = version == Version::v2 ? Centiseconds(std::chrono::seconds(*rc::gen::inRange(1, 256)))
                                             : Centiseconds(*rc::gen::inRange(1, 4096));
    const auto count = *rc::gen::inRange(1, 256);
    for (int i = 0; i < count; ++i) advert.addresses.push_back(any_address(family));
    return advert;
}

Envelope from(const IpAddress& source) { return {source, multicast_group(source.family()), 255}; }

TEST(AdvertProperty, what_was_encoded_decodes_to_the_same) {
    EXPECT_TRUE(rc::check([] {
        const auto family = any_family();
        const auto version = any_version();
        const auto advert = any_advert(version, family);
        const auto envelope = from(any_address(family));
        const auto form = *rc::gen::element(ChecksumForm::pseudo_header, ChecksumForm::message_only);
        auto accepting = policy(version, family);
        accepting.interval = advert.interval;
        const auto decoded = decode(encode(advert, envelope, form), envelope, accepting);
        RC_ASSERT(decoded.has_value());
        RC_ASSERT(decoded->advert == advert);
    }));
}

TEST(AdvertProperty, what_decodes_is_encoded_to_the_same_octets) {
    EXPECT_TRUE(rc::check([] {
        const auto family = any_family();
        const auto advert = any_advert(Version::v3, family);
        const auto envelope = from(any_address(family));
        const auto message = encode(advert, envelope, ChecksumForm::pseudo_header);
        const auto decoded = decode(message, envelope, policy(Version::v3, family));
        RC_ASSERT(encode(decoded->advert, envelope, decoded->form) == message);
    }));
}

TEST(AdvertProperty, no_octets_do_harm) {
    EXPECT_TRUE(rc::check([] {
        const auto family = any_family();
        auto message = *rc::gen::arbitrary<Bytes>();
        if (!message.empty()) message[0] = *rc::gen::element<std::uint8_t>(0x21, 0x31, message[0]);
        (void)decode(message, from(any_address(family)), policy(any_version(), family));
    }));
}

TEST(AdvertProperty, every_truncation_is_refused) {
    EXPECT_TRUE(rc::check([] {
        const auto family = any_family();
        const auto version = any_version();
        const auto advert = any_advert(version, family);
        const auto envelope = from(any_address(family));
        auto accepting = policy(version, family);
        accepting.interval = advert.interval;
        const auto message = encode(advert, envelope, ChecksumForm::pseudo_header);
        const auto size = *rc::gen::inRange<std::size_t>(0, message.size());
        const auto refused = decode(BytesView(message).first(size), envelope, accepting);
        RC_ASSERT(!refused.has_value());
        RC_ASSERT(refused.error() == (size < 8 ? Rejection::too_short : Rejection::wrong_length));
    }));
}

TEST(AdvertProperty, VR_048_the_sum_does_not_depend_on_how_it_is_fed) {
    EXPECT_TRUE(rc::check([](const Bytes& first, const Bytes& second) {
        auto even = first;
        if (even.size() % 2 != 0) even.push_back(0);
        auto whole = even;
        whole.insert(whole.end(), second.begin(), second.end());
        RC_ASSERT(InternetSum().add(even).add(second).checksum() == InternetSum().add(whole).checksum());
    }));
}

}  // namespace
}  // namespace vrrpd::proto::advert_property_test
