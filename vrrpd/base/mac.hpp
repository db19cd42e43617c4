// An Ethernet address.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vrrpd {

struct MacAddress {
    std::array<std::uint8_t, 6> bytes{};

    [[nodiscard]] static constexpr MacAddress broadcast() { return {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}; }
    [[nodiscard]] bool is_zero() const { return bytes == decltype(bytes){}; }
    [[nodiscard]] std::string to_string() const;  // "02:00:00:00:00:0a"
    [[nodiscard]] static std::optional<MacAddress> parse(std::string_view text);

    auto operator<=>(const MacAddress&) const = default;
};

inline std::string MacAddress::to_string() const {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const auto byte : bytes) {
        if (!text.empty()) text += ':';
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

inline std::optional<MacAddress> MacAddress::parse(std::string_view text) {
    constexpr std::size_t length = 17;
    if (text.size() != length) return std::nullopt;
    MacAddress mac;
    for (std::size_t i = 0; i < length; ++i) {
        const char c = text[i];
        if (i % 3 == 2) {
            if (c != ':') return std::nullopt;
            continue;
        }
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) return std::nullopt;
        auto& byte = mac.bytes[i / 3];
        byte = static_cast<std::uint8_t>(byte << 4 | digit);
    }
    return mac;
}

}  // namespace vrrpd
