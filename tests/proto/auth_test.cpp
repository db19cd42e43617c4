// Passwords, AH and auth_hmac: what is sent, what is taken, and that what was refused leaves no trace.
#include <gtest/gtest.h>

#include <functional>

#include "tests/proto/advert_samples.hpp"
#include "vrrpd/proto/checksum.hpp"

namespace vrrpd::proto::auth_test {
namespace {

using namespace std::chrono_literals;
using sample::hex;
using sample::ip;

Bytes text(std::string_view chars) { return {chars.begin(), chars.end()}; }

Authentication password(AuthType type, std::string_view word = "s3cr3tpw") {
    Authentication settings;
    settings.type = type;
    settings.password = Secret(text(word));
    return settings;
}

Bytes key_octets(std::uint8_t first = 0) {
    Bytes octets;
    for (unsigned i = 0; i < 32; ++i) octets.push_back(static_cast<std::uint8_t>(first + i));
    return octets;
}

Authentication signing(HmacMode mode = HmacMode::enforce) {
    Authentication settings;
    settings.hmac.keys = {{1, Secret(key_octets())}, {7, Secret(key_octets(100))}};
    settings.hmac.active_key = 1;
    settings.hmac.mode = mode;
    return settings;
}

constexpr WallTime noon{std::chrono::seconds(0x68000000) + 500ms};

struct Wire {
    Bytes headers, message;
};

// One router of each side, the second hears what the first says.
struct Pair {
    explicit Pair(const Authentication& settings, Version version = Version::v2) : Pair(settings, settings, version) {}
    Pair(const Authentication& of_sender, const Authentication& of_receiver, Version version = Version::v2)
        : sender(of_sender), receiver(of_receiver), policy(sample::policy(version)) {
        policy.authenticator = &receiver;
        policy.now = noon;
        advert.version = version;
    }

    Wire say(WallTime now = noon) {
        const auto credentials = sender.seal(advert, envelope.source, now);
        Wire wire{{}, encode(advert, envelope, ChecksumForm::pseudo_header, credentials)};
        if (credentials.type != AuthType::ah) return wire;
        const auto header = ipv4_header(envelope, {ah_protocol, ah_size + wire.message.size(), ++identification});
        const auto ah = sender.ah_header(header, wire.message, credentials.ah_sequence);
        wire.headers.assign(header.begin(), header.end());
        wire.headers.insert(wire.headers.end(), ah.begin(), ah.end());
        return wire;
    }
    std::optional<Rejection> hear(const Wire& wire) {
        const auto before = receiver.memory();
        const auto result = decode(wire.message, envelope, policy, wire.headers);
        EXPECT_EQ(receiver.memory(), before) << "decode() changes nothing";
        if (!result) return result.error();
        EXPECT_EQ(result->advert, advert);
        receiver.accept(envelope.source, envelope.destination.is_multicast(), result->proof);
        return std::nullopt;
    }

