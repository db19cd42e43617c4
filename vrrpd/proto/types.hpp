// The quantities of VRRP as types: a bare 100 compiles neither as a priority nor as an interval.
// Used by every part that speaks of VRRP; pure values.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "vrrpd/base/time.hpp"

namespace vrrpd::proto {

enum class Version : std::uint8_t { v2 = 2, v3 = 3 };

// Virtual Router Identifier, 1..255 (RFC 9568 5.2.3).
class Vrid {
public:
    [[nodiscard]] static constexpr std::optional<Vrid> make(unsigned value) {
        if (value < 1 || value > 255) return std::nullopt;
        return Vrid(static_cast<std::uint8_t>(value));
    }
    [[nodiscard]] constexpr std::uint8_t value() const { return value_; }
    auto operator<=>(const Vrid&) const = default;

private:
    explicit constexpr Vrid(std::uint8_t value) : value_(value) {}
    std::uint8_t value_;
};

// Priority (RFC 9568 5.2.4): 1..254 configured, 255 the address owner, 0 only on the wire, where it
// says that the Active router gives up its role.
class Priority {
public:
    [[nodiscard]] static constexpr std::optional<Priority> configured(unsigned value) {
        if (value < 1 || value > 255) return std::nullopt;
        return Priority(static_cast<std::uint8_t>(value));
    }
    [[nodiscard]] static constexpr Priority from_wire(std::uint8_t value) { return Priority(value); }
    [[nodiscard]] static constexpr Priority resign() { return Priority(0); }
    [[nodiscard]] static constexpr Priority owner() { return Priority(255); }
    // What tracking leaves of a base priority: `total` held to 1..254.
    [[nodiscard]] static constexpr Priority clamped(int total) {
        return Priority(static_cast<std::uint8_t>(total < 1 ? 1 : total > 254 ? 254 : total));
    }

    [[nodiscard]] constexpr std::uint8_t value() const { return value_; }
    [[nodiscard]] constexpr bool is_owner() const { return value_ == 255; }
    [[nodiscard]] constexpr bool is_resign() const { return value_ == 0; }
    auto operator<=>(const Priority&) const = default;

private:
    explicit constexpr Priority(std::uint8_t value) : value_(value) {}
    std::uint8_t value_;
};

// RFC 9568's names in code; operators read MASTER / BACKUP / FAULT (describe() in engine/describe).
enum class Role : std::uint8_t { initialize, backup, active };

}  // namespace vrrpd::proto
