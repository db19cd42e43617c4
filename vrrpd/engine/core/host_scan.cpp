#include "vrrpd/engine/core/host_scan.hpp"

#include <algorithm>

#include "vrrpd/base/bytes.hpp"

namespace vrrpd::engine {

namespace {

std::uint32_t number(const IpAddress& address) { return ByteReader(address.bytes()).u32(); }

}  // namespace

std::optional<HostScan> HostScan::make(const IpAddress& first, const IpAddress& last, Duration pace, Instant now) {
    if (!first.is_v4() || !last.is_v4() || last < first) return std::nullopt;
    const auto beyond_first = number(last) - number(first);
    if (beyond_first >= most) return std::nullopt;
    return HostScan(number(first), std::size_t{beyond_first} + 1, std::max(pace, fastest), now);
}

IpAddress HostScan::address_at(std::size_t index) const {
    const auto value = first_ + static_cast<std::uint32_t>(index);
    return IpAddress::v4(static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
                         static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value));
}

bool HostScan::answered(const IpAddress& address) {
    if (!address.is_v4() || address < first() || last() < address) return false;
    const std::size_t index = number(address) - first_;
    const bool known = found_.test(index);
    found_.set(index);
    return !known;
}

}  // namespace vrrpd::engine
