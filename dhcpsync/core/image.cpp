// See image.hpp.
#include "dhcpsync/core/image.hpp"

#include <algorithm>
#include <array>

#include "dhcpsync/core/codec.hpp"

namespace dhcpsync {

namespace {

constexpr std::array<std::uint8_t, 8> magic{'v', 'r', 'r', 'p', 'd', 'l', 'e', 'a'};
constexpr std::size_t head_size = magic.size() + 3 * 4;

// CRC-32 as in IEEE 802.3, reflected.
constexpr std::array<std::uint32_t, 256> crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        auto value = i;
        for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xedb88320 : 0);
        table[i] = value;
    }
    return table;
}

std::uint32_t crc32(BytesView bytes) {
    static constexpr auto table = crc_table();
    auto value = ~std::uint32_t{0};
    for (const auto byte : bytes) value = value >> 8 ^ table[(value ^ byte) & 0xff];
    return ~value;
}

Bytes encode_content(const Image& image) {
    Bytes bytes;
    Encoder out(bytes);
    out.u64(image.newest_term.value);
    out.flag(image.server_duid.has_value());
    if (image.server_duid) out.put(*image.server_duid);
    out.put(image.knowledge);
    out.u32(static_cast<std::uint32_t>(image.table.size()));
    for (const auto& [address, versions] : image.table) out.put(Cell{address, versions});
    return bytes;
}

tl::expected<Image, ImageFault> decode_content(BytesView bytes) {
    Decoder in(bytes);
    Image image;
    image.newest_term = {in.u64()};
    if (in.flag()) image.server_duid = in.server_duid();
    image.knowledge = in.knowledge();
    const auto count = in.u32();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        auto cell = in.cell();
        image.table.insert_or_assign(cell.address, std::move(cell.versions));
    }
    if (!in.ok() || !in.at_end()) return tl::unexpected(ImageFault::bad_content);
    return image;
}

}  // namespace

std::string_view describe(ImageFault fault) {
    static constexpr std::array<std::string_view, 5> words{"not a lease image", "of another version", "torn",
                                                           "its checksum is wrong", "its content makes no sense"};
    return words[static_cast<std::size_t>(fault)];
}

Bytes encode_image(const Image& image) {
    const auto content = encode_content(image);
    Bytes bytes;
    vrrpd::ByteWriter out(bytes);
    out.bytes(magic).u32(image_version).u32(static_cast<std::uint32_t>(content.size())).u32(crc32(content));
    out.bytes(content);
    return bytes;
}

tl::expected<Image, ImageFault> decode_image(BytesView bytes) {
    if (bytes.size() < head_size) return tl::unexpected(bytes.empty() ? ImageFault::not_an_image : ImageFault::torn);
    if (!std::equal(magic.begin(), magic.end(), bytes.begin())) return tl::unexpected(ImageFault::not_an_image);
    vrrpd::ByteReader head(bytes.subspan(magic.size(), head_size - magic.size()));
    if (head.u32() != image_version) return tl::unexpected(ImageFault::unknown_version);
    const auto content = bytes.subspan(head_size);
    if (head.u32() != content.size()) return tl::unexpected(ImageFault::torn);
    if (head.u32() != crc32(content)) return tl::unexpected(ImageFault::corrupt);
    return decode_content(content);
}

}  // namespace dhcpsync
