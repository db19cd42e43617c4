// Addresses of both families as one small value, and prefixes. Parsing and text only; nothing here
// asks the system.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace vrrpd {

enum class Family : std::uint8_t { ipv4 = 4, ipv6 = 6 };

[[nodiscard]] constexpr std::size_t address_size(Family family) { return family == Family::ipv4 ? 4 : 16; }
[[nodiscard]] constexpr unsigned address_bits(Family family) { return family == Family::ipv4 ? 32 : 128; }

// An IPv4 or IPv6 address. Ordered by family, then as an unsigned number in network byte order,
// which is the comparison of RFC 9568 6.4.3 (tie-break by primary address).
class IpAddress {
public:
    constexpr IpAddress() = default;  // 0.0.0.0
    // Takes 4 or 16 bytes in network order; the family follows from the size, nullopt for others.
    [[nodiscard]] static std::optional<IpAddress> from_bytes(std::span<const std::uint8_t> bytes);
    [[nodiscard]] static IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);
    // "10.0.0.1", "fe80::1". No zone, no prefix length.
    [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

    [[nodiscard]] Family family() const { return family_; }
    [[nodiscard]] bool is_v4() const { return family_ == Family::ipv4; }
    [[nodiscard]] bool is_v6() const { return family_ == Family::ipv6; }
    [[nodiscard]] std::span<const std::uint8_t> bytes() const { return {bytes_.data(), address_size(family_)}; }

    [[nodiscard]] bool is_unspecified() const;
    [[nodiscard]] bool is_multicast() const;
    [[nodiscard]] bool is_loopback() const;
    [[nodiscard]] bool is_link_local() const;  // fe80::/10; 169.254.0.0/16

    [[nodiscard]] std::string to_string() const;

    auto operator<=>(const IpAddress&) const = default;

private:
    Family family_ = Family::ipv4;
    std::array<std::uint8_t, 16> bytes_{};  // IPv4 uses the first four; the rest stays zero
};

// An address with a prefix length; the host bits are kept (an interface address) unless network()
// was called.
struct Prefix {
    IpAddress address;
    std::uint8_t length = 32;

    // "10.0.0.1/24"; without "/len" the full length. nullopt: not an address, or a bad length.
    [[nodiscard]] static std::optional<Prefix> parse(std::string_view text);
    [[nodiscard]] static Prefix host(const IpAddress& address);  // /32 or /128
    [[nodiscard]] Prefix network() const;                        // host bits cleared
    [[nodiscard]] bool contains(const IpAddress& address) const;
    [[nodiscard]] std::string to_string() const;

    auto operator<=>(const Prefix&) const = default;
};

}  // namespace vrrpd
