// What members say of themselves, and their replicas' messages, over real links; and members who say something else.
#include "vrrpd/agent/peers.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/agent/members.hpp"

namespace vrrpd::agent::peers_test {
namespace {

using namespace std::chrono_literals;
using namespace test;

class OneMember {
public:
    OneMember(Loop& loop, config::PeerLink configuration, PeerId self) {
        PeerOutcomes outcomes;
        outcomes.up = [this](PeerId peer) { up.insert(peer); };
        outcomes.down = [this](PeerId peer) { up.erase(peer); };
        outcomes.said = [this](PeerId, const Summary& summary) { said.push_back(summary); };
        outcomes.replica = [this](PeerId, std::string_view gateway, BytesView message) {
            replica.emplace_back(gateway, Bytes(message.begin(), message.end()));
        };
        configuration.self = self;
        static std::uint32_t random = 1;
        peers.emplace(
            loop, log, PeerLink::Setup{std::move(configuration), key(), "0.1.0", [] { return random += 0x9e3779b9; }},
            [this] { return own; }, std::move(outcomes));
    }

    RecordingLog log;
    Summary own{"0.1.0", {{"HOME", proto::Role::backup, 0ms, 100, {}, ServiceState::none, ServiceState::none}}};
    std::set<PeerId> up;
    std::vector<Summary> said;
    std::vector<std::pair<std::string, Bytes>> replica;
    std::optional<Peers> peers;
};

class PeersTest : public testing::Test {
protected:
    // Until `done`, while the time of all passes.
    [[nodiscard]] bool run_until(const std::vector<OneMember*>& members, const std::function<bool()>& done,
                                 Duration limit = 5s) {
        const auto end = boot_now() + limit;
        stage_.loop.before_wait([&] {
            Deadline due = boot_now() + 2ms;
            for (auto* const one : members) due = earlier(due, one->peers->next_deadline());
            stage_.loop.set_deadline(due);
        });
        stage_.loop.on_deadline([&] {
            for (auto* const one : members) one->peers->time_reached();
            if (done() || boot_now() >= end) stage_.loop.stop();
        });
        stage_.loop.run();
        return done();
    }
    void run(const std::vector<OneMember*>& members, Duration time) {
        (void)run_until(
            members, [] { return false; }, time);
    }

