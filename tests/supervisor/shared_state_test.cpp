// What outlives a crash of the engine: two mappings of one memfd, as supervisor and engine have them.
#include "vrrpd/ipc/shared_state.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace vrrpd::ipc {
namespace {

proto::Vrid vrid(unsigned value) { return *proto::Vrid::make(value); }

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
}

TEST(SharedState, a_record_is_found_again_by_interface_family_and_vrid) {
    auto [supervisor, engine] = mapped(8);
    RouterRecord* const first = engine.record("lan0", Family::ipv4, vrid(1));
    ASSERT_NE(first, nullptr);
    first->active.store(1);
    first->last_advert.store(42);
    EXPECT_NE(engine.record("lan0", Family::ipv6, vrid(1)), first);
    EXPECT_NE(engine.record("lan1", Family::ipv4, vrid(1)), first);
    EXPECT_NE(engine.record("lan0", Family::ipv4, vrid(2)), first);
    EXPECT_EQ(engine.record("lan0", Family::ipv4, vrid(1)), first);

    const RouterRecord* const seen = supervisor.record("lan0", Family::ipv4, vrid(1));
    EXPECT_EQ(seen->active.load(), 1);
    EXPECT_EQ(seen->last_advert.load(), 42);
}

TEST(SharedState, says_when_all_records_are_taken) {
    auto [supervisor, engine] = mapped(2);
    EXPECT_EQ(engine.capacity(), 2u);
    EXPECT_NE(engine.record("a", Family::ipv4, vrid(1)), nullptr);
    EXPECT_NE(engine.record("a", Family::ipv4, vrid(2)), nullptr);
    EXPECT_EQ(engine.record("a", Family::ipv4, vrid(3)), nullptr);
    EXPECT_NE(engine.record("a", Family::ipv4, vrid(2)), nullptr);
}

TEST(SharedState, takes_a_name_of_full_length) {
    auto [supervisor, engine] = mapped(2);
    EXPECT_EQ(engine.record("enp0s31f6abcdef", Family::ipv4, vrid(1)),
              engine.record("enp0s31f6abcdef", Family::ipv4, vrid(1)));
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
    EXPECT_EQ(supervisor.record("lan0", Family::ipv4, vrid(1))->active.load(), 0) << "they do not lie upon each other";
}

TEST(SharedState, a_legacy_is_taken_up_once) {
    auto [before, after] = mapped(2);
    const auto* const record = before.record("lan0", Family::ipv4, vrid(1));
    const auto* const other = before.record("lan0", Family::ipv4, vrid(2));
    LegacyRecord::Values values{2, Instant(Duration(5)), Instant(Duration(7)), {1, 2}, {3, 4, 5, 6}, {}};
    values.rejected.back() = 8;
    leave(values, before.legacy(*record));
    const auto* const found = after.record("lan0", Family::ipv4, vrid(1));
    EXPECT_EQ(take_up(after.legacy(*after.record("lan0", Family::ipv4, vrid(2)))), std::nullopt);
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
}  // namespace vrrpd::ipc
