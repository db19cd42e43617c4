// Two paths to one peer, multicast and the unicast copies of peer_link: heard on one only means that the
// network between drops the other. Pure; one per router.
#pragma once

#include <cstdint>
#include <optional>

#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/time.hpp"

namespace vrrpd::engine {

enum class Path : std::uint8_t { multicast, unicast };

class PathWatch {
public:
    enum class Finding : std::uint8_t { none, only_multicast, only_unicast, both_again };

    // An advert of a peer_link member came by this path. A finding is made once, and again after it changed. That one
    // is lost, once a minute at most: a path that loses half of everything changes with every other advert.
    [[nodiscard]] Finding heard(const IpAddress& peer, Path path, Instant now) {
        if (peer_ != peer) {
            peer_ = peer;
            multicast_ = unicast_ = 0;
            reported_.reset();
        }
        auto& mine = path == Path::multicast ? multicast_ : unicast_;
        auto& other = path == Path::multicast ? unicast_ : multicast_;
        other = 0;
        // The two copies of one advert alternate; so many of one kind in a row mean that the other is lost.
        if (mine < enough) ++mine;
        const bool only = mine == enough && reported_ != path;
        const bool both = mine == 1 && reported_ && *reported_ != path;
        if (both) {
            reported_.reset();
            return Finding::both_again;
        }
        if (!only || now < quiet_until_) return Finding::none;
        quiet_until_ = now + quiet;
        reported_ = path;
        return path == Path::multicast ? Finding::only_multicast : Finding::only_unicast;
    }

private:
    static constexpr std::uint8_t enough = 10;
    static constexpr Duration quiet = std::chrono::minutes(1);

    std::optional<IpAddress> peer_;
    std::uint8_t multicast_ = 0, unicast_ = 0;
    std::optional<Path> reported_;
    Instant quiet_until_{};
};

}  // namespace vrrpd::engine
