// Replica messages as bytes. The frame around them (length, encryption) is the peer link's. For the agent's shell.
//
//     version u8, type u8, then by type: Update, Ack; see codec.hpp for the parts
#pragma once

#include <tl/expected.hpp>

#include "dhcpsync/core/message.hpp"

namespace dhcpsync {

inline constexpr std::uint8_t wire_version = 1;
inline constexpr std::size_t largest_message = 1 << 20;  // no Update is larger

enum class WireFault : std::uint8_t {
    too_large,
    cut_off,          // or a value that cannot be
    trailing_bytes,   // more than the message needs
    unknown_version,  // a newer program: nothing of it is understood
    unknown_type,     // skip it; messages of other types go on
};

[[nodiscard]] Bytes encode(const Message& message);
[[nodiscard]] tl::expected<Message, WireFault> decode(BytesView bytes);

}  // namespace dhcpsync
