// Both ends of a pair on a network of chance: delays, connections that break at one end or silently, restarts. When
// the faults end, both keep the same one connection; and whatever happens, Connected and Lost alternate.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <map>
#include <random>

#include "vrrpd/agent/peer/peer_machine.hpp"

namespace vrrpd::agent::pair_test {
namespace {

using namespace std::chrono_literals;

constexpr WallTime noon{std::chrono::milliseconds(1'800'000'000'000)};

class World {
public:
    explicit World(std::uint32_t seed) : chance_(seed) {
        for (const auto end : {0U, 1U}) restart(end);
    }

    // Faults for `faulty`, then none for `quiet`.
    void run(Duration faulty, Duration quiet) {
        const auto calm = now_ + faulty;
        while (now_ < calm) {
            if (below(20) == 0) inject_fault();
            advance();
        }
        down_ = false;
        for (const auto end = now_ + quiet; now_ < end;) advance();
    }

    [[nodiscard]] const std::optional<PeerMachine::Link>& link(unsigned end) const { return ends_[end]->link(); }
    [[nodiscard]] std::size_t open_connections() const { return wires_.size(); }

private:
    struct Packet {
        Instant due;
        PeerEvent event;  // Received: the payload is in `bytes`
        Bytes bytes;
    };
    struct Wire {
        unsigned dialler;
        std::array<bool, 2> open{true, true};
        std::array<bool, 2> secured{};
        std::array<std::vector<Packet>, 2> to{};  // in order, as TCP delivers
    };

    std::uint32_t any() { return static_cast<std::uint32_t>(chance_()); }
    std::uint32_t below(std::uint32_t bound) { return any() % bound; }

    void restart(unsigned end) {
        if (ends_[end]) close_all(end);
        connected_[end] = false;
        Hello hello{any(), end == 0 ? "A" : "B", "1", proto::Role::backup, {}};
        ends_[end].emplace(now_, end == 0 ? "B" : "A", end == 0 ? Dialler::we : Dialler::they, hello,
                           [this] { return any(); });
    }

    void inject_fault() {
        const auto what = below(10);
        if (what == 0) return restart(below(2));
        if (what == 1) down_ = !down_;
        if (what >= 2 || wires_.empty()) return;
        auto at = std::next(wires_.begin(), below(static_cast<std::uint32_t>(wires_.size())));
        const auto end = below(2);
        if (at->second.open[end]) reset(at->first, end);
    }

    // A connection breaks at one end; the other hears of it when the network lets it.
    void reset(ConnectionId id, unsigned end) {
        const auto wire = wires_.at(id);
        hang_up(id, end);
        if (wire.secured[end]) {
            step(end, Ended{id, Ending::closed});
        } else if (wire.dialler == end) {
            step(end, DialFailed{});
        }
    }

    void hang_up(ConnectionId id, unsigned end) {
        auto& wire = wires_.at(id);
        wire.open[end] = false;
        if (!down_) post(wire, 1 - end, Ended{id, Ending::closed}, {});
    }

    void close_all(unsigned end) {
        for (auto& [id, wire] : wires_) {
            if (wire.open[end]) hang_up(id, end);
        }
    }

    void post(Wire& wire, unsigned to, const PeerEvent& event, const Bytes& bytes) {
        auto due = now_ + std::chrono::milliseconds(below(200));
        if (!wire.to[to].empty()) due = std::max(due, wire.to[to].back().due);
        wire.to[to].push_back({due, event, bytes});
    }

    void advance() {
        now_ += 10ms;
        for (const auto end : {0U, 1U}) {
            const auto due = ends_[end]->next_deadline();
            if (due && *due <= now_) step(end, TimeReached{});
        }
        if (!down_) deliver();
        std::erase_if(wires_, [](const auto& entry) { return !entry.second.open[0] && !entry.second.open[1]; });
    }

    void deliver() {
        for (ConnectionId id = 1; id <= last_; ++id) {
            for (const auto end : {0U, 1U}) {
                for (auto at = wires_.find(id); at != wires_.end() && at->second.open[end]; at = wires_.find(id)) {
                    auto& queue = at->second.to[end];
                    if (queue.empty() || queue.front().due > now_) break;
                    const auto packet = std::move(queue.front());
                    queue.erase(queue.begin());
                    arrive(id, end, packet);
                }
            }
        }
    }

    void arrive(ConnectionId id, unsigned end, const Packet& packet) {
        auto& wire = wires_.at(id);
        if (std::holds_alternative<Ended>(packet.event)) wire.open[end] = false;
        if (std::holds_alternative<Secured>(packet.event)) wire.secured[end] = true;
        auto event = packet.event;
        if (auto* const received = std::get_if<Received>(&event)) received->frame.payload = packet.bytes;
        step(end, event);
    }

    void step(unsigned end, const PeerEvent& event) {
        for (const auto& action : ends_[end]->step({now_, noon}, event))
            std::visit([&](const auto& what) { carry_out(end, what); }, action);
    }

    void carry_out(unsigned end, const Dial&) {
        if (down_) return step(end, DialFailed{});
        auto& wire = wires_[++last_];
        wire.dialler = end;
        for (const auto side : {0U, 1U})
            post(wire, side, Secured{last_, side == end ? Dialler::we : Dialler::they}, {});
    }
    void carry_out(unsigned end, const Send& send) {
        auto& wire = wires_.at(send.connection);
        RC_ASSERT(wire.open[end]);
        post(wire, 1 - end, Received{send.connection, {send.type, {}}}, send.payload);
    }
    void carry_out(unsigned end, const Close& close) { hang_up(close.connection, end); }
    void carry_out(unsigned end, const Connected&) {
        RC_ASSERT(!connected_[end]);
        connected_[end] = true;
    }
    void carry_out(unsigned end, const Lost&) {
        RC_ASSERT(connected_[end]);
        connected_[end] = false;
    }
    template <class Other>
    void carry_out(unsigned, const Other&) {}

    std::mt19937 chance_;
    Instant now_{1000s};
    bool down_ = false;  // the network between them
    std::array<std::optional<PeerMachine>, 2> ends_;
    std::array<bool, 2> connected_{};
    std::map<ConnectionId, Wire> wires_;
    ConnectionId last_ = 0;
};

TEST(Pair, keeps_one_connection_once_the_faults_are_over) {
    EXPECT_TRUE(rc::check([] {
        World world(*rc::gen::arbitrary<std::uint32_t>());
        world.run(60s, redial_max + second_dialler_patience + hello_limit + silence_limit);
        RC_ASSERT(world.link(0).has_value());
        RC_ASSERT(world.link(1).has_value());
        RC_ASSERT(world.link(0)->connection == world.link(1)->connection);
        RC_ASSERT(world.link(0)->dialler != world.link(1)->dialler);
        RC_ASSERT(world.open_connections() == 1U);
    }));
}

}  // namespace
}  // namespace vrrpd::agent::pair_test
