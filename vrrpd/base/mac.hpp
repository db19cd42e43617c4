// An Ethernet address.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

namespace vrrpd {

struct MacAddress {
    std::array<std::uint8_t, 6> bytes{};

    [[nodiscard]] static constexpr MacAddress broadcast() { return {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}; }
    [[nodiscard]] bool is_zero() const { return bytes == decltype(bytes){}; }
    [[nodiscard]] std::string to_string() const;  // "02:00:00:00:00:0a"

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

}  // namespace vrrpd
