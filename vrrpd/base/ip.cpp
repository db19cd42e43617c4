#include "vrrpd/base/ip.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace vrrpd {

std::optional<IpAddress> IpAddress::from_bytes(std::span<const std::uint8_t> bytes) {
    if (bytes.size() != 4 && bytes.size() != 16) return std::nullopt;
    IpAddress address;
    address.family_ = bytes.size() == 4 ? Family::ipv4 : Family::ipv6;
    std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
    return address;
}

IpAddress IpAddress::v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    IpAddress address;
    address.bytes_ = {a, b, c, d};
    return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    char buffer[INET6_ADDRSTRLEN] = {};
    if (text.empty() || text.size() >= sizeof buffer) return std::nullopt;
    std::memcpy(buffer, text.data(), text.size());
    IpAddress address;
    const bool v6 = text.find(':') != std::string_view::npos;
    address.family_ = v6 ? Family::ipv6 : Family::ipv4;
    if (inet_pton(v6 ? AF_INET6 : AF_INET, buffer, address.bytes_.data()) != 1) return std::nullopt;
    return address;
}

bool IpAddress::is_unspecified() const {
    return std::all_of(bytes_.begin(), bytes_.end(), [](std::uint8_t b) { return b == 0; });
}

bool IpAddress::is_multicast() const { return is_v4() ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff; }

bool IpAddress::is_loopback() const {
    if (is_v4()) return bytes_[0] == 127;
    return bytes_[15] == 1 && std::all_of(bytes_.begin(), bytes_.begin() + 15, [](std::uint8_t b) { return b == 0; });
}

bool IpAddress::is_link_local() const {
    if (is_v4()) return bytes_[0] == 169 && bytes_[1] == 254;
    return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

std::string IpAddress::to_string() const {
    char buffer[INET6_ADDRSTRLEN] = {};
    inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), buffer, sizeof buffer);
    return buffer;
}

std::optional<Prefix> Prefix::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    if (slash == std::string_view::npos) return host(*address);
    const auto digits = text.substr(slash + 1);
    unsigned length = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    if (length > address_bits(address->family())) return std::nullopt;
    return Prefix{*address, static_cast<std::uint8_t>(length)};
}

Prefix Prefix::host(const IpAddress& address) {
    return {address, static_cast<std::uint8_t>(address_bits(address.family()))};
}

Prefix Prefix::network() const {
    std::array<std::uint8_t, 16> bytes{};
    const auto source = address.bytes();
    for (std::size_t i = 0; i < source.size(); ++i) {
        const int bits = std::clamp(static_cast<int>(length) - static_cast<int>(i) * 8, 0, 8);
        bytes[i] = static_cast<std::uint8_t>(source[i] & (0xff00 >> bits));
    }
    return {*IpAddress::from_bytes({bytes.data(), source.size()}), length};
}

bool Prefix::contains(const IpAddress& other) const {
    return other.family() == address.family() && Prefix{other, length}.network().address == network().address;
}

std::string Prefix::to_string() const { return address.to_string() + "/" + std::to_string(length); }

}  // namespace vrrpd
