// One pair as one member sees it: who dials and when, hello, keep-alive, drift, and which of two connections is kept.
#include "vrrpd/agent/peer/peer_machine.hpp"

#include <gtest/gtest.h>

namespace vrrpd::agent::peer_machine_test {
namespace {

using namespace std::chrono_literals;

constexpr WallTime noon{std::chrono::milliseconds(1'800'000'000'000)};

Hello peer_hello(std::uint64_t incarnation = 300) { return {incarnation, "H003", "0.2.0", proto::Role::active, {}}; }

class PeerMachineTest : public testing::Test {
protected:
    // H001, whose peer is H003. Its random numbers are the greatest there are, unless set.
    PeerMachine machine(Dialler first) {
        return PeerMachine(now_, "H003", first, {100, "H001", "0.1.0", proto::Role::backup, {}},
                           [this] { return random_; });
    }
    PeerActions step(PeerMachine& machine, const PeerEvent& event) {
        return machine.step({now_, noon + std::chrono::duration_cast<std::chrono::milliseconds>(now_ - start)}, event);
    }
    PeerActions hear(PeerMachine& machine, ConnectionId connection, FrameType type, const Bytes& payload) {
        return step(machine, Received{connection, {type, payload}});
    }
    PeerActions hear_hello(PeerMachine& machine, ConnectionId connection, const Hello& hello = peer_hello()) {
        return hear(machine, connection, hello_type, encode(hello, noon));
    }
    PeerActions connect(PeerMachine& machine, ConnectionId connection, Dialler dialler,
                        const Hello& hello = peer_hello()) {
        auto actions = step(machine, Secured{connection, dialler});
        for (auto& action : hear_hello(machine, connection, hello)) actions.push_back(std::move(action));
        return actions;
    }
    // Goes to the next deadline.
    PeerActions wait(PeerMachine& machine) {
        now_ = machine.next_deadline().value();
        return step(machine, TimeReached{});
    }

    static Fingerprint print(const std::string& name, std::uint8_t value) {
        Fingerprint fingerprint{name, {}};
        fingerprint.digest.fill(value);
        return fingerprint;
    }

