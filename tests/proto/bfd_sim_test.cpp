// Two BFD sessions and a wire between them that loses, delays and reorders, from a seed: they come Up in bounded time,
// do not flap where nothing is lost, and find out a death within the detection time. A failing seed is printed.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <map>

#include "tests/base/effort.hpp"
#include "tests/sim/rng.hpp"
#include "vrrpd/proto/bfd_session.hpp"

namespace vrrpd::proto::bfd_sim_test {
namespace {

using namespace std::chrono_literals;
using sim::Rng;

struct Wire {
    double loss = 0;
    Duration most_delay = 1ms;  // drawn for each packet
    bool overtakes = false;     // ... and later ones may be faster
};

// One end of the wire.
struct End {
    std::optional<BfdSession> session;  // none: it is dead
    BfdParameters parameters;
    int became_up = 0, went_down = 0;
    Instant went_down_at{}, heard_at{};
};

class Pair {
public:
    Pair(std::uint64_t seed, Wire wire) : random_(seed), wire_(wire) {
        for (auto& end : ends) {
            const auto interval = [&] {
                return BfdInterval(static_cast<std::uint32_t>(10'000 * (1 + random_.below(10))));
            };
            end.parameters = {interval(), interval(), BfdInterval(1'000'000),
                              static_cast<std::uint8_t>(3 + random_.below(3)), false};
        }
    }

    void boot(std::size_t which) {
        auto& end = ends[which];
        end.session.emplace(end.parameters,
                            BfdIdentity{static_cast<std::uint32_t>(1 + random_.below(1'000'000)), random_.next()});
        step(which, BfdStart{});
    }
    void kill(std::size_t which) { ends[which].session.reset(); }
    // The engine crashes, and the next one goes on a little later.
    void crash_and_resume(std::size_t which, Duration pause) {
        const auto memory = ends[which].session->memory();
        kill(which);
        run_for(pause);
        ends[which].session.emplace(ends[which].parameters, BfdIdentity{77, random_.next()});
        step(which, BfdResume{memory});
    }
    void reconfigure(std::size_t which, const BfdParameters& parameters) {
        ends[which].parameters = parameters;
        step(which, BfdReconfigured{parameters});
    }
    void set(Wire wire) { wire_ = wire; }

    void run_for(Duration time) {
        const auto until = now + time;
        for (;;) {
            auto next = in_flight_.empty() ? Deadline() : Deadline(in_flight_.begin()->first);
            for (const auto& end : ends)
                if (end.session) next = earlier(next, end.session->next_deadline());
            if (!next || *next > until) break;
            now = std::max(now, *next);
            turn();
        }
        now = until;
    }
    [[nodiscard]] bool both_up() const {
        return std::all_of(ends.begin(), ends.end(),
                           [](const End& end) { return end.session && end.session->state() == BfdState::up; });
    }
    // How long it took; nullopt: longer than `limit`.
    std::optional<Duration> await_up(Duration limit) {
        const auto began = now;
        while (!both_up() && now < began + limit) run_for(1ms);
        return both_up() ? std::optional(now - began) : std::nullopt;
    }

    std::array<End, 2> ends;
    Instant now{1s};

private:
    void turn() {
        while (!in_flight_.empty() && in_flight_.begin()->first <= now) {
            const auto [to, packet] = in_flight_.begin()->second;
            in_flight_.erase(in_flight_.begin());
            if (!ends[to].session) continue;
            // Whose it is (6.8.6): by the discriminator; one of an earlier life is nobody's.
            if (packet.your_discriminator != 0 && packet.your_discriminator != ends[to].session->discriminator())
                continue;
            ends[to].heard_at = now;
            step(to, BfdHeard{packet});
        }
        for (std::size_t i = 0; i < ends.size(); ++i)
            if (ends[i].session && ends[i].session->next_deadline() && *ends[i].session->next_deadline() <= now)
                step(i, BfdTimeReached{});
    }
    void step(std::size_t which, const BfdEvent& event) {
        auto& end = ends[which];
        for (const auto& action : end.session->step(now, event)) {
            if (const auto* send = std::get_if<BfdSend>(&action)) {
                const auto bytes = encode(send->packet);
                if (random_.chance(wire_.loss)) continue;
                auto& last = arrives_[which];
                const auto at = now + random_.up_to(wire_.most_delay);
                last = wire_.overtakes ? at : std::max(at, last);
                in_flight_.emplace(last, std::pair(1 - which, decode_bfd(bytes).value()));
            } else if (const auto& move = std::get<BfdTransition>(action); move.to == BfdState::up) {
                ++end.became_up;
            } else if (move.from == BfdState::up) {
                ++end.went_down;
                end.went_down_at = now;
            }
        }
        const auto due = end.session->next_deadline();
        ASSERT_TRUE(!due || *due >= now || std::holds_alternative<BfdHeard>(event))
            << "a deadline that is never served";
    }

    Rng random_;
    Wire wire_;
    std::multimap<Instant, std::pair<std::size_t, BfdPacket>> in_flight_;
    std::array<Instant, 2> arrives_{};
};

constexpr std::uint64_t seeds = vrrpd::test::share_of(100);

TEST(BfdSimulation, without_loss_it_comes_up_in_a_second_and_stays) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        Pair pair(seed, {0, 5ms});
        pair.boot(0);
        pair.run_for(Rng(seed).up_to(3s));
        pair.boot(1);
        const auto took = pair.await_up(5s);
        ASSERT_TRUE(took) << "seed " << seed;
        // The second one speaks at once, and so does everybody who has news.
        EXPECT_LE(*took, 20ms) << "seed " << seed;
        pair.run_for(60s);
        for (const auto& end : pair.ends) EXPECT_EQ(end.went_down, 0) << "seed " << seed;
    }
}

TEST(BfdSimulation, reordering_alone_brings_nothing_down) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        Pair pair(seed, {0, 19ms, true});  // of intervals from 10 ms: packets overtake each other all the time
        pair.boot(0);
        pair.boot(1);
        ASSERT_TRUE(pair.await_up(10s)) << "seed " << seed;
        pair.run_for(1s);  // what was said before both were Up has arrived
        const int before = pair.ends[0].went_down + pair.ends[1].went_down;
        pair.run_for(30s);
        EXPECT_EQ(pair.ends[0].went_down + pair.ends[1].went_down, before) << "seed " << seed;
    }
}

