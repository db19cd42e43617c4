// What outlives a crash of the engine: two mappings of one memfd, as supervisor and engine have them.
#include "vrrpd/ipc/shared_state.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/proto/router_keys.hpp"

namespace vrrpd::ipc::shared_state_test {
namespace {

struct Pair {
    SharedState supervisor;
    SharedState engine;
};

Pair mapped(std::size_t routers) {
    auto created = SharedState::create(routers);
    EXPECT_TRUE(created.has_value());
    auto mapping = SharedState::map(Fd(dup(created->fd())));
    EXPECT_TRUE(mapping.has_value());
    return {std::move(*created), std::move(*mapping)};
}

TEST(SharedState, a_beat_is_seen_by_the_other_mapping) {
    auto [supervisor, engine] = mapped(1);
    EXPECT_EQ(supervisor.last_beat(), Instant{});
    engine.beat(Instant(Duration(123456789)));
    EXPECT_EQ(supervisor.last_beat(), Instant(Duration(123456789)));
    EXPECT_EQ(supervisor.take_longest_pause(), Duration(0)) << "the first one has none before it";
    for (const auto at : {123456799, 123456899, 123456909}) engine.beat(Instant(Duration(at)));
    EXPECT_EQ(supervisor.take_longest_pause(), Duration(100));
    EXPECT_EQ(supervisor.take_longest_pause(), Duration(0)) << "once";
    supervisor.begin_beats();
    engine.beat(Instant(Duration(223456789)));
    EXPECT_EQ(supervisor.take_longest_pause(), Duration(0)) << "of the engine before";
}

TEST(SharedState, a_record_is_found_again_by_its_key) {
    auto [supervisor, engine] = mapped(8);
    RouterRecord* const first = engine.record(proto::test::key("lan0"));
    ASSERT_NE(first, nullptr);
    first->active.store(1);
    first->last_advert.store(42);
    EXPECT_NE(engine.record(proto::test::key("lan0", 1, Family::ipv6)), first);
    EXPECT_NE(engine.record(proto::test::key("lan1")), first);
    EXPECT_NE(engine.record(proto::test::key("lan0", 2)), first);
    EXPECT_EQ(engine.record(proto::test::key("lan0")), first);
    auto unicast = proto::test::key("lan0");
    unicast.group.reset();
    auto from = unicast;
    from.source = IpAddress::v4(224, 0, 0, 18);
    EXPECT_NE(engine.record(unicast), first);
    EXPECT_NE(engine.record(from), first);
    EXPECT_NE(engine.record(from), engine.record(unicast));
    EXPECT_EQ(engine.record(from)->key(), from);
    EXPECT_EQ(engine.record(unicast)->key(), unicast);
    EXPECT_EQ(first->key(), proto::test::key("lan0"));

    const RouterRecord* const seen = supervisor.record(proto::test::key("lan0"));
    EXPECT_EQ(seen->active.load(), 1);
    EXPECT_EQ(seen->last_advert.load(), 42);
}

TEST(SharedState, says_when_all_records_are_taken) {
    auto [supervisor, engine] = mapped(2);
    EXPECT_EQ(engine.capacity(), 2u);
    EXPECT_NE(engine.record(proto::test::key("a")), nullptr);
    EXPECT_NE(engine.record(proto::test::key("a", 2)), nullptr);
    EXPECT_EQ(engine.record(proto::test::key("a", 3)), nullptr);
    EXPECT_NE(engine.record(proto::test::key("a", 2)), nullptr);
}

TEST(SharedState, takes_a_name_of_full_length) {
    auto [supervisor, engine] = mapped(2);
    EXPECT_EQ(engine.record(proto::test::key("enp0s31f6abcdef")), engine.record(proto::test::key("enp0s31f6abcdef")));
}

TEST(SharedState, a_bfd_session_is_found_again_by_its_name_and_read_back) {
    auto [supervisor, engine] = mapped(2);
    auto* const record = engine.bfd(std::string(31, 'n'));
    ASSERT_NE(record, nullptr);
    EXPECT_NE(engine.bfd("b"), record);
    EXPECT_EQ(engine.bfd("c"), nullptr) << "all are taken";
    proto::BfdMemory memory{7, proto::BfdState::up, proto::BfdDiagnostic::path_down, {}};
    memory.remote = {proto::BfdState::init,
                     proto::BfdDiagnostic::echo_failed,
                     0xffffffff,
                     proto::BfdInterval(50'000),
                     proto::BfdInterval(0xfffffffe),
                     255,
                     true};
    BfdRecord::Counters counted{1, 2, 3, 4, {}};
    counted.rejected.back() = 5;
    store(memory, *record);
    store(counted, *record);
    const auto* const seen = supervisor.bfd(std::string(31, 'n'));
    EXPECT_EQ(load(*seen), memory);
    EXPECT_EQ(counters(*seen), counted);
    EXPECT_EQ(counters(*supervisor.bfd("b")), BfdRecord::Counters{});
    EXPECT_EQ(supervisor.record(proto::test::key("lan0"))->active.load(), 0) << "they do not lie upon each other";
}

TEST(SharedState, a_legacy_is_taken_up_once) {
    auto [before, after] = mapped(2);
    const auto* const record = before.record(proto::test::key("lan0"));
    const auto* const other = before.record(proto::test::key("lan0", 2));
    LegacyRecord::Values values{2, Instant(Duration(5)), Instant(Duration(7)), {1, 2}, {3, 4, 5, 6}, 7, {}};
    values.rejected.back() = 8;
    leave(values, before.legacy(*record));
    const auto* const found = after.record(proto::test::key("lan0"));
    EXPECT_EQ(take_up(after.legacy(*after.record(proto::test::key("lan0", 2)))), std::nullopt);
    EXPECT_EQ(take_up(after.legacy(*found)), values);
    EXPECT_EQ(take_up(after.legacy(*found)), std::nullopt);
    leave({}, before.legacy(*other));
    EXPECT_EQ(take_up(after.legacy(*found)), std::nullopt);
    EXPECT_EQ(counters(*after.bfd("b")), BfdRecord::Counters{}) << "they do not lie upon each other";
}

TEST(SharedState, refuses_a_descriptor_that_is_none) {
    EXPECT_FALSE(SharedState::map(Fd(memfd_create("empty", MFD_CLOEXEC))).has_value());
    EXPECT_FALSE(SharedState::map(Fd()).has_value());
}

}  // namespace
}  // namespace vrrpd::ipc::shared_state_test
