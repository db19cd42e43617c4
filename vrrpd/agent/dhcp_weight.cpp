#include "vrrpd/agent/dhcp_weight.hpp"

#include <algorithm>

namespace vrrpd::agent {

void DhcpWeight::ours(bool lives, Instant now) {
    if (lives_ == lives) return;
    lives_ = lives;
    heed_at_ = lives ? Deadline() : now + patience;
}

std::optional<bool> DhcpWeight::weighs(Instant now) const {
    if (!lives_ || next_deadline(now)) return std::nullopt;
    const bool one_lives = std::ranges::any_of(others_, [](const auto& other) { return other.second; });
    return !*lives_ && (others_.empty() || one_lives);
}

Deadline DhcpWeight::next_deadline(Instant now) const { return heed_at_ && *heed_at_ > now ? heed_at_ : Deadline(); }

}  // namespace vrrpd::agent