    static constexpr Instant start{1000s};
    Instant now_ = start;
    std::uint32_t random_ = 0xffffffff;
};

template <class Action>
const Action* find(const PeerActions& actions) {
    for (const auto& action : actions) {
        if (const auto* const found = std::get_if<Action>(&action)) return found;
    }
    return nullptr;
}

template <class Action>
bool has(const PeerActions& actions) {
    return find<Action>(actions) != nullptr;
}

// ---- dialling -----------------------------------------------------------------------------------

TEST_F(PeerMachineTest, the_first_dials_at_once_and_the_second_waits_for_it) {
    EXPECT_EQ(machine(Dialler::we).next_deadline(), start);
    EXPECT_EQ(machine(Dialler::they).next_deadline(), start + second_dialler_patience);
    auto first = machine(Dialler::we);
    EXPECT_TRUE(has<Dial>(wait(first)));
    EXPECT_EQ(first.next_deadline(), std::nullopt);  // one at a time
}

TEST_F(PeerMachineTest, waits_double_up_to_the_most) {
    auto m = machine(Dialler::we);
    for (const auto expected : {250ms, 500ms, 1000ms, 2000ms, 4000ms, 8000ms, 15000ms, 15000ms}) {
        EXPECT_TRUE(has<Dial>(wait(m)));
        step(m, DialFailed{});
        const auto wait_time = m.next_deadline().value() - now_;
        EXPECT_TRUE(wait_time <= expected && wait_time > expected - 1ms) << wait_time.count();
    }
}

TEST_F(PeerMachineTest, at_least_half_of_a_wait_is_kept_by_chance) {
    random_ = 0;
    auto m = machine(Dialler::we);
    EXPECT_TRUE(has<Dial>(wait(m)));
    step(m, DialFailed{});
    EXPECT_EQ(m.next_deadline(), now_ + redial_min / 2);
}

TEST_F(PeerMachineTest, who_is_connected_does_not_dial) {
    auto m = machine(Dialler::they);
    connect(m, 1, Dialler::they);
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(has<Dial>(wait(m)));
        hear(m, 1, keep_alive_type, encode(KeepAlive{noon}));
    }
}

TEST_F(PeerMachineTest, a_link_that_lasted_is_dialled_again_soon_and_one_that_did_not_later) {
    auto m = machine(Dialler::we);
    for (ConnectionId id = 1; id < 8; ++id) {
        connect(m, id, Dialler::we);
        step(m, Ended{id, Ending::closed});
    }
    EXPECT_GT(m.next_deadline().value() - now_, 10s);
    connect(m, 9, Dialler::we);
    now_ += stable_after;
    EXPECT_TRUE(has<Lost>(step(m, Ended{9, Ending::closed})));
    EXPECT_LE(m.next_deadline().value() - now_, redial_min);
}

// ---- hello --------------------------------------------------------------------------------------

TEST_F(PeerMachineTest, a_hello_is_said_first_and_one_is_awaited) {
    auto m = machine(Dialler::we);
    const auto actions = step(m, Secured{7, Dialler::we});
    const auto* const said = find<Send>(actions);
    ASSERT_NE(said, nullptr);
    EXPECT_EQ(said->type, hello_type);
    EXPECT_EQ(decode_hello(said->payload)->hello.name, "H001");
    EXPECT_EQ(decode_hello(said->payload)->wall, noon);
    EXPECT_FALSE(m.link());

    EXPECT_TRUE(has<Connected>(hear_hello(m, 7)));
    ASSERT_TRUE(m.link());
    EXPECT_EQ(m.link()->hello, peer_hello());
    EXPECT_EQ(m.link()->since, now_);
}

TEST_F(PeerMachineTest, without_a_hello_a_connection_is_given_up) {
    auto m = machine(Dialler::they);
    step(m, Secured{7, Dialler::they});
    EXPECT_EQ(m.next_deadline(), now_ + hello_limit);
    const auto actions = wait(m);
    EXPECT_EQ(find<Close>(actions)->connection, 7U);
    EXPECT_EQ(find<Refused>(actions)->why, Ending::no_hello);
    EXPECT_FALSE(has<Lost>(actions));
}

TEST_F(PeerMachineTest, what_is_no_hello_of_the_peer_ends_the_connection) {
    struct Case {
        FrameType type;
        Bytes payload;
        Ending why;
    };
    auto other = peer_hello();
    other.name = "H002";
    for (const auto& [type, payload, why] : {
             Case{hello_type, encode(other, noon), Ending::wrong_name},
             Case{hello_type, Bytes{1, 2, 3}, Ending::malformed},
             Case{keep_alive_type, encode(KeepAlive{noon}), Ending::malformed},  // before any hello
             Case{first_payload_type, Bytes{1}, Ending::malformed},
         }) {
        auto m = machine(Dialler::we);
        step(m, Secured{1, Dialler::we});
        const auto actions = hear(m, 1, type, payload);
        EXPECT_TRUE(has<Close>(actions));
        EXPECT_EQ(find<Refused>(actions)->why, why);
        EXPECT_FALSE(has<Deliver>(actions));
        EXPECT_TRUE(m.next_deadline());  // and it dials again
    }
}

TEST_F(PeerMachineTest, a_later_hello_replaces_the_one_before) {
    auto m = machine(Dialler::we);
    connect(m, 1, Dialler::we);
    EXPECT_TRUE(hear_hello(m, 1).empty());
    auto changed = peer_hello();
    changed.role = proto::Role::backup;
    EXPECT_TRUE(hear_hello(m, 1, changed).empty());
    EXPECT_EQ(m.link()->hello.role, proto::Role::backup);
}

TEST_F(PeerMachineTest, what_changes_here_is_told) {
    auto m = machine(Dialler::we);
    connect(m, 1, Dialler::we);
    step(m, Secured{2, Dialler::they});
    const auto actions = step(m, SelfChanged{proto::Role::active, {print("vrrp", 1)}});
    ASSERT_EQ(actions.size(), 2U);
    for (const auto& action : actions) {
        const auto hello = decode_hello(std::get<Send>(action).payload);
        EXPECT_EQ(hello->hello.role, proto::Role::active);
        EXPECT_EQ(hello->hello.fingerprints.size(), 1U);
    }
}

// ---- life and death -----------------------------------------------------------------------------

TEST_F(PeerMachineTest, a_keep_alive_is_sent_each_second_with_our_wall_clock) {
    auto m = machine(Dialler::we);
    connect(m, 1, Dialler::we);
    for (int i = 1; i <= 3; ++i) {
        const auto actions = wait(m);
        EXPECT_EQ(now_, start + i * keep_alive_interval);
        const auto* const sent = find<Send>(actions);
        ASSERT_NE(sent, nullptr);
        EXPECT_EQ(sent->type, keep_alive_type);
        EXPECT_EQ(decode_keep_alive(sent->payload)->wall, noon + i * 1s);
    }
}

TEST_F(PeerMachineTest, silence_is_death_and_any_frame_is_life) {
    auto m = machine(Dialler::we);
    connect(m, 1, Dialler::we);
    now_ += 3s;
    hear(m, 1, 9, {});  // a type that only newer versions know
    const auto heard = now_;
    PeerActions actions;
    while (!has<Lost>(actions)) actions = wait(m);
    EXPECT_EQ(now_, heard + silence_limit);
    EXPECT_EQ(find<Lost>(actions)->why, Ending::silent);
    EXPECT_EQ(find<Close>(actions)->connection, 1U);
    EXPECT_FALSE(m.link());
}

TEST_F(PeerMachineTest, the_offset_of_the_clocks_follows_the_last_message) {
    auto m = machine(Dialler::we);
    connect(m, 1, Dialler::we);
    EXPECT_EQ(m.link()->clock_offset, 0ms);
    hear(m, 1, keep_alive_type, encode(KeepAlive{noon + 2500ms}));
    EXPECT_EQ(m.link()->clock_offset, 2500ms);
    now_ += 1s;
    hear(m, 1, keep_alive_type, encode(KeepAlive{noon}));
    EXPECT_EQ(m.link()->clock_offset, -1000ms);
}

TEST_F(PeerMachineTest, payload_is_delivered_and_unknown_types_of_the_link_are_skipped) {
    auto m = machine(Dialler::we);
    connect(m, 1, Dialler::we);
    const Bytes payload{1, 2, 3};
    const auto actions = hear(m, 1, first_payload_type, payload);
    const auto* const delivered = find<Deliver>(actions);
    ASSERT_NE(delivered, nullptr);
    EXPECT_EQ(delivered->frame.type, first_payload_type);
    EXPECT_EQ(delivered->frame.payload.data(), payload.data());  // no copy is made
    EXPECT_TRUE(hear(m, 1, first_payload_type - 1, payload).empty());
    EXPECT_TRUE(m.link());
}

TEST_F(PeerMachineTest, a_malformed_message_ends_the_link) {
    auto m = machine(Dialler::we);
    connect(m, 1, Dialler::we);
    const auto actions = hear(m, 1, keep_alive_type, {1});
    EXPECT_TRUE(has<Close>(actions));
    EXPECT_EQ(find<Lost>(actions)->why, Ending::malformed);
}

// ---- drift --------------------------------------------------------------------------------------

TEST_F(PeerMachineTest, drift_is_reported_once_per_change) {
    auto m = machine(Dialler::we);
    step(m, SelfChanged{proto::Role::backup, {print("vrrp", 1), print("dnsmasq", 1), print("adguard", 1)}});
    auto theirs = peer_hello();
    theirs.fingerprints = {print("dnsmasq", 2), print("vrrp", 1)};  // no AdGuard there: no difference
    auto actions = connect(m, 1, Dialler::we, theirs);
    EXPECT_EQ(find<DriftChanged>(actions)->names, std::vector<std::string>{"dnsmasq"});
    EXPECT_EQ(m.drift(), std::vector<std::string>{"dnsmasq"});

    EXPECT_FALSE(has<DriftChanged>(hear_hello(m, 1, theirs)));
    step(m, Ended{1, Ending::closed});
    EXPECT_FALSE(has<DriftChanged>(connect(m, 2, Dialler::we, theirs)));  // known from before

    actions = step(m, SelfChanged{proto::Role::backup, {print("dnsmasq", 2)}});
    EXPECT_TRUE(find<DriftChanged>(actions)->names.empty());
    theirs.fingerprints[0] = print("dnsmasq", 3);
    EXPECT_TRUE(has<DriftChanged>(hear_hello(m, 2, theirs)));
}

// ---- two connections ----------------------------------------------------------------------------

TEST_F(PeerMachineTest, of_two_directions_the_first_diallers_is_kept) {
    for (const auto first : {Dialler::we, Dialler::they}) {
        const auto second = first == Dialler::we ? Dialler::they : Dialler::we;
        auto early = machine(first);
        connect(early, 1, first);
        EXPECT_EQ(find<Close>(connect(early, 2, second))->connection, 2U);
        EXPECT_EQ(early.link()->connection, 1U);

        auto late = machine(first);
        connect(late, 1, second);
        const auto actions = connect(late, 2, first);
        EXPECT_EQ(find<Close>(actions)->connection, 1U);
        EXPECT_EQ(find<Lost>(actions)->why, Ending::superseded);
        EXPECT_TRUE(has<Connected>(actions));
        EXPECT_EQ(late.link()->connection, 2U);
    }
}

TEST_F(PeerMachineTest, of_one_direction_the_newer_is_kept) {
    auto m = machine(Dialler::we);
    connect(m, 1, Dialler::they);
    connect(m, 2, Dialler::they);
    EXPECT_EQ(m.link()->connection, 2U);
}

TEST_F(PeerMachineTest, a_new_incarnation_supersedes_what_is_left_of_the_old_one) {
    auto m = machine(Dialler::we);
    connect(m, 1, Dialler::we, peer_hello(300));
    connect(m, 2, Dialler::they, peer_hello(301));
    EXPECT_EQ(m.link()->connection, 2U);
    EXPECT_EQ(m.link()->hello.incarnation, 301U);
}

TEST_F(PeerMachineTest, what_comes_from_a_connection_that_ended_is_of_no_consequence) {
    auto m = machine(Dialler::we);
    connect(m, 1, Dialler::we);
    step(m, Secured{2, Dialler::they});
    EXPECT_TRUE(has<Refused>(step(m, Ended{2, Ending::closed})));
    EXPECT_TRUE(step(m, Ended{2, Ending::closed}).empty());
    EXPECT_EQ(m.link()->connection, 1U);
}

}  // namespace
}  // namespace vrrpd::agent::peer_machine_test
