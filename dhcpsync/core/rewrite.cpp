// See rewrite.hpp.
#include "dhcpsync/core/rewrite.hpp"

#include <algorithm>

namespace dhcpsync {

bool lacks(const Leases& server, const Leases& wanted, WallTime now) {
    return std::any_of(wanted.begin(), wanted.end(), [&](const auto& one) {
        const auto& lease = one.second;
        if (!lease.live(now)) return false;
        const auto at = server.find(one.first);
        if (at == server.end() || at->second.client != lease.client) return true;
        const auto expires = at->second.expires;
        if (expires == never || about_equal(expires, lease.expires)) return false;
        return lease.expires == never || 2 * (expires - now) < lease.expires - now;
    });
}

bool Rewriter::step(Instant now, bool lacking) {
    if (writing_ || role_ == Role::settled) return false;
    if (next_ && *next_ <= now) next_.reset();
    const bool may = role_ == Role::fresh || !next_;
    if (role_ == Role::fresh) role_ = Role::settled;
    writing_ = lacking && may;
    return writing_;
}

void Rewriter::written(Instant now) {
    writing_ = false;
    next_ = now + pause;
}

}  // namespace dhcpsync
