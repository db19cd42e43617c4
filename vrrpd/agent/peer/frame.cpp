#include "vrrpd/agent/peer/frame.hpp"

#include "vrrpd/base/assert.hpp"

namespace vrrpd::agent {

namespace {
constexpr std::uint8_t header_version = 1;
}

void append_frame(Bytes& out, const Frame& frame) {
    ASSERT(frame.payload.size() <= max_payload);
    ByteWriter(out)
        .u8(header_version)
        .u8(frame.type)
        .u32(static_cast<std::uint32_t>(frame.payload.size()))
        .bytes(frame.payload);
}

void FrameDecoder::append(BytesView piece) {
    if (fault_ != Fault::none) return;
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
    buffer_.insert(buffer_.end(), piece.begin(), piece.end());
}

std::optional<Frame> FrameDecoder::next() {
    ByteReader reader(BytesView(buffer_).subspan(taken_));
    if (reader.remaining() < frame_header_size) return std::nullopt;
    const auto version = reader.u8();
    const auto type = reader.u8();
    const auto length = reader.u32();
    if (version != header_version) {
        give_up(Fault::other_version);
        return std::nullopt;
    }
    // Judged before the payload is there: a length is a promise of memory.
    if (length > max_payload) {
        give_up(Fault::too_long);
        return std::nullopt;
    }
    if (reader.remaining() < length) return std::nullopt;
    taken_ += frame_header_size + length;
    return Frame{type, reader.take(length)};
}

void FrameDecoder::give_up(Fault fault) {
    fault_ = fault;
    taken_ = 0;
    Bytes().swap(buffer_);
}

}  // namespace vrrpd::agent
