// Does the death of our DHCP server weigh on our priority? Only where the role can go to somebody whose server lives:
// when all are dead it moves nowhere. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "vrrpd/base/time.hpp"

namespace vrrpd::agent {

class DhcpWeight {
public:
    // Servers that die together are not found dead together: each host looks once a second, and the news take a
    // summary's pause. So long we wait for the others' news of the same death.
    static constexpr Duration patience = std::chrono::seconds(2);

    // Once it is known, and whenever it changes.
    void ours(bool lives, Instant now);
    // Likewise of a member's. What it said last holds when the link with it ends: a link is no server, and its loss
    // moves no role.
    void theirs(const std::string& member, bool lives) { others_[member] = lives; }
    // nullopt: not known yet. What was said last holds until then, be it by an agent before this one. Where no member
    // ever said anything each weighs its own alone, as for the WAN: equal weights move nothing.
    [[nodiscard]] std::optional<bool> weighs(Instant now) const;
    // When time alone may change the answer.
    [[nodiscard]] Deadline next_deadline(Instant now) const;

private:
    std::optional<bool> lives_;
    Deadline heed_at_;  // while it is dead
    std::map<std::string, bool> others_;
};

}  // namespace vrrpd::agent
