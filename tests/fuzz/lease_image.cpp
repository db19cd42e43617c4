// The replica's file, as a disk or somebody at the keyboard may leave it: as it is, and as content under a head that
// fits it.
#include "dhcpsync/core/image.hpp"
#include "tests/fuzz/targets.hpp"
#include "vrrpd/base/assert.hpp"

namespace vrrpd::fuzz {

namespace {

// IEEE 802.3, bit by bit.
std::uint32_t crc32(Input bytes) {
    auto value = ~std::uint32_t{0};
    for (const auto byte : bytes) {
        value ^= byte;
        for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xedb88320 : 0);
    }
    return ~value;
}

Bytes under_a_head(Input content) {
    constexpr std::array<std::uint8_t, 8> magic{'v', 'r', 'r', 'p', 'd', 'l', 'e', 'a'};
    Bytes bytes;
    ByteWriter(bytes)
        .bytes(magic)
        .u32(dhcpsync::image_version)
        .u32(static_cast<std::uint32_t>(content.size()))
        .u32(crc32(content))
        .bytes(content);
    return bytes;
}

void read(Input bytes) {
    const auto image = dhcpsync::decode_image(bytes);
    if (!image) return ASSERT(!describe(image.error()).empty());
    const auto again = dhcpsync::decode_image(dhcpsync::encode_image(*image));
    ASSERT(again && *again == *image);
}

}  // namespace

int lease_image::one_input(Input input) {
    read(input);
    read(under_a_head(input));
    return 0;
}

}  // namespace vrrpd::fuzz
