// The decrypted stream from a peer. The first octet says in which pieces it comes, which must make no difference.
#include <vector>

#include "tests/fuzz/targets.hpp"
#include "vrrpd/agent/peer/messages.hpp"
#include "vrrpd/base/assert.hpp"

namespace vrrpd::fuzz {

namespace {

using agent::FrameDecoder;

struct Heard {
    std::vector<std::pair<agent::FrameType, Bytes>> frames;
    FrameDecoder::Fault fault = FrameDecoder::Fault::none;
    bool operator==(const Heard&) const = default;
};

Heard hear(Input stream, std::size_t piece) {
    FrameDecoder decoder;
    Heard heard;
    while (!stream.empty()) {
        decoder.append(stream.first(std::min(piece, stream.size())));
        stream = stream.subspan(std::min(piece, stream.size()));
        while (const auto frame = decoder.next()) {
            ASSERT(frame->payload.size() <= agent::max_payload);
            heard.frames.emplace_back(frame->type, Bytes(frame->payload.begin(), frame->payload.end()));
        }
    }
    heard.fault = decoder.fault();
    return heard;
}

void read_hello(const Bytes& payload) {
    const auto got = agent::decode_hello(payload);
    if (!got) return;
    for (const char c : got->hello.name + got->hello.version) ASSERT(c >= ' ' && c <= '~');
    const auto again = agent::decode_hello(agent::encode(got->hello, got->wall));
    ASSERT(again && again->hello == got->hello && again->wall == got->wall);
}

}  // namespace

int peer_stream::one_input(Input input) {
    if (input.empty()) return 0;
    const auto stream = input.subspan(1);
    const auto heard = hear(stream, stream.size());
    ASSERT(hear(stream, std::size_t{input[0]} + 1) == heard);
    for (const auto& [type, payload] : heard.frames) {
        read_hello(payload);
        (void)agent::decode_keep_alive(payload);
    }
    return 0;
}

}  // namespace vrrpd::fuzz
