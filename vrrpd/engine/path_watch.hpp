// Two paths to one peer, multicast and the unicast copies of peer_link: heard on one only means that the
// network between drops the other (design 5, peer_link). Pure; one per router.
#pragma once

#include <cstdint>
#include <optional>

#include "vrrpd/base/ip.hpp"

namespace vrrpd::engine {

enum class Path : std::uint8_t { multicast, unicast };

class PathWatch {
public:
    enum class Finding : std::uint8_t { none, only_multicast, only_unicast, both_again };

    // An advert of a peer_link member came by this path. A finding is made once, and again after it changed.
    [[nodiscard]] Finding heard(const IpAddress& peer, Path path) {
        if (peer_ != peer) {
            *this = {};
            peer_ = peer;
        }
        auto& mine = path == Path::multicast ? multicast_ : unicast_;
        auto& other = path == Path::multicast ? unicast_ : multicast_;
        other = 0;
        // The two copies of one advert alternate; so many of one kind in a row mean that the other is lost.
        if (mine < enough) ++mine;
        if (mine == enough && reported_ != path) {
            reported_ = path;
            return path == Path::multicast ? Finding::only_multicast : Finding::only_unicast;
        }
        if (mine == 1 && reported_ && *reported_ != path) {
            reported_.reset();
            return Finding::both_again;
        }
        return Finding::none;
    }

private:
    static constexpr std::uint8_t enough = 10;

    std::optional<IpAddress> peer_;
    std::uint8_t multicast_ = 0, unicast_ = 0;
    std::optional<Path> reported_;
};

}  // namespace vrrpd::engine
