// STATE/auth: what a daemon heard and said last, read back by the next one.
#include "vrrpd/supervisor/auth_file.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/base/scratch.hpp"
#include "tests/proto/router_keys.hpp"
#include "vrrpd/supervisor/files.hpp"

namespace vrrpd::supervisor::auth_file_test {
namespace {

ipc::SharedState fresh(std::size_t routers = 8) { return std::move(ipc::SharedState::create(routers).value()); }

const proto::AuthMemory memory{
    7,
    0x6800000080000001,
    {{*IpAddress::parse("fe80::a"), true, 42}, {IpAddress::v4(10, 77, 0, 2), false, 0xffffffffffffffff}}};

proto::AuthMemory kept(ipc::SharedState& state, const char* device = "lan0") {
    return ipc::load(state.auth(*state.record(proto::test::key(device))));
}

void keep(const proto::AuthMemory& what, ipc::SharedState& state) {
    ipc::store(what, state.auth(*state.record(proto::test::key("lan0"))));
}

TEST(AuthText, is_read_back_as_it_was) {
    auto state = fresh(), next = fresh();
    keep(memory, state);
    (void)state.record(proto::test::key("lan1", 2, Family::ipv6));  // authenticates nothing
    const auto text = auth_text(state);
    EXPECT_EQ(text, "lan0 4 1 7 7493989782091988993 fe80::a multicast 42 10.77.0.2 unicast 18446744073709551615\n");
    restore_auth(text, next);
    EXPECT_EQ(kept(next), memory);
    EXPECT_EQ(auth_text(next), text);
}

// Several of one VRID may run on one device, or on whichever has the source of the adverts.
TEST(AuthText, each_router_has_a_line_of_its_own) {
    const auto four = IpAddress::v4(10, 12, 14, 4);
    auto another_group = proto::test::key("lan0"), unicast = another_group, from_four = another_group;
    another_group.group = IpAddress::v4(239, 0, 0, 1);
    unicast.group = from_four.group = std::nullopt;
    from_four.source = four;
    auto nowhere = from_four;
    nowhere.interface.clear();
    auto six = proto::test::key("lan0", 1, Family::ipv6);
    six.group.reset();
    six.source = *IpAddress::parse("fe80::4");
    const std::vector keys{proto::test::key("lan0"), another_group, unicast, from_four, nowhere, six};
    auto state = fresh(), next = fresh();
    for (std::uint32_t i = 0; i < keys.size(); ++i) ipc::store({i + 1, 0, {}}, state.auth(*state.record(keys[i])));
    const auto text = auth_text(state);
    EXPECT_EQ(text,
              "lan0 4 1 1 0\nlan0 4 1/239.0.0.1 2 0\nlan0 4 1/unicast/any 3 0\nlan0 4 1/unicast/10.12.14.4 4 0\n"
              "/ 4 1/unicast/10.12.14.4 5 0\nlan0 6 1/unicast/fe80::4 6 0\n");
    restore_auth(text, next);
    EXPECT_EQ(auth_text(next), text);
    for (std::uint32_t i = 0; i < keys.size(); ++i)
        EXPECT_EQ(ipc::load(next.auth(*next.record(keys[i]))).ah_sequence, i + 1) << i;
}

TEST(AuthText, of_more_senders_the_latest_are_kept) {
    proto::AuthMemory many;
    for (std::uint8_t i = 1; i <= 12; ++i) many.marks.push_back({IpAddress::v4(10, 0, 0, i), false, i});
    auto state = fresh();
    keep(many, state);
    const auto marks = kept(state).marks;
    ASSERT_EQ(marks.size(), proto::Authenticator::marks_kept);
    EXPECT_EQ(marks.front().sequence, 5u);
    EXPECT_EQ(marks.back().sequence, 12u);
}

TEST(AuthText, lines_without_sense_are_left_out) {
    auto state = fresh();
    restore_auth(
        "\nlan0\nlan0 5 1 7 8\nlan0 4 0 7 8\nlan0 4 1 x 8\na-name-that-is-too-long 4 1 7 8\n"
        "lan0 4 1/ 7 8\nlan0 4 1/x 7 8\nlan0 4 1/fe80::1 7 8\nlan0 4 1/unicast/ 7 8\nlan0 4 1/unicast 7 8\n"
        "lan1 4 1 7 8 nonsense multicast 1 10.0.0.1 somehow 2 10.0.0.2 unicast 3\n",
        state);
    EXPECT_EQ(auth_text(state), "lan1 4 1 7 8 10.0.0.2 unicast 3\n");
}

TEST(AuthText, more_routers_than_there_is_room_for_are_left_out) {
    auto state = fresh(1);
    restore_auth("lan0 4 1 7 8\nlan0 4 2 7 8\n", state);
    EXPECT_EQ(auth_text(state), "lan0 4 1 7 8\n");
}

TEST(AuthText, bfd_sessions_have_lines_of_their_own) {
    auto state = fresh(), next = fresh();
    ipc::BfdRecord::Counters counted{10, 9, 2, 1, {}};
    counted.rejected[static_cast<std::size_t>(proto::BfdRejection::wrong_hops)] = 3;
    ipc::store(counted, *state.bfd("peer"));
    (void)state.bfd("silent");
    const auto text = auth_text(state);
    EXPECT_EQ(text, "bfd/peer 10 9 2 1 hops 3\n");
    restore_auth("bfd/\nbfd/x y\nbfd/" + std::string(40, 'n') + " 1 1 1 1\n" + text, next);
    EXPECT_EQ(ipc::counters(*next.bfd("peer")), counted);
    EXPECT_EQ(auth_text(next), text);
}

class AuthFileTest : public testing::Test {
protected:
    [[nodiscard]] std::string path() const { return directory_ + "/auth"; }

