// Frames and the link's own messages: what goes in comes out, whatever the pieces; hostile octets cost nothing.
#include "vrrpd/agent/peer/frame.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <utility>

#include "vrrpd/agent/peer/messages.hpp"

namespace vrrpd::agent::frame_test {
namespace {

using Frames = std::vector<std::pair<FrameType, Bytes>>;

// All that a decoder finds in `piece`.
void decode_into(Frames& frames, FrameDecoder& decoder, BytesView piece) {
    decoder.append(piece);
    while (const auto frame = decoder.next())
        frames.emplace_back(frame->type, Bytes(frame->payload.begin(), frame->payload.end()));
}

Bytes any_bytes(int most) {
    return *rc::gen::container<Bytes>(static_cast<std::size_t>(*rc::gen::inRange(0, most)),
                                      rc::gen::arbitrary<std::uint8_t>());
}

TEST(Frame, is_six_octets_and_its_payload) {
    Bytes bytes;
    append_frame(bytes, {17, Bytes{0xaa, 0xbb}});
    EXPECT_EQ(bytes, (Bytes{1, 17, 0, 0, 0, 2, 0xaa, 0xbb}));
}

TEST(Frame, comes_out_as_it_went_in_whatever_the_pieces) {
    EXPECT_TRUE(rc::check([] {
        Frames sent, got;
        Bytes stream;
        const auto count = *rc::gen::inRange(0, 8);
        for (int i = 0; i < count; ++i) {
            sent.emplace_back(*rc::gen::arbitrary<FrameType>(), any_bytes(600));
            append_frame(stream, {sent.back().first, sent.back().second});
        }
        FrameDecoder decoder;
        for (BytesView rest(stream); !rest.empty();) {
            const auto size = std::min(rest.size(), static_cast<std::size_t>(*rc::gen::inRange(1, 900)));
            decode_into(got, decoder, rest.first(size));
            rest = rest.subspan(size);
        }
        RC_ASSERT(got == sent);
        RC_ASSERT(decoder.fault() == FrameDecoder::Fault::none);
    }));
}

TEST(Frame, of_the_largest_size_is_taken_and_one_octet_more_is_not) {
    Bytes stream;
    append_frame(stream, {20, Bytes(max_payload, 7)});
    Frames got;
    FrameDecoder decoder;
    decode_into(got, decoder, stream);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].second.size(), max_payload);

    decode_into(got, decoder, Bytes{1, 20, 0, 1, 0, 1});  // judged by its header alone
    EXPECT_EQ(decoder.fault(), FrameDecoder::Fault::too_long);
    EXPECT_EQ(got.size(), 1U);
}

TEST(Frame, of_another_version_ends_the_stream_for_good) {
    Frames got;
    FrameDecoder decoder;
    decode_into(got, decoder, Bytes{1, 20, 0, 0, 0, 0, 2, 20, 0, 0, 0, 0});
    EXPECT_EQ(got.size(), 1U);
    EXPECT_EQ(decoder.fault(), FrameDecoder::Fault::other_version);
    decode_into(got, decoder, Bytes{1, 20, 0, 0, 0, 0});
    EXPECT_EQ(got.size(), 1U);
}

TEST(Frame, hostile_octets_give_frames_within_the_limit_or_a_fault) {
    EXPECT_TRUE(rc::check([] {
        FrameDecoder decoder;
        std::size_t given = 0, taken = 0;
        const auto pieces = *rc::gen::inRange(1, 20);
        for (int i = 0; i < pieces; ++i) {
            auto piece = any_bytes(300);
            // Often enough what looks like a header.
            if (!piece.empty() && *rc::gen::arbitrary<bool>()) piece[0] = 1;
            given += piece.size();
            decoder.append(piece);
            while (const auto frame = decoder.next()) {
                RC_ASSERT(frame->payload.size() <= max_payload);
                taken += frame_header_size + frame->payload.size();
            }
        }
        RC_ASSERT(taken <= given);
    }));
}

// ---- messages -----------------------------------------------------------------------------------

Hello sample() {
    Hello hello{0x0123456789abcdef, "H003", "0.1.0", proto::Role::active, {}};
    hello.fingerprints.push_back({"vrrp", {}});
    hello.fingerprints.push_back({"dnsmasq", {}});
    hello.fingerprints[1].digest.fill(9);
    return hello;
}

constexpr WallTime noon{std::chrono::milliseconds(1'800'000'000'123)};

TEST(Hello, comes_back_as_it_was) {
    const auto received = decode_hello(encode(sample(), noon));
    ASSERT_TRUE(received);
    EXPECT_EQ(received->hello, sample());
    EXPECT_EQ(received->wall, noon);
}

TEST(Hello, ignores_the_fields_of_newer_versions) {
    auto bytes = encode(sample(), noon);
    bytes.insert(bytes.end(), 40, 0xee);
    const auto received = decode_hello(bytes);
    ASSERT_TRUE(received);
    EXPECT_EQ(received->hello, sample());
}

TEST(Hello, cut_anywhere_is_none) {
    const auto bytes = encode(sample(), noon);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(decode_hello(BytesView(bytes).first(size))) << size;
}

TEST(Hello, with_a_role_of_a_newer_version_has_none_for_us) {
    auto bytes = encode(sample(), noon);
    bytes[16] = 77;
    EXPECT_EQ(decode_hello(bytes)->hello.role, proto::Role::initialize);
}

TEST(Hello, with_control_characters_is_refused) {
    for (const auto text : {&Hello::name, &Hello::version}) {
        auto hello = sample();
        hello.*text = "H003\x1b[2J";
        EXPECT_FALSE(decode_hello(encode(hello, noon)));
    }
    auto hello = sample();
    hello.fingerprints[0].name = "vr\nrp";
    EXPECT_FALSE(decode_hello(encode(hello, noon)));
}

TEST(Messages, hostile_octets_decode_to_nothing_harmful) {
    EXPECT_TRUE(rc::check([] {
        const auto bytes = any_bytes(400);
        if (const auto received = decode_hello(bytes)) {
            RC_ASSERT(received->hello.fingerprints.size() <= 255U);
            // What was understood means the same when it is said again.
            RC_ASSERT(decode_hello(encode(received->hello, received->wall))->hello == received->hello);
        }
        (void)decode_keep_alive(bytes);
    }));
}

TEST(Messages, a_clock_beyond_all_calendars_counts_as_the_epoch) {
    EXPECT_EQ(decode_keep_alive(Bytes(8, 0xff))->wall, WallTime{});
    EXPECT_EQ(decode_keep_alive(encode(KeepAlive{noon}))->wall, noon);
    EXPECT_FALSE(decode_keep_alive(Bytes(7, 0)));
}

}  // namespace
}  // namespace vrrpd::agent::frame_test
