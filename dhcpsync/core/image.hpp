// A replica's image as bytes, for the disk. It is read as a whole or not at all: half a table would be taken for all
// of it. For the agent's shell.
//
//     "vrrpdlea", version u32, length u32 and CRC-32 u32 of what follows, then the image
#pragma once

#include <tl/expected.hpp>

#include "dhcpsync/core/replica.hpp"

namespace dhcpsync {

inline constexpr std::uint32_t image_version = 1;

enum class ImageFault : std::uint8_t {
    not_an_image,
    unknown_version,
    torn,         // shorter or longer than it says
    corrupt,      // the checksum is wrong
    bad_content,  // written so, by a fault of ours
};
[[nodiscard]] std::string_view describe(ImageFault fault);

[[nodiscard]] Bytes encode_image(const Image& image);
[[nodiscard]] tl::expected<Image, ImageFault> decode_image(BytesView bytes);

}  // namespace dhcpsync
