// What the members of peer_link are called, for whoever knows them by their address. The engine's.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vrrpd/config/model.hpp"

namespace vrrpd::engine {

class PeerNames {
public:
    void configure(const std::optional<config::PeerLink>& link) {
        addresses_.clear();
        names_.clear();
        if (!link) return;
        for (const auto& member : link->members) {
            addresses_.push_back(member.address);
            names_.push_back(member.name);
        }
    }

    [[nodiscard]] std::span<const IpAddress> addresses() const { return addresses_; }
    [[nodiscard]] bool contains(const IpAddress& address) const {
        return std::find(addresses_.begin(), addresses_.end(), address) != addresses_.end();
    }
    // nullopt: no member has this address.
    [[nodiscard]] std::optional<std::string> member(const IpAddress& address) const {
        const auto at = std::find(addresses_.begin(), addresses_.end(), address);
        if (at == addresses_.end()) return std::nullopt;
        return names_[static_cast<std::size_t>(at - addresses_.begin())];
    }
    // For the log: "H001 (10.12.14.2)", or the address alone.
    [[nodiscard]] std::string describe(const IpAddress& address) const {
        const auto name = member(address);
        return name ? *name + " (" + address.to_string() + ")" : address.to_string();
    }

private:
    std::vector<IpAddress> addresses_;
    std::vector<std::string> names_;  // beside them
};

}  // namespace vrrpd::engine
