// The kernel's number of a network device. 0 is none: IfIndex{} compares unequal to every device.
#pragma once

#include <compare>
#include <cstdint>

namespace vrrpd {

struct IfIndex {
    std::uint32_t value = 0;

    [[nodiscard]] explicit operator bool() const { return value != 0; }
    auto operator<=>(const IfIndex&) const = default;
};

}  // namespace vrrpd
