// What a configuration says of BFD sessions. Plain values, part of Config (model.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "vrrpd/base/ip.hpp"
#include "vrrpd/proto/bfd_session.hpp"

namespace vrrpd::config {

// bfd_instance.
struct BfdInstance {
    std::string name;  // at most 31 characters
    IpAddress neighbor;
    std::optional<IpAddress> source;
    proto::BfdParameters parameters;
    std::uint8_t hops = 255;        // what our packets begin with
    std::uint8_t least_hops = 255;  // what the neighbour's must have left (RFC 5881 5: 255)
    bool multihop = false;          // RFC 5883: another port, and no device
    std::string device{};           // of a link-local neighbour; empty: where its network is
    int weight = 0;                 // where track_bfd does not say another; for people: tracks have theirs
    bool reverse = false;

    bool operator==(const BfdInstance&) const = default;
};
inline constexpr std::size_t most_bfd_name = 31;

}  // namespace vrrpd::config