    Authenticator sender, receiver;
    ReceivePolicy policy;
    Envelope envelope = sample::multicast();
    Advertisement advert = sample::v2();
    std::uint16_t identification = 0;
};

// ---- PASS ---------------------------------------------------------------------------------------------

TEST(Password, VR_025_the_same_one_is_taken) {
    for (const auto* word : {"s3cr3tpw", "1234", "x"}) {
        Pair pair(password(AuthType::password, word));
        EXPECT_EQ(pair.hear(pair.say()), std::nullopt) << word;
    }
}

TEST(Password, VR_025_any_other_octet_refuses) {
    for (const auto* word : {"s3cr3tpv", "t3cr3tpw", "s3cr3tp", "S3CR3TPW", ""}) {
        Pair pair(password(AuthType::password, word), password(AuthType::password));
        EXPECT_EQ(pair.hear(pair.say()), Rejection::wrong_auth_data) << word;
    }
}

TEST(Password, VR_024_another_type_refuses_before_the_password_is_looked_at) {
    const auto none = Authentication();
    const auto pass = password(AuthType::password), ah = password(AuthType::ah);
    const std::pair<Authentication, Authentication> cases[] = {{none, pass}, {pass, none}, {ah, pass},
                                                               {pass, ah},   {none, ah},   {ah, none}};
    for (const auto& [theirs, ours] : cases) {
        Pair pair(theirs, ours);
        EXPECT_EQ(pair.hear(pair.say()), Rejection::wrong_auth_type)
            << static_cast<int>(theirs.type) << " to " << static_cast<int>(ours.type);
    }
}

TEST(Password, a_wrong_checksum_is_seen_before_a_wrong_password) {
    Pair pair(password(AuthType::password, "other"), password(AuthType::password));
    auto wire = pair.say();
    wire.message[7] ^= 1;
    EXPECT_EQ(pair.hear(wire), Rejection::wrong_checksum);
}

// ---- AH -----------------------------------------------------------------------------------------------

TEST(Ah, VR_026_counts_from_one_and_is_taken) {
    Pair pair(password(AuthType::ah));
    for (std::uint32_t sequence = 1; sequence <= 3; ++sequence) {
        const auto wire = pair.say();
        EXPECT_EQ(pair.sender.memory().ah_sequence, sequence);
        EXPECT_EQ(pair.hear(wire), std::nullopt);
        EXPECT_EQ(pair.receiver.memory().ah_sequence, sequence);
    }
}

TEST(Ah, VR_028_what_was_heard_is_not_taken_again) {
    Pair pair(password(AuthType::ah));
    const auto first = pair.say(), second = pair.say(), third = pair.say();
    EXPECT_EQ(pair.hear(second), std::nullopt);
    EXPECT_EQ(pair.hear(second), Rejection::replayed);
    EXPECT_EQ(pair.hear(first), Rejection::replayed);
    EXPECT_EQ(pair.hear(third), std::nullopt);
}

TEST(Ah, VR_028_one_counter_for_both_directions) {
    Pair pair(password(AuthType::ah));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(pair.hear(pair.say()), std::nullopt);
    // The stand-in goes on from the number it heard last: its former Active takes it.
    EXPECT_EQ(pair.receiver.seal(pair.advert, ip("10.77.0.2"), noon).ah_sequence, 6u);
    // An Active that hears a lower one leaves one free.
    pair.receiver.stay_ahead();
    EXPECT_EQ(pair.receiver.seal(pair.advert, ip("10.77.0.2"), noon).ah_sequence, 8u);
}

TEST(Ah, VR_027_every_octet_counts_but_those_that_routers_change) {
    Pair pair(password(AuthType::ah));
    const auto wire = pair.say();
    for (std::size_t i = 0; i < wire.headers.size(); ++i) {
        auto changed = wire;
        changed.headers[i] ^= 1;
        // TOS, flags and fragment offset, header checksum; the reserved octets of AH count (RFC 2402 2.3).
        const bool is_free = i == 1 || i == 6 || i == 7 || i == 10 || i == 11;
        EXPECT_EQ(pair.receiver.check({changed.headers, changed.message, {}, ip("10.77.0.1"), true, noon}).has_value(),
                  is_free)
            << i;
    }
    for (std::size_t i = 0; i < wire.message.size(); ++i) {
        auto changed = wire;
        changed.message[i] ^= 1;
        EXPECT_FALSE(pair.receiver.check({changed.headers, changed.message, {}, ip("10.77.0.1"), true, noon})) << i;
    }
}

TEST(Ah, VR_027_unicast_leaves_the_ttl_out) {
    Pair pair(password(AuthType::ah));
    const std::vector<Peer> peers{{ip("10.77.0.1")}};
    pair.envelope.destination = ip("10.77.0.2");
    pair.policy.unicast = true;
    pair.policy.peers = peers;
    auto wire = pair.say();
    wire.headers[8] = 200;
    EXPECT_EQ(pair.hear(wire), std::nullopt);
}

TEST(Ah, another_password_refuses_and_the_counter_stays) {
    Pair pair(password(AuthType::ah, "other"), password(AuthType::ah));
    EXPECT_EQ(pair.hear(pair.say()), Rejection::wrong_auth_data);
    EXPECT_EQ(pair.receiver.memory().ah_sequence, 0u);
}

TEST(Ah, another_password_is_told_as_that_though_its_number_is_low) {
    Pair pair(password(AuthType::ah, "other"), password(AuthType::ah));
    pair.receiver.restore({1000, 0, {}});
    EXPECT_EQ(pair.hear(pair.say()), Rejection::wrong_auth_data);
}

TEST(Ah, headers_of_another_size_are_refused) {
    Pair pair(password(AuthType::ah));
    const auto wire = pair.say();
    for (const std::size_t size : {std::size_t{1}, std::size_t{20}, std::size_t{43}, std::size_t{48}}) {
        auto headers = wire.headers;
        headers.resize(size);
        EXPECT_EQ(pair.hear({headers, wire.message}), Rejection::wrong_length) << size;
    }
}

// ---- auth_hmac ----------------------------------------------------------------------------------------

// keepalived's own: key 00..1f under id 1, sequence 0x6800000080000000.
TEST(Hmac, VR_250_the_published_vectors) {
    Advertisement advert{
        Version::v3, *Vrid::make(51), *Priority::configured(200), Centiseconds(100), {ip("192.0.2.100")}};
    Authenticator authenticator(signing());
    const Envelope v4{ip("198.51.100.10"), multicast_group(Family::ipv4)};
    const auto four = authenticator.seal(advert, v4.source, noon);
    EXPECT_EQ(encode(advert, v4, ChecksumForm::message_only, four).size(), 12 + trailer_size);
    EXPECT_EQ(Bytes(four.trailer->begin(), four.trailer->end()), hex("010100006800000080000000"
                                                                     "1b84bc4e8e43892dc6d98448f8ee2265"));
    advert.addresses = {ip("fe80::100")};
    const auto six = Authenticator(signing()).seal(advert, ip("fe80::10"), noon);
    EXPECT_EQ(Bytes(six.trailer->begin() + 12, six.trailer->end()), hex("c8c56146ebfd66ee10ec4d8186461b78"));
}

TEST(Hmac, VR_251_the_checksum_leaves_the_trailer_out_over_IPv4_and_includes_it_over_IPv6) {
    Advertisement advert{
        Version::v3, *Vrid::make(51), *Priority::configured(200), Centiseconds(100), {ip("192.0.2.100")}};
    const Envelope v4{ip("198.51.100.10"), multicast_group(Family::ipv4)};
    const auto bare = encode(advert, v4, ChecksumForm::pseudo_header);
    const auto four =
        encode(advert, v4, ChecksumForm::pseudo_header, Authenticator(signing()).seal(advert, v4.source, noon));
    ASSERT_EQ(four.size(), bare.size() + trailer_size);
    EXPECT_EQ(Bytes(four.begin(), four.end() - trailer_size), bare);

    advert.addresses = {ip("fe80::100")};
    const Envelope v6{ip("fe80::10"), multicast_group(Family::ipv6)};
    const auto six =
        encode(advert, v6, ChecksumForm::pseudo_header, Authenticator(signing()).seal(advert, v6.source, noon));
    InternetSum sum;
    sum.add_pseudo_header(v6.source, v6.destination, ip_protocol, six.size()).add(six);
    EXPECT_EQ(sum.checksum(), 0);
}

TEST(Hmac, both_versions_and_both_families_are_taken) {
    for (const auto version : {Version::v2, Version::v3}) {
        Pair pair(signing(), version);
        EXPECT_EQ(pair.hear(pair.say()), std::nullopt);
    }
    Pair pair(signing(), Version::v3);
    pair.envelope = sample::multicast6();
    pair.advert = sample::v6();
    pair.policy.family = Family::ipv6;
    EXPECT_EQ(pair.hear(pair.say()), std::nullopt);
}

TEST(Hmac, VR_254_every_change_has_its_verdict) {
    struct Case {
        const char* what;
        std::function<void(Bytes&, std::size_t)> change;  // the message, and where its trailer begins
        Rejection verdict;
    };
    const Case cases[] = {
        {"type", [](Bytes& m, std::size_t at) { m[at] = 2; }, Rejection::malformed_hmac},
        {"reserved", [](Bytes& m, std::size_t at) { m[at + 3] = 1; }, Rejection::malformed_hmac},
        {"key", [](Bytes& m, std::size_t at) { m[at + 1] = 3; }, Rejection::unknown_key},
        {"the other key", [](Bytes& m, std::size_t at) { m[at + 1] = 7; }, Rejection::wrong_hmac},
        {"time", [](Bytes& m, std::size_t at) { m[at + 7] ^= 8; }, Rejection::stale_hmac},
        {"counter", [](Bytes& m, std::size_t at) { m[at + 11] ^= 1; }, Rejection::wrong_hmac},
        {"tag", [](Bytes& m, std::size_t at) { m[at + 27] ^= 1; }, Rejection::wrong_hmac},
        {"none", [](Bytes& m, std::size_t at) { m.resize(at); }, Rejection::no_hmac},
        {"short", [](Bytes& m, std::size_t) { m.pop_back(); }, Rejection::wrong_length},
        {"long", [](Bytes& m, std::size_t) { m.push_back(0); }, Rejection::wrong_length},
    };
    for (const auto& each : cases) {
        Pair pair(signing(), Version::v3);
        auto wire = pair.say();
        each.change(wire.message, wire.message.size() - trailer_size);
        EXPECT_EQ(pair.hear(wire), each.verdict) << each.what;
    }
}

TEST(Hmac, VR_250_the_source_is_signed_and_the_destination_is_not) {
    Pair pair(signing(), Version::v2);  // whose checksum covers neither
    const auto wire = pair.say();
    pair.envelope.source = ip("10.77.0.9");
    EXPECT_EQ(pair.hear(wire), Rejection::wrong_hmac);
    pair.envelope = {ip("10.77.0.1"), ip("224.0.0.99")};
    EXPECT_EQ(pair.hear(wire), std::nullopt);
}

TEST(Hmac, VR_255_without_the_feature_a_signed_advert_is_too_long) {
    Pair pair(signing(), Authentication(), Version::v3);
    EXPECT_EQ(pair.hear(pair.say()), Rejection::wrong_length);
    pair.policy.authenticator = nullptr;
    EXPECT_EQ(pair.hear(pair.say()), Rejection::wrong_length);
}

// VR-256. Rows send, columns hear: enforce, permissive, receive-only, and unsigned.
TEST(Hmac, VR_256_modes) {
    const auto refused = std::optional(Rejection::no_hmac);
    struct Row {
        HmacMode sends;
        std::optional<Rejection> enforce, permissive, receive_only;
    };
    for (const auto& row : {Row{HmacMode::enforce, {}, {}, {}}, Row{HmacMode::permissive, {}, {}, {}},
                            Row{HmacMode::receive_only, refused, {}, {}}}) {
        const auto verdict = [&](HmacMode hears) {
            Pair pair(signing(row.sends), signing(hears), Version::v3);
            return pair.hear(pair.say());
        };
        EXPECT_EQ(verdict(HmacMode::enforce), row.enforce);
        EXPECT_EQ(verdict(HmacMode::permissive), row.permissive);
        EXPECT_EQ(verdict(HmacMode::receive_only), row.receive_only);
    }
}

TEST(Hmac, a_wrong_trailer_is_refused_in_every_mode) {
    for (const auto mode : {HmacMode::enforce, HmacMode::permissive, HmacMode::receive_only}) {
        Pair pair(signing(), signing(mode), Version::v3);
        auto wire = pair.say();
        wire.message.back() ^= 1;
        EXPECT_EQ(pair.hear(wire), Rejection::wrong_hmac);
    }
}

TEST(Hmac, VR_254_what_was_heard_is_not_taken_again) {
    Pair pair(signing(), Version::v3);
    const auto first = pair.say(), second = pair.say(), third = pair.say();
    EXPECT_EQ(pair.hear(second), std::nullopt);
    EXPECT_EQ(pair.hear(second), Rejection::replayed);
    EXPECT_EQ(pair.hear(first), Rejection::replayed);
    EXPECT_EQ(pair.hear(third), std::nullopt);
    // The copy by unicast carries the same number, and counts for itself.
    const std::vector<IpAddress> members{pair.envelope.source};
    pair.policy.also_from = members;
    pair.policy.version = Version::v3;
    const auto trailer = Bytes(third.message.end() - trailer_size, third.message.end());
    pair.envelope.destination = ip("10.77.0.2");
    Wire copy{{}, encode(pair.advert, pair.envelope, ChecksumForm::pseudo_header)};
    copy.message.insert(copy.message.end(), trailer.begin(), trailer.end());
    EXPECT_EQ(pair.hear(copy), std::nullopt);
    EXPECT_EQ(pair.hear(copy), Rejection::replayed);
}

TEST(Hmac, VR_254_the_window_has_two_ends) {
    for (const auto& [offset, verdict] :
         {std::pair(5s, std::optional<Rejection>()), std::pair(-5s, std::optional<Rejection>()),
          std::pair(6s, std::optional(Rejection::stale_hmac)), std::pair(-6s, std::optional(Rejection::stale_hmac))}) {
        Pair pair(signing(), Version::v3);
        EXPECT_EQ(pair.hear(pair.say(noon + offset)), verdict) << offset.count();
    }
}

TEST(Hmac, VR_254_monotonic_knows_no_window_but_growth) {
    auto settings = signing();
    settings.hmac.monotonic = true;
    Pair pair(settings, Version::v3);
    const auto old = pair.say(noon - 1h);
    EXPECT_EQ(pair.hear(old), std::nullopt);
    EXPECT_EQ(pair.hear(old), Rejection::replayed);
    EXPECT_EQ(pair.hear(pair.say(noon)), std::nullopt);
}

TEST(Hmac, VR_254_a_mark_outside_the_window_is_forgotten) {
    Pair pair(signing(), Version::v3);
    pair.policy.now = noon + 1h;  // their clock was an hour ahead, and so was ours
    EXPECT_EQ(pair.hear(pair.say(noon + 1h)), std::nullopt);
    pair.policy.now = noon;
    EXPECT_EQ(pair.hear(pair.say(noon)), std::nullopt);
}

TEST(Hmac, VR_253_the_number_grows_whatever_the_clock_does) {
    Pair pair(signing(), Version::v3);
    const auto number = [&](WallTime now) {
        static_cast<void>(pair.say(now));
        return pair.sender.memory().hmac_sequence;
    };
    const auto first = number(noon);
    EXPECT_EQ(first, 0x6800000080000000u);
    EXPECT_EQ(number(noon), first + 1) << "twice at one time";
    EXPECT_EQ(number(noon - 2s), first + 2) << "set back a little";
    EXPECT_EQ(number(noon + 1s), first + (std::uint64_t{1} << 32));
    EXPECT_EQ(number(noon - 1h), 0x6800000080000000u - (std::uint64_t{3600} << 32)) << "it had run away";
}

TEST(Hmac, VR_254_of_a_group_the_least_lately_heard_is_forgotten) {
    Authenticator receiver(signing());
    for (std::uint8_t i = 1; i <= 9; ++i) receiver.accept(IpAddress::v4(10, 77, 0, i), true, {100u + i, {}});
    receiver.accept(IpAddress::v4(10, 77, 0, 2), true, {200, {}});
    const auto& marks = receiver.memory().marks;
    ASSERT_EQ(marks.size(), Authenticator::marks_kept);
    EXPECT_EQ(marks.front().source, IpAddress::v4(10, 77, 0, 3));
    EXPECT_EQ(marks.back(), (ReplayMark{IpAddress::v4(10, 77, 0, 2), true, 200}));
}

TEST(Hmac, VR_258_who_is_no_peer_is_refused_before_the_key_is_tried) {
    Pair pair(signing(), Version::v3);
    const std::vector<Peer> peers{{ip("10.77.0.3")}};
    pair.policy.unicast = true;
    pair.policy.peers = peers;
    pair.envelope.destination = ip("10.77.0.2");
    auto wire = pair.say();
    wire.message.back() ^= 1;
    EXPECT_EQ(pair.hear(wire), Rejection::foreign_source);
}

TEST(Hmac, the_clocks_difference_is_told) {
    Pair pair(signing(), Version::v3);
    const auto wire = pair.say(noon + 3s);
    const auto result = decode(wire.message, pair.envelope, pair.policy);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->proof.clock_ahead, 3s);
}

TEST(Authenticator, counters_outlive_it) {
    Pair pair(signing(), Version::v3);
    const auto wire = pair.say();
    EXPECT_EQ(pair.hear(wire), std::nullopt);
    Authenticator next(signing());
    next.restore(pair.receiver.memory());
    pair.policy.authenticator = &next;
    EXPECT_EQ(decode(wire.message, pair.envelope, pair.policy).error(), Rejection::replayed);
    next.configure(signing(HmacMode::permissive), 0);
    EXPECT_EQ(decode(wire.message, pair.envelope, pair.policy).error(), Rejection::replayed) << "a reload keeps them";
}

}  // namespace
}  // namespace vrrpd::proto::auth_test
