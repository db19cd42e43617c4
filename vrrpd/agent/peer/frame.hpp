// What travels through the encrypted stream between two members: frames. Pure. For the peer link, and for whoever
// sends payload over it.
//
//     version (1 octet) | type (1) | length of the payload (4) | payload
//
// The version is that of these six octets and changes only with them. Everything else grows by new types, which
// an older member skips, so that versions can be mixed during an upgrade.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "vrrpd/base/bytes.hpp"

namespace vrrpd::agent {

using FrameType = std::uint8_t;
inline constexpr FrameType first_payload_type = 16;  // smaller ones are the link's own
inline constexpr std::size_t max_payload = 64 * 1024;
inline constexpr std::size_t frame_header_size = 6;

struct Frame {
    FrameType type = 0;
    BytesView payload;  // at most max_payload
};

void append_frame(Bytes& out, const Frame& frame);

// Finds the frames in a stream that comes in arbitrary pieces. Holds at most one frame and one piece.
class FrameDecoder {
public:
    enum class Fault : std::uint8_t { none, other_version, too_long };

    void append(BytesView piece);
    // The next whole frame; its payload is good until the next append(). nullopt: more bytes are needed, or a fault.
    [[nodiscard]] std::optional<Frame> next();
    // Once set the stream is of no more use, and nothing of it is kept.
    [[nodiscard]] Fault fault() const { return fault_; }

private:
    void give_up(Fault fault);

    Bytes buffer_;
    std::size_t taken_ = 0;  // octets at the front that next() has handed out
    Fault fault_ = Fault::none;
};

}  // namespace vrrpd::agent