    Stage stage_;
    config::PeerLink configuration_ = configuration(2);
};

TEST_F(PeersTest, a_summary_comes_with_the_connection_and_with_each_change) {
    OneMember a(stage_.loop, configuration_, 0), b(stage_.loop, configuration_, 1);
    ASSERT_TRUE(run_until({&a, &b}, [&] { return !b.said.empty(); }));
    EXPECT_EQ(b.said.back(), a.own);
    EXPECT_TRUE(b.up.contains(0));
    a.own.gateways[0].role = proto::Role::active;
    a.peers->summary_changed();
    ASSERT_TRUE(run_until(
        {&a, &b}, [&] { return b.said.back() == a.own; }, 1s));
    EXPECT_EQ(b.peers->heard().at("H001").summary, a.own);
}

TEST_F(PeersTest, changes_are_told_together_at_most_five_times_a_second) {
    OneMember a(stage_.loop, configuration_, 0), b(stage_.loop, configuration_, 1);
    ASSERT_TRUE(run_until({&a, &b}, [&] { return !b.said.empty(); }));
    const auto before = b.said.size();
    (void)run_until(
        {&a, &b},
        [&] {
            a.own.gateways[0].priority = 1 + (*a.own.gateways[0].priority % 200);
            a.peers->summary_changed();
            return false;
        },
        2s);
    EXPECT_GE(b.said.size() - before, 5U);
    EXPECT_LE(b.said.size() - before, 11U);
}

TEST_F(PeersTest, a_replicas_message_of_any_size_comes_whole) {
    OneMember a(stage_.loop, configuration_, 0), b(stage_.loop, configuration_, 1);
    ASSERT_TRUE(run_until({&a, &b}, [&] { return a.up.contains(1) && b.up.contains(0); }));
    const std::vector<std::size_t> sizes{
        0, 1, max_payload - 6, max_payload - 5, max_payload, 3 * max_payload + 7, replica_message_max - max_payload};
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        const Bytes message(sizes[i], static_cast<std::uint8_t>(i));
        ASSERT_TRUE(a.peers->send_replica(1, "HOME", message)) << sizes[i];
        ASSERT_TRUE(run_until({&a, &b}, [&] { return b.replica.size() == i + 1; })) << sizes[i];
        EXPECT_EQ(b.replica.back(), std::pair(std::string("HOME"), message));
    }
}

TEST_F(PeersTest, who_is_gone_is_forgotten) {
    OneMember a(stage_.loop, configuration_, 0);
    {
        OneMember b(stage_.loop, configuration_, 1);
        ASSERT_TRUE(run_until({&a, &b}, [&] { return a.up.contains(1) && !a.peers->heard().empty(); }));
    }
    ASSERT_TRUE(run_until({&a}, [&] { return a.up.empty(); }));
    EXPECT_TRUE(a.peers->heard().empty());
    EXPECT_FALSE(a.peers->send_replica(1, "HOME", Bytes{1}));
}

TEST_F(PeersTest, a_member_that_says_nonsense_is_named_once_and_changes_nothing) {
    OneMember a(stage_.loop, configuration_, 0);
    HandMade hostile(stage_, configuration_, 1, 0);
    hostile.say_hello();
    ASSERT_TRUE(run_until({&a}, [&] { return a.up.contains(1); }));
    const Bytes garbage(20'000, 'x');
    for (int i = 0; i < 3; ++i) hostile.say({summary_type, garbage});
    hostile.say({summary_type, {}});
    hostile.say({replica_type, {}});
    hostile.say({replica_type, Bytes{3, 200, 'H'}});         // a name longer than the frame
    hostile.say({replica_type, Bytes{2, 1, 'H', 1, 2, 3}});  // the end of nothing
    hostile.say({replica_type, Bytes{0, 1, 'H', 1, 2, 3}});
    hostile.say({99, garbage});
    run({&a}, 100ms);
    EXPECT_TRUE(a.said.empty());
    EXPECT_TRUE(a.replica.empty());
    EXPECT_EQ(a.log.count("what it says of itself is not understood"), 1);
    EXPECT_TRUE(a.up.contains(1)) << "a newer version may say such things";
}

TEST_F(PeersTest, an_endless_message_is_bounded) {
    OneMember a(stage_.loop, configuration_, 0);
    HandMade hostile(stage_, configuration_, 1, 0);
    hostile.say_hello();
    ASSERT_TRUE(run_until({&a}, [&] { return a.up.contains(1); }));
    Bytes piece(60'000, 7);
    piece[0] = 1;
    piece[1] = 4;
    for (int i = 0; i < 30; ++i) {  // 1.8 MB
        hostile.say({replica_type, piece});
        piece[0] = 0;
        run({&a}, 5ms);
    }
    piece[0] = 2;
    hostile.say({replica_type, piece});
    hostile.say({replica_type, Bytes{3, 1, 'H', 42}});
    ASSERT_TRUE(run_until({&a}, [&] { return !a.replica.empty(); }));
    EXPECT_EQ(a.replica, (std::vector<std::pair<std::string, Bytes>>{{"H", {42}}}));
}

PeerStatus with_clock(std::chrono::milliseconds ahead) {
    PeerStatus result{"H001", IpAddress::v4(10, 12, 14, 2), PeerStatus::Link{}, {}};
    result.link->clock_offset = ahead;
    return result;
}

TEST(ClockObstacle, names_whose_clock_is_a_minute_from_ours) {
    EXPECT_EQ(clock_obstacle({}), "");
    EXPECT_EQ(clock_obstacle({with_clock(60s), with_clock(-60s), {"H003", IpAddress::v4(10, 12, 14, 4), {}, {}}}), "");
    EXPECT_EQ(clock_obstacle({with_clock(0s), with_clock(2h)}),
              "its clock is 7200 s behind that of H001, and leases end by the clock: let NTP set both");
    EXPECT_EQ(clock_obstacle({with_clock(-61s)}),
              "its clock is 61 s ahead of that of H001, and leases end by the clock: let NTP set both");
}

TEST_F(PeersTest, a_clock_far_off_is_said_once) {
    OneMember a(stage_.loop, configuration_, 0);
    HandMade other(stage_, configuration_, 1, 0);
    other.say_hello();  // its clock shows 1970
    ASSERT_TRUE(run_until(
        {&a}, [&] { return a.log.count("its clock is") > 0; }, 8s));
    EXPECT_EQ(a.log.count("s behind ours"), 1);
}

}  // namespace
}  // namespace vrrpd::agent::peers_test
