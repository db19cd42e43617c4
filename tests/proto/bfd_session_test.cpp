// One BFD session, step by step. Clauses are RFC 5880's.
#include "vrrpd/proto/bfd_session.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace vrrpd::proto::bfd_session_test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t ours = 0x11, theirs = 0x22;

BfdParameters fast() { return {BfdInterval(50'000), BfdInterval(40'000), BfdInterval(1'000'000), 3, false}; }

BfdPacket from_neighbor(BfdState state, std::uint32_t your = ours) {
    BfdPacket packet;
    packet.state = state;
    packet.multiplier = 4;
    packet.my_discriminator = theirs;
    packet.your_discriminator = your;
    packet.desired_min_tx = state == BfdState::up ? BfdInterval(60'000) : BfdInterval(1'000'000);
    packet.required_min_rx = BfdInterval(70'000);
    return packet;
}

// A session at a clock that begins with 0.
struct Bench {
    explicit Bench(const BfdParameters& parameters = fast()) : session(parameters, {ours, 7}) {}

    BfdActions at(Duration time, const BfdEvent& event) { return session.step(Instant(time), event); }
    BfdActions hear(Duration time, const BfdPacket& packet) { return at(time, BfdHeard{packet}); }
    BfdActions hear(Duration time, BfdState state) { return hear(time, from_neighbor(state)); }
    // Up since `time`.
    void come_up(Duration time) {
        at(time, BfdStart{});
        hear(time, from_neighbor(BfdState::down, 0));
        hear(time, BfdState::up);
        auto final = from_neighbor(BfdState::up);
        final.final = true;
        hear(time, final);
        ASSERT_EQ(session.state(), BfdState::up);
        ASSERT_FALSE(session.polling());
    }
    [[nodiscard]] Duration deadline() const {
        return session.next_deadline() ? session.next_deadline()->time_since_epoch() : Duration(-1);
    }

    BfdSession session;
};

std::vector<BfdPacket> sent(const BfdActions& actions) {
    std::vector<BfdPacket> packets;
    for (const auto& action : actions)
        if (const auto* send = std::get_if<BfdSend>(&action)) packets.push_back(send->packet);
    return packets;
}

std::vector<BfdTransition> moves(const BfdActions& actions) {
    std::vector<BfdTransition> result;
    for (const auto& action : actions)
        if (const auto* move = std::get_if<BfdTransition>(&action)) result.push_back(*move);
    return result;
}

using Moves = std::vector<BfdTransition>;
constexpr auto none = BfdDiagnostic::none;

TEST(BfdSession, says_nothing_before_it_began) {
    Bench bench;
    EXPECT_EQ(bench.session.next_deadline(), std::nullopt);
    EXPECT_TRUE(bench.hear(1s, from_neighbor(BfdState::down, 0)).empty());
    EXPECT_TRUE(bench.at(2s, BfdTimeReached{}).empty());
    EXPECT_EQ(bench.session.state(), BfdState::admin_down);
}

TEST(BfdSession, RFC5880_6_8_1_begins_down_with_nothing_known_of_the_neighbour) {
    Bench bench;
    const auto actions = bench.at(0s, BfdStart{});
    EXPECT_EQ(moves(actions), (Moves{{BfdState::admin_down, BfdState::down, BfdCause::started, none}}));
    const auto packets = sent(actions);
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_EQ(packets[0].state, BfdState::down);
    EXPECT_EQ(packets[0].my_discriminator, ours);
    EXPECT_EQ(packets[0].your_discriminator, 0U);
    EXPECT_EQ(packets[0].multiplier, 3);
    EXPECT_EQ(packets[0].required_min_rx, BfdInterval(40'000));
    EXPECT_FALSE(packets[0].poll);
}

TEST(BfdSession, VR_215_RFC5880_6_8_3_speaks_once_a_second_while_it_is_not_up) {
    Bench bench;
    EXPECT_EQ(sent(bench.at(0s, BfdStart{}))[0].desired_min_tx, BfdInterval(1'000'000));
    for (int i = 0; i < 100; ++i) {
        const auto before = bench.session.next_deadline().value();
        const auto packets = sent(bench.session.step(before, BfdTimeReached{}));
        ASSERT_EQ(packets.size(), 1U);
        const auto pause = *bench.session.next_deadline() - before;
        EXPECT_GE(pause, 750ms);
        EXPECT_LE(pause, 1s);
    }
}

TEST(BfdSession, idle_tx_is_its_pace_while_it_is_not_up) {
    auto parameters = fast();
    parameters.idle_tx = BfdInterval(4'000'000);
    Bench bench(parameters);
    EXPECT_EQ(sent(bench.at(0s, BfdStart{}))[0].desired_min_tx, BfdInterval(4'000'000));
    EXPECT_GE(bench.deadline(), 3s);
}

TEST(BfdSession, VR_217_RFC5880_6_2_comes_up_by_three_packets) {
    Bench bench;
    bench.at(0s, BfdStart{});
    auto actions = bench.hear(1ms, from_neighbor(BfdState::down, 0));
    EXPECT_EQ(moves(actions), (Moves{{BfdState::down, BfdState::init, BfdCause::neighbor_said, none}}));
    ASSERT_EQ(sent(actions).size(), 1U) << "news is told at once (6.8.7)";
    EXPECT_EQ(sent(actions)[0].your_discriminator, theirs);
    EXPECT_EQ(sent(actions)[0].state, BfdState::init);
    actions = bench.hear(2ms, BfdState::up);
    EXPECT_EQ(moves(actions), (Moves{{BfdState::init, BfdState::up, BfdCause::neighbor_said, none}}));
    ASSERT_EQ(sent(actions).size(), 1U);
    EXPECT_EQ(sent(actions)[0].desired_min_tx, BfdInterval(50'000));
    EXPECT_TRUE(sent(actions)[0].poll) << "its interval changed (6.8.3)";
}

// 6.8.6, line by line: what each state makes of what is heard.
TEST(BfdSession, VR_217_RFC5880_6_8_6_the_table_of_states) {
    struct Row {
        BfdState is, heard, becomes;
    };
    using enum BfdState;
    const Row rows[] = {{down, admin_down, down}, {down, down, init}, {down, init, up}, {down, up, down},
                        {init, admin_down, down}, {init, down, init}, {init, init, up}, {init, up, up},
                        {up, admin_down, down},   {up, down, down},   {up, init, up},   {up, up, up}};
    for (const auto& row : rows) {
        Bench bench;
        bench.at(0s, BfdStart{});
        if (row.is != down) bench.hear(0s, down);
        if (row.is == up) bench.hear(0s, init);
        ASSERT_EQ(bench.session.state(), row.is);
        bench.hear(1ms, row.heard);
        EXPECT_EQ(bench.session.state(), row.becomes) << name(row.is) << " hears " << name(row.heard);
    }
}

TEST(BfdSession, VR_217_RFC5880_6_8_6_goes_down_with_the_neighbour_and_says_why) {
    Bench bench;
    bench.come_up(0s);
    const auto actions = bench.hear(10ms, BfdState::down);
    EXPECT_EQ(moves(actions),
              (Moves{{BfdState::up, BfdState::down, BfdCause::neighbor_said, BfdDiagnostic::neighbor_signaled_down}}));
    ASSERT_EQ(sent(actions).size(), 1U);
    EXPECT_EQ(sent(actions)[0].diagnostic, BfdDiagnostic::neighbor_signaled_down);
    EXPECT_EQ(sent(actions)[0].desired_min_tx, BfdInterval(1'000'000));
}

TEST(BfdSession, VR_217_a_stopped_neighbour_is_told_apart) {
    Bench bench;
    bench.come_up(0s);
    const auto move = moves(bench.hear(10ms, BfdState::admin_down));
    ASSERT_EQ(move.size(), 1U);
    EXPECT_EQ(move[0].cause, BfdCause::neighbor_admin_down);
    EXPECT_EQ(move[0].to, BfdState::down);
}

TEST(BfdSession, VR_214_RFC5880_6_8_4_detects_by_the_neighbours_multiplier_and_the_slower_interval) {
    Bench bench;
    bench.come_up(0s);
    EXPECT_EQ(bench.session.detection_time(), 4 * 60ms) << "it sends every 60 ms, which is more than our 40";
    auto packet = from_neighbor(BfdState::up);
    packet.desired_min_tx = BfdInterval(10'000);
    bench.hear(100ms, packet);
    EXPECT_EQ(bench.session.detection_time(), 4 * 40ms) << "we take one every 40 ms at most";
    EXPECT_TRUE(moves(bench.at(100ms + 160ms - 1ns, BfdTimeReached{})).empty());
    const auto actions = bench.at(100ms + 160ms, BfdTimeReached{});
    EXPECT_EQ(moves(actions),
              (Moves{{BfdState::up, BfdState::down, BfdCause::expired, BfdDiagnostic::detection_time_expired}}));
    ASSERT_EQ(sent(actions).size(), 1U);
    EXPECT_EQ(sent(actions)[0].your_discriminator, 0U) << "6.8.1: the neighbour is forgotten";
    EXPECT_EQ(sent(actions)[0].state, BfdState::down);
}

TEST(BfdSession, RFC5880_6_8_1_who_is_silent_is_forgotten_also_while_down) {
    Bench bench;
    bench.at(0s, BfdStart{});
    bench.hear(0s, BfdState::up);  // 6.2: we stay Down
    ASSERT_EQ(bench.session.state(), BfdState::down);
    EXPECT_EQ(bench.session.remote().discriminator, theirs);
    EXPECT_TRUE(moves(bench.at(240ms, BfdTimeReached{})).empty());
    EXPECT_EQ(bench.session.remote(), BfdRemote{});
}

TEST(BfdSession, VR_216_RFC5880_6_8_7_jitter_is_up_to_a_quarter) {
    Bench bench;
    bench.come_up(0s);
    Duration least = 1h, most{0};
    auto now = Instant(0s);
    for (int i = 0; i < 2000; ++i) {
        const auto due = bench.session.next_deadline().value();
        const auto keep_alive = bench.session.step(due, BfdHeard{from_neighbor(BfdState::up)});
        EXPECT_TRUE(keep_alive.empty());
        ASSERT_EQ(sent(bench.session.step(due, BfdTimeReached{})).size(), 1U);
        if (i > 0) {
            least = std::min<Duration>(least, due - now);
            most = std::max<Duration>(most, due - now);
        }
        now = due;
    }
    EXPECT_GE(least, 70ms * 75 / 100);
    EXPECT_LE(least, 70ms * 76 / 100);
    EXPECT_LE(most, 70ms);
    EXPECT_GE(most, 70ms * 99 / 100);
}

TEST(BfdSession, VR_216_RFC5880_6_8_7_with_a_multiplier_of_1_it_is_at_most_90_percent) {
    auto parameters = fast();
    parameters.multiplier = 1;
    Bench bench(parameters);
    bench.at(0s, BfdStart{});
    for (int i = 0; i < 500; ++i) {
        const auto before = bench.session.next_deadline().value();
        (void)bench.session.step(before, BfdTimeReached{});
        const auto pause = *bench.session.next_deadline() - before;
        EXPECT_GE(pause, 750ms);
        EXPECT_LE(pause, 900ms);
    }
}

TEST(BfdSession, RFC5880_6_8_7_a_neighbour_that_wants_no_packets_gets_none_by_the_clock) {
    Bench bench;
    bench.come_up(0s);
    auto packet = from_neighbor(BfdState::up);
    packet.required_min_rx = BfdInterval(0);
    bench.hear(1ms, packet);
    EXPECT_EQ(bench.deadline(), 1ms + bench.session.detection_time());
    packet.required_min_rx = BfdInterval(70'000);
    bench.hear(2ms, packet);
    EXPECT_LE(bench.deadline(), 72ms);
}

TEST(BfdSession, RFC5880_6_6_a_neighbour_in_demand_mode_is_left_in_peace) {
    Bench bench;
    bench.come_up(0s);
    auto packet = from_neighbor(BfdState::up);
    packet.demand = true;
    bench.hear(1ms, packet);
    EXPECT_EQ(bench.deadline(), 1ms + bench.session.detection_time()) << "nothing is due but the detection time";
    packet.poll = true;
    const auto answer = sent(bench.hear(2ms, packet));
    ASSERT_EQ(answer.size(), 1U);
    EXPECT_TRUE(answer[0].final);
    packet.demand = packet.poll = false;
    bench.hear(3ms, packet);
    EXPECT_LE(bench.deadline(), 73ms);
}

TEST(BfdSession, RFC5880_6_6_a_poll_sequence_breaks_the_silence_of_demand_mode) {
    Bench bench;
    bench.come_up(0s);
    auto packet = from_neighbor(BfdState::up);
    packet.demand = true;
    bench.hear(1ms, packet);
    auto changed = fast();
    changed.min_tx = BfdInterval(200'000);
    const auto packets = sent(bench.at(2ms, BfdReconfigured{changed}));
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_TRUE(packets[0].poll);
    EXPECT_LE(bench.deadline(), 72ms) << "it is repeated until it is answered";
    packet.final = true;
    bench.hear(3ms, packet);
    EXPECT_EQ(bench.deadline(), 3ms + bench.session.detection_time());
}

TEST(BfdSession, RFC5880_6_5_a_poll_is_answered_at_once_in_any_state) {
    Bench bench;
    bench.at(0s, BfdStart{});
    auto packet = from_neighbor(BfdState::up);  // leaves us Down
    packet.poll = true;
    const auto packets = sent(bench.hear(1ms, packet));
    ASSERT_EQ(packets.size(), 1U) << "the answer is the news, too";
    EXPECT_TRUE(packets[0].final);
    EXPECT_FALSE(packets[0].poll);
    EXPECT_EQ(packets[0].state, BfdState::down);
}

TEST(BfdSession, RFC5880_6_5_the_poll_bit_stays_until_it_is_answered) {
    Bench bench;
    bench.at(0s, BfdStart{});
    bench.hear(0s, BfdState::down);
    bench.hear(0s, BfdState::up);
    ASSERT_TRUE(bench.session.polling());
    const auto due = bench.session.next_deadline().value();
    EXPECT_TRUE(sent(bench.session.step(due, BfdTimeReached{})).at(0).poll);
    auto final = from_neighbor(BfdState::up);
    final.final = true;
    EXPECT_TRUE(sent(bench.hear(60ms, final)).empty());
    EXPECT_FALSE(bench.session.polling());
    const auto next = bench.session.next_deadline().value();
    EXPECT_FALSE(sent(bench.session.step(next, BfdTimeReached{})).at(0).poll);
}

TEST(BfdSession, VR_215_RFC5880_6_8_3_a_slower_pace_waits_for_the_answer) {
    Bench bench;
    bench.come_up(0s);
    auto changed = fast();
    changed.min_tx = BfdInterval(500'000);
    const auto packets = sent(bench.at(1ms, BfdReconfigured{changed}));
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_EQ(packets[0].desired_min_tx, BfdInterval(500'000));
    EXPECT_TRUE(packets[0].poll);
    EXPECT_EQ(bench.session.transmit_interval(), 70ms) << "the neighbour counts on the old one";
    auto final = from_neighbor(BfdState::up);
    final.final = true;
    bench.hear(2ms, final);
    EXPECT_EQ(bench.session.transmit_interval(), 500ms);
}

TEST(BfdSession, RFC5880_6_8_3_a_shorter_detection_waits_for_the_answer) {
    Bench bench;
    bench.come_up(0s);
    auto packet = from_neighbor(BfdState::up);
    packet.desired_min_tx = BfdInterval(5'000);
    bench.hear(1ms, packet);
    auto changed = fast();
    changed.min_rx = BfdInterval(10'000);
    bench.at(2ms, BfdReconfigured{changed});
    EXPECT_EQ(bench.session.detection_time(), 4 * 40ms);
    packet.final = true;
    bench.hear(3ms, packet);
    EXPECT_EQ(bench.session.detection_time(), 4 * 10ms);
}

TEST(BfdSession, RFC5880_6_8_3_a_faster_pace_and_a_longer_patience_count_at_once) {
    Bench bench;
    bench.come_up(0s);
    auto packet = from_neighbor(BfdState::up);
    packet.required_min_rx = BfdInterval(1'000);
    bench.hear(0s, packet);
    auto changed = fast();
    changed.min_tx = BfdInterval(20'000);
    changed.min_rx = BfdInterval(300'000);
    bench.at(1ms, BfdReconfigured{changed});
    EXPECT_EQ(bench.session.transmit_interval(), 20ms);
    EXPECT_EQ(bench.session.detection_time(), 4 * 300ms);
    EXPECT_LE(bench.deadline(), 21ms);
    EXPECT_TRUE(moves(bench.at(241ms, BfdTimeReached{})).empty()) << "the old detection time does not count any more";
}

TEST(BfdSession, a_change_during_a_poll_sequence_is_polled_for_again) {
    Bench bench;
    bench.come_up(0s);
    auto changed = fast();
    changed.min_tx = BfdInterval(500'000);
    bench.at(1ms, BfdReconfigured{changed});
    changed.min_tx = BfdInterval(900'000);
    bench.at(2ms, BfdReconfigured{changed});
    auto final = from_neighbor(BfdState::up);
    final.final = true;
    bench.hear(3ms, final);  // to which of the two?
    EXPECT_TRUE(bench.session.polling());
    EXPECT_EQ(bench.session.transmit_interval(), 70ms);
    bench.hear(4ms, final);
    EXPECT_FALSE(bench.session.polling());
    EXPECT_EQ(bench.session.transmit_interval(), 900ms);
}

TEST(BfdSession, RFC5880_6_8_12_another_multiplier_needs_no_poll) {
    Bench bench;
    bench.come_up(0s);
    auto changed = fast();
    changed.multiplier = 9;
    const auto packets = sent(bench.at(1ms, BfdReconfigured{changed}));
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_EQ(packets[0].multiplier, 9);
    EXPECT_FALSE(packets[0].poll);
}

TEST(BfdSession, nothing_changed_is_no_news) {
    Bench bench;
    bench.come_up(0s);
    const auto due = bench.deadline();
    EXPECT_TRUE(bench.at(1ms, BfdReconfigured{fast()}).empty());
    EXPECT_EQ(bench.deadline(), due);
}

TEST(BfdSession, RFC5880_6_1_who_is_passive_waits_to_be_spoken_to) {
    auto parameters = fast();
    parameters.passive = true;
    Bench bench(parameters);
    EXPECT_TRUE(sent(bench.at(0s, BfdStart{})).empty());
    EXPECT_EQ(bench.session.next_deadline(), std::nullopt);
    EXPECT_EQ(sent(bench.hear(5s, from_neighbor(BfdState::down, 0))).size(), 1U);
    bench.hear(5s, BfdState::init);
    ASSERT_EQ(bench.session.state(), BfdState::up);
    const auto actions = bench.at(5s + bench.session.detection_time(), BfdTimeReached{});
    EXPECT_EQ(bench.session.state(), BfdState::down);
    EXPECT_TRUE(sent(actions).empty()) << "6.8.7: the neighbour is forgotten, and we are silent again";
}

TEST(BfdSession, RFC5880_6_8_16_a_stop_is_told_for_a_detection_time_at_the_usual_pace) {
    Bench bench;
    bench.come_up(0s);
    const auto actions = bench.at(1ms, BfdStop{});
    const auto packets = sent(actions);
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_EQ(packets[0].state, BfdState::admin_down);
    EXPECT_EQ(packets[0].diagnostic, BfdDiagnostic::administratively_down);
    EXPECT_EQ(packets[0].desired_min_tx, BfdInterval(1'000'000)) << "6.8.3: it is not Up";
    EXPECT_TRUE(bench.hear(2ms, BfdState::up).empty()) << "6.8.6: what comes after it is dropped";
    auto last = 1ms + Duration(0);
    int more = 0;
    while (bench.session.next_deadline() && more < 10) {
        const auto at = bench.deadline();
        const auto again = sent(bench.at(at, BfdTimeReached{}));
        if (again.empty()) continue;
        EXPECT_EQ(again, packets);
        EXPECT_GE(at - last, 750ms) << "6.8.7: no faster than the interval and its jitter";
        last = at;
        ++more;
    }
    EXPECT_GE(more, 2) << "the neighbour counts 3 times a second";
    EXPECT_LE(last, 1ms + 3s);
    EXPECT_EQ(moves(bench.at(5s, BfdStart{})).size(), 1U);
    EXPECT_EQ(bench.session.state(), BfdState::down);
}

TEST(BfdSession, goes_on_after_a_crash_as_if_nothing_had_been) {
    Bench crashed;
    crashed.come_up(0s);
    const auto memory = crashed.session.memory();
    BfdSession next(fast(), {0x99, 3});
    const auto actions = next.step(Instant(20ms), BfdResume{memory});
    EXPECT_TRUE(moves(actions).empty());
    const auto packets = sent(actions);
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_EQ(packets[0].state, BfdState::up);
    EXPECT_EQ(packets[0].my_discriminator, ours);
    EXPECT_EQ(packets[0].your_discriminator, theirs);
    EXPECT_TRUE(packets[0].poll) << "the other engine may have been in the middle of one";
    EXPECT_EQ(next.state(), BfdState::up);
    EXPECT_TRUE(moves(next.step(Instant(20ms + 240ms - 1ns), BfdTimeReached{})).empty());
    EXPECT_EQ(moves(next.step(Instant(20ms + 240ms), BfdTimeReached{})).size(), 1U);
}

TEST(BfdSession, of_a_session_that_was_not_up_only_the_discriminator_is_kept) {
    Bench crashed;
    crashed.at(0s, BfdStart{});
    crashed.hear(0s, BfdState::down);
    BfdSession next(fast(), {0x99, 3});
    const auto actions = next.step(Instant(1s), BfdResume{crashed.session.memory()});
    EXPECT_EQ(next.state(), BfdState::down);
    EXPECT_EQ(sent(actions).at(0).my_discriminator, ours);
    EXPECT_EQ(next.remote(), BfdRemote{});
}

TEST(BfdSession, who_was_away_listens_once_more_before_it_believes_in_silence) {
    Bench bench;
    bench.come_up(0s);
    EXPECT_TRUE(moves(bench.at(5s, BfdTimeReached{})).empty());
    EXPECT_TRUE(moves(bench.at(5s + 240ms - 1ns, BfdTimeReached{})).empty());
    EXPECT_EQ(moves(bench.at(6s, BfdTimeReached{})).size(), 1U) << "once, also if it was away again";
}

TEST(BfdSession, what_it_says_of_its_times) {
    Bench bench;
    EXPECT_EQ(bench.session.detection_time(), 0s);
    bench.come_up(0s);
    EXPECT_EQ(bench.session.transmit_interval(), 70ms);
    EXPECT_EQ(bench.session.remote_detection_time(), 3 * 70ms);
    EXPECT_EQ(bench.session.last_heard(), Instant(0s));
}

}  // namespace
}  // namespace vrrpd::proto::bfd_session_test
