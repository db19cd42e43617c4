// Messages and images as bytes, and the table's rules, by property.
#include "dhcpsync/core/wire.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "dhcpsync/core/image.hpp"
#include "tests/dhcpsync/sample.hpp"

namespace dhcpsync::wire_test {
namespace {

using namespace sample;

Version any_version(const IpAddress& address) {
    Version version{any_stamp(), std::nullopt, any_expiry()};
    if (*rc::gen::arbitrary<bool>()) version.lease = Lease{address, any_client(address), any_host_name(), any_expiry()};
    return version;
}

Cell any_cell() {
    Cell cell{any_address(), {}};
    const auto count = *rc::gen::inRange(1, 4);
    for (int i = 0; i < count; ++i) cell.versions.push_back(any_version(cell.address));
    cell.versions = settled(std::move(cell.versions));
    return cell;
}

Knowledge any_knowledge() {
    Knowledge knowledge;
    if (*rc::gen::inRange(0, 4) == 0) knowledge.forget_below(any_stamp().author);
    const auto count = *rc::gen::inRange(0, 6);
    for (int i = 0; i < count; ++i) {
        const auto stamp = any_stamp();
        knowledge.learn(stamp.author, stamp.sequence);
    }
    return knowledge;
}

Message any_message() {
    const Standing standing{any_stamp().author.term, *rc::gen::arbitrary<bool>()};
    const MessageNumber number{*rc::gen::arbitrary<std::uint32_t>()};
    if (*rc::gen::inRange(0, 4) == 0) return Ack{number, standing};
    Update update{number, *rc::gen::arbitrary<bool>(), standing, {}, {}, {}};
    const auto count = *rc::gen::inRange(0, 5);
    for (int i = 0; i < count; ++i) update.cells.push_back(any_cell());
    if (*rc::gen::arbitrary<bool>()) update.server_duid = ServerDuid{any_stamp(), any_bytes(1, 20)};
    if (*rc::gen::arbitrary<bool>()) update.claim = any_knowledge();
    return update;
}

Image any_image() {
    Image image{{}, any_knowledge(), {}, any_stamp().author.term};
    const auto count = *rc::gen::inRange(0, 10);
    for (int i = 0; i < count; ++i) {
        auto cell = any_cell();
        image.table[cell.address] = std::move(cell.versions);
    }
    return image;
}

TEST(WireProperty, what_was_encoded_decodes_to_the_same) {
    EXPECT_TRUE(rc::check([] {
        const auto message = any_message();
        const auto decoded = decode(encode(message));
        RC_ASSERT(decoded.has_value());
        RC_ASSERT(*decoded == message);
    }));
}

TEST(WireProperty, every_truncation_and_every_addition_is_refused) {
    EXPECT_TRUE(rc::check([] {
        auto bytes = encode(any_message());
        const auto size = *rc::gen::inRange<std::size_t>(0, bytes.size());
        RC_ASSERT(decode(BytesView(bytes).first(size)).error() == WireFault::cut_off);
        bytes.push_back(0);
        RC_ASSERT(decode(bytes).error() == WireFault::trailing_bytes);
    }));
}

TEST(WireProperty, no_bytes_do_harm_and_what_passes_is_well_formed) {
    EXPECT_TRUE(rc::check([] {
        auto bytes = encode(any_message());
        const auto flips = *rc::gen::inRange(1, 4);
        for (int i = 0; i < flips; ++i)
            bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<std::uint8_t>();
        const auto decoded = decode(bytes);
        if (!decoded || !std::holds_alternative<Update>(*decoded)) return;
        for (const auto& cell : std::get<Update>(*decoded).cells) {
            for (const auto& version : cell.versions)
                if (version.lease) RC_ASSERT(well_formed(*version.lease));
        }
    }));
}

TEST(Wire, unknown_versions_and_types_are_told_apart) {
    auto bytes = encode(Ack{});
    bytes[1] = 77;
    EXPECT_EQ(decode(bytes).error(), WireFault::unknown_type);
    bytes[0] = 2;
    EXPECT_EQ(decode(bytes).error(), WireFault::unknown_version);
    EXPECT_EQ(decode(Bytes(largest_message + 1)).error(), WireFault::too_large);
}

TEST(Wire, no_update_is_larger_than_the_largest_message) {
    Update update;
    for (unsigned i = 0; i < most_cells_in_update; ++i) {
        Cell cell{lease6(1, 1).address, {}};
        for (std::uint64_t n = most_versions; n > 0; --n) {
            Lease big{cell.address, Client6{Bytes(longest_client_id), {}, false}, std::string(longest_host_name, 'a'),
                      never};
            cell.versions.push_back({{{}, {n}}, big, never});
        }
        update.cells.push_back(cell);
    }
    update.server_duid = ServerDuid{{}, Bytes(longest_client_id)};
    update.claim = Knowledge();
    for (std::uint64_t i = 1; i <= Knowledge::most_authors; ++i) update.claim->learn({Term{i}, {}}, {1});
    EXPECT_LE(encode(update).size(), largest_message);
}

TEST(ImageProperty, what_was_encoded_decodes_to_the_same) {
    EXPECT_TRUE(rc::check([] {
        const auto image = any_image();
        RC_ASSERT(decode_image(encode_image(image)).value() == image);
    }));
}

TEST(ImageProperty, a_torn_or_damaged_image_is_refused_as_a_whole) {
    EXPECT_TRUE(rc::check([] {
        auto bytes = encode_image(any_image());
        const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
        RC_ASSERT(!decode_image(BytesView(bytes).first(at)));
        bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ *rc::gen::inRange(1, 256));
        RC_ASSERT(!decode_image(bytes));
    }));
}

TEST(Image, each_reason) {
    auto bytes = encode_image({});
    const auto broken = [&](std::size_t at) {
        auto copy = bytes;
        copy[at] ^= 1;
        return decode_image(copy).error();
    };
    EXPECT_EQ(decode_image({}).error(), ImageFault::not_an_image);
    EXPECT_EQ(broken(0), ImageFault::not_an_image);
    EXPECT_EQ(broken(11), ImageFault::unknown_version);
    EXPECT_EQ(broken(15), ImageFault::torn);
    EXPECT_EQ(broken(bytes.size() - 1), ImageFault::corrupt);
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(describe(static_cast<ImageFault>(i)).empty());
}

TEST(KnowledgeProperty, merging_covers_both_and_beyond_is_the_difference) {
    EXPECT_TRUE(rc::check([] {
        const auto a = any_knowledge(), b = any_knowledge();
        auto both = a;
        both.merge(b);
        RC_ASSERT(both.covers(a) && both.covers(b));
        auto again = b;
        again.merge(a);
        RC_ASSERT(both == again);
        auto caught_up = b;
        caught_up.merge(a.beyond(b));
        RC_ASSERT(caught_up == both);
        const auto stamp = any_stamp();
        RC_ASSERT(both.knows(stamp) == (a.knows(stamp) || b.knows(stamp)));
    }));
}

TEST(Knowledge, is_bounded_and_the_oldest_count_as_known) {
    Knowledge knowledge;
    for (std::uint64_t i = 1; i <= Knowledge::most_authors + 10; ++i) knowledge.learn({Term{i}, {1}}, {1});
    EXPECT_EQ(knowledge.authors().size(), Knowledge::most_authors);
    EXPECT_TRUE(knowledge.knows({{Term{1}, {1}}, {99}}));
    EXPECT_FALSE(knowledge.knows({{Term{11}, {1}}, {2}}));
}

TEST(CellProperty, merging_is_symmetric_and_repeating_it_changes_nothing) {
    EXPECT_TRUE(rc::check([] {
        const auto some = [&] {
            Versions versions;
            for (int i = *rc::gen::inRange(0, 4); i > 0; --i) versions.push_back({any_stamp(), lease(1, 1), noon});
            return settled(std::move(versions));
        };
        const auto a = some(), b = some();
        auto knows_a = any_knowledge(), knows_b = any_knowledge();
        for (const auto& v : a) knows_a.learn(v.stamp.author, v.stamp.sequence);
        for (const auto& v : b) knows_b.learn(v.stamp.author, v.stamp.sequence);
        const auto merged = merge(a, knows_a, b, knows_b);
        RC_ASSERT(merged == merge(b, knows_b, a, knows_a));
        auto knows = knows_a;
        knows.merge(knows_b);
        RC_ASSERT(merged == merge(merged, knows, b, knows_b));
    }));
}

}  // namespace
}  // namespace dhcpsync::wire_test