TEST(BfdSimulation, with_loss_it_comes_up_again_and_again) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        Pair pair(seed, {0.3, 5ms, true});
        pair.boot(0);
        pair.boot(1);
        ASSERT_TRUE(pair.await_up(60s)) << "seed " << seed;
        pair.run_for(20s);
        pair.set({0, 1ms});
        EXPECT_TRUE(pair.await_up(4s)) << "seed " << seed;
    }
}

TEST(BfdSimulation, a_death_is_found_out_in_the_detection_time) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        Pair pair(seed, {0, 1ms});
        pair.boot(0);
        pair.boot(1);
        ASSERT_TRUE(pair.await_up(5s)) << "seed " << seed;
        pair.run_for(3s);
        const auto detection = pair.ends[0].session->detection_time();
        EXPECT_EQ(detection, pair.ends[1].session->remote_detection_time()) << "both count alike, seed " << seed;
        pair.kill(1);
        pair.run_for(2s);
        auto& left = pair.ends[0];
        ASSERT_EQ(left.went_down, 1) << "seed " << seed;
        EXPECT_EQ(left.went_down_at - left.heard_at, detection) << "seed " << seed;
        EXPECT_EQ(left.session->diagnostic(), BfdDiagnostic::detection_time_expired);
        pair.boot(1);
        EXPECT_TRUE(pair.await_up(3s)) << "seed " << seed;
    }
}

TEST(BfdSimulation, a_cut_of_either_length_heals) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        Pair pair(seed, {0, 1ms});
        pair.boot(0);
        pair.boot(1);
        ASSERT_TRUE(pair.await_up(5s));
        pair.run_for(2s);
        pair.set({1, 1ms});
        pair.run_for(Rng(seed).up_to(5s));
        pair.set({0, 1ms});
        pair.run_for(3s);
        EXPECT_TRUE(pair.both_up()) << "seed " << seed;
    }
}

TEST(BfdSimulation, a_restart_with_another_discriminator_is_understood) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        Pair pair(seed, {0, 1ms});
        pair.boot(0);
        pair.boot(1);
        ASSERT_TRUE(pair.await_up(5s));
        pair.run_for(1s);
        pair.boot(1);  // faster than anybody notices
        pair.run_for(3s);
        EXPECT_TRUE(pair.both_up()) << "seed " << seed;
        EXPECT_EQ(pair.ends[0].went_down, 1) << "seed " << seed;
    }
}

TEST(BfdSimulation, who_resumes_within_the_detection_time_is_not_missed) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        Pair pair(seed, {0, 1ms});
        pair.boot(0);
        pair.boot(1);
        ASSERT_TRUE(pair.await_up(5s));
        pair.run_for(3s);
        // What was sent last is up to an interval old.
        const auto spare = pair.ends[0].session->detection_time() - pair.ends[1].session->transmit_interval() - 2ms;
        ASSERT_GT(spare, Duration(0));
        pair.crash_and_resume(1, spare);
        pair.run_for(5s);
        EXPECT_TRUE(pair.both_up()) << "seed " << seed;
        EXPECT_EQ(pair.ends[0].went_down + pair.ends[1].went_down, 0) << "seed " << seed;
    }
}

TEST(BfdSimulation, other_intervals_are_agreed_on_without_a_flap) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        Rng random(seed);
        Pair pair(seed, {0, 1ms});
        pair.boot(0);
        pair.boot(1);
        ASSERT_TRUE(pair.await_up(5s));
        for (int i = 0; i < 10; ++i) {
            const auto which = random.below(2);
            auto parameters = pair.ends[which].parameters;
            parameters.min_tx = BfdInterval(static_cast<std::uint32_t>(10'000 * (1 + random.below(50))));
            parameters.min_rx = BfdInterval(static_cast<std::uint32_t>(10'000 * (1 + random.below(50))));
            pair.reconfigure(which, parameters);
            pair.run_for(random.up_to(2s));
        }
        pair.run_for(2s);
        EXPECT_EQ(pair.ends[0].went_down + pair.ends[1].went_down, 0) << "seed " << seed;
        EXPECT_FALSE(pair.ends[0].session->polling());
        EXPECT_EQ(pair.ends[0].session->detection_time(), pair.ends[1].session->remote_detection_time());
    }
}

TEST(BfdSimulation, the_same_seed_is_the_same_run) {
    const auto run = [] {
        Pair pair(42, {0.2, 3ms});
        pair.boot(0);
        pair.boot(1);
        pair.run_for(30s);
        return std::pair(pair.ends[0].went_down_at, pair.ends[0].became_up);
    };
    EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace vrrpd::proto::bfd_sim_test
