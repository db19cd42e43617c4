#include "vrrpd/agent/dhcp_weight.hpp"

namespace vrrpd::agent {

void DhcpWeight::ours(bool lives, Instant now) {
    if (lives_ == lives) return;
    lives_ = lives;
    heed_at_ = lives ? Deadline() : now + patience;
}

std::optional<bool> DhcpWeight::weighs(Others others, Instant now) const {
    if (!lives_ || next_deadline(now)) return std::nullopt;
    return !*lives_ && others != Others::none_lives;
}

Deadline DhcpWeight::next_deadline(Instant now) const { return heed_at_ && *heed_at_ > now ? heed_at_ : Deadline(); }

}  // namespace vrrpd::agent