    struct Lines final : Log {
        void write(LogLevel, std::string_view line) override { text += std::string(line) + "\n"; }
        std::string text;
    } log_;
    const vrrpd::test::Scratch scratch_{"auth"};
    const std::string& directory_ = scratch_.path();
};

TEST_F(AuthFileTest, outlives_the_daemon_and_is_nobody_elses_to_read) {
    auto state = fresh();
    AuthFile file(path(), log_);
    file.restore(state, Instant());
    keep(memory, state);
    file.save(state);
    struct stat status {};
    ASSERT_EQ(stat(path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    auto next = fresh();
    AuthFile(path(), log_).restore(next, Instant());
    EXPECT_EQ(kept(next), memory);
    EXPECT_EQ(log_.text, "");
}

TEST_F(AuthFileTest, is_written_now_and_then_while_something_changes) {
    auto state = fresh();
    AuthFile file(path(), log_);
    file.restore(state, Instant());
    const auto first = *file.next_deadline();
    file.step(state, first);
    EXPECT_FALSE(read_file(path())) << "nothing to remember";
    keep(memory, state);
    file.step(state, first + AuthFile::save_interval - Duration(1));
    EXPECT_FALSE(read_file(path()));
    file.step(state, first + AuthFile::save_interval);
    EXPECT_EQ(read_file(path()), auth_text(state));
}

TEST_F(AuthFileTest, that_cannot_be_written_is_told_once) {
    auto state = fresh();
    keep(memory, state);
    AuthFile file(directory_ + "/none/auth", log_);
    file.save(state);
    file.save(state);
    EXPECT_NE(log_.text.find("would be taken once more"), std::string::npos) << log_.text;
    EXPECT_EQ(std::count(log_.text.begin(), log_.text.end(), '\n'), 1);
}

TEST_F(AuthFileTest, without_a_path_there_is_none) {
    auto state = fresh();
    keep(memory, state);
    AuthFile file("", log_);
    file.restore(state, Instant());
    EXPECT_EQ(file.next_deadline(), std::nullopt);
    file.save(state);
    EXPECT_EQ(log_.text, "");
}

}  // namespace
}  // namespace vrrpd::supervisor::auth_file_test
