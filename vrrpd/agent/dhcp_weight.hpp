// Does the death of our DHCP server weigh on our priority? Only where the role can go to somebody whose server lives:
// when all are dead it moves nowhere. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "vrrpd/base/time.hpp"

namespace vrrpd::agent {

class DhcpWeight {
public:
    // What the other members say of theirs. unasked: no member is connected. Then each weighs its own alone, as for
    // the WAN: equal weights move nothing.
    enum class Others : std::uint8_t { unasked, none_lives, one_lives };

    // Servers that die together are not found dead together: each host looks once a second, and the news take a
    // summary's pause. So long we wait for the others' news of the same death.
    static constexpr Duration patience = std::chrono::seconds(2);

    // Once it is known, and whenever it changes.
    void ours(bool lives, Instant now);
    // nullopt: not known yet. What was said last holds until then, be it by an agent before this one.
    [[nodiscard]] std::optional<bool> weighs(Others others, Instant now) const;
    // When time alone may change the answer.
    [[nodiscard]] Deadline next_deadline(Instant now) const;

private:
    std::optional<bool> lives_;
    Deadline heed_at_;  // while it is dead
};

}  // namespace vrrpd::agent
