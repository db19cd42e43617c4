// A value as the kernel keeps it in a register: its own bytes. For encode and foreign_walk.
#pragma once

#include <type_traits>

#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/ip.hpp"

namespace netlink::nft {

template <class T>
[[nodiscard]] vrrpd::Bytes raw(const T& value) {
    static_assert(std::is_integral_v<T>);
    const auto* at = reinterpret_cast<const std::uint8_t*>(&value);
    return {at, at + sizeof value};
}

[[nodiscard]] inline vrrpd::Bytes raw(const vrrpd::IpAddress& address) {
    return {address.bytes().begin(), address.bytes().end()};
}

}  // namespace netlink::nft
