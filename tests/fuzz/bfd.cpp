// BFD packets to a session: the first octet says what the session is like, then come steps of the clock and packets,
// each with its length in front. Whatever comes, the promises of RFC 5880 6.8 hold.
#include <algorithm>

#include "tests/fuzz/targets.hpp"
#include "vrrpd/base/assert.hpp"
#include "vrrpd/proto/bfd_session.hpp"

namespace vrrpd::fuzz {

namespace {

using proto::BfdState;

constexpr std::uint32_t ours = 0x01020304;

proto::BfdParameters parameters_of(std::uint8_t kind) {
    proto::BfdParameters parameters;
    parameters.multiplier = static_cast<std::uint8_t>(1 + kind % 3);
    parameters.min_tx = proto::BfdInterval(kind & 8 ? 50'000 : 3'000'000);
    parameters.min_rx = proto::BfdInterval(kind & 16 ? 10'000 : 200'000);
    parameters.passive = kind & 32;
    return parameters;
}

class Run {
public:
    explicit Run(std::uint8_t kind) : session_(parameters_of(kind), {ours, kind}) { step(proto::BfdStart{}); }

    void wait(Duration time) {
        const auto until = now_ + time;
        // Sends are bounded by the clock: an interval is a millisecond at least.
        for (int turns = 0; turns < 200; ++turns) {
            const auto due = session_.next_deadline();
            if (!due || *due > until) break;
            now_ = std::max(now_, *due);
            step(proto::BfdTimeReached{});
        }
        now_ = std::max(now_, until);
    }

    void hear(BytesView message) {
        const auto packet = proto::decode_bfd(message);
        if (!packet) return ASSERT(!proto::name(packet.error()).empty());
        ASSERT(packet->multiplier != 0 && packet->my_discriminator != 0);
        if (packet->authenticated || (packet->your_discriminator != 0 && packet->your_discriminator != ours)) return;
        const auto sent = step(proto::BfdHeard{*packet});
        const bool alive = session_.state() != BfdState::admin_down;
        const bool answered = std::any_of(sent.begin(), sent.end(), [](const auto& one) { return one.final; });
        ASSERT(answered == (packet->poll && alive));  // 6.5
        ASSERT(sent.size() <= 2);                     // nobody is answered with more than an answer and the news
        if (packet->state == BfdState::admin_down && alive) ASSERT(session_.state() == BfdState::down);
    }

    void reconfigure(std::uint8_t kind) { step(proto::BfdReconfigured{parameters_of(kind)}); }
    void stop_and_start() {
        step(proto::BfdStop{});
        // 255 packets at three quarters of the interval, at most.
        for (int turns = 0; turns < 400 && session_.next_deadline(); ++turns) {
            now_ = std::max(now_, *session_.next_deadline());
            step(proto::BfdTimeReached{});
        }
        ASSERT(!session_.next_deadline());
        step(proto::BfdStart{});
    }
    void crash() {
        const auto memory = session_.memory();
        session_ = proto::BfdSession(session_.parameters(), {ours ^ 0xffU, 5});
        step(proto::BfdResume{memory});
        ASSERT(session_.discriminator() == memory.discriminator);
        ASSERT((session_.state() == BfdState::up) ==
               (memory.state == BfdState::up && memory.remote.discriminator != 0 && memory.remote.multiplier != 0));
    }

private:
    std::vector<proto::BfdPacket> step(const proto::BfdEvent& event) {
        const auto before = session_.state();
        auto is = before;
        std::vector<proto::BfdPacket> sent;
        for (const auto& action : session_.step(now_, event)) {
            if (const auto* move = std::get_if<proto::BfdTransition>(&action)) {
                ASSERT(move->from == is && move->to != is);  // each transition is told, in order
                is = move->to;
            } else {
                sent.push_back(std::get<proto::BfdSend>(action).packet);
            }
        }
        if (!std::holds_alternative<proto::BfdResume>(event)) ASSERT(is == session_.state());
        for (const auto& packet : sent) check(packet);
        const auto& remote = session_.remote();
        if (session_.state() == BfdState::up) {
            ASSERT(remote.discriminator != 0);
            ASSERT(session_.next_deadline());  // its silence will be noticed
        } else {
            ASSERT(!session_.polling());
        }
        ASSERT(session_.transmit_interval() >= std::chrono::milliseconds(1));
        return sent;
    }

    void check(const proto::BfdPacket& packet) {
        const auto bytes = proto::encode(packet);
        const auto again = proto::decode_bfd(bytes);
        ASSERT(again && *again == packet);  // a neighbour takes what we say
        ASSERT(packet.my_discriminator == session_.discriminator() && !packet.demand);
        if (packet.state != BfdState::up) ASSERT(packet.desired_min_tx >= proto::BfdInterval(1'000'000));  // 6.8.3
    }

    proto::BfdSession session_;
    Instant now_{std::chrono::seconds(1)};
};

}  // namespace

int bfd::one_input(Input input) {
    if (input.empty()) return 0;
    Run run(input[0]);
    ByteReader reader(input.subspan(1));
    while (reader.remaining() > 0) {
        const auto what = reader.u8();
        if (what < 64) {
            run.hear(reader.take(std::min<std::size_t>(what, reader.remaining())));
        } else if (what < 192) {
            run.wait(std::chrono::milliseconds(1 << (what % 14)));
        } else if (what < 224) {
            run.reconfigure(what);
        } else if (what < 240) {
            run.crash();
        } else {
            run.stop_and_start();
        }
    }
    return 0;
}

}  // namespace vrrpd::fuzz
