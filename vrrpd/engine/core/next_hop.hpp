// Whether a gateway's next hop on the WAN answers. Pure: questions out, answers in. A next hop that never
// answered is not held against us (some never answer an ARP probe); one that did and fell silent is, unless the
// kernel had proof of its life lately: some routers ration their ARP answers and forward all the same.
#pragma once

#include <optional>

#include "netlink/types.hpp"
#include "vrrpd/base/time.hpp"

namespace vrrpd::engine {

class NextHopWatch {
public:
    static constexpr std::chrono::seconds interval{1};
    // So long a proof of life speaks for a next hop, the kernel's or an answer to us. One time for both, so that an
    // outage of the provider is noticed by a host with traffic and by an idle one at about the same time: the stand-ins
    // wait only so long for one another (proto::relief_delay).
    static constexpr std::chrono::seconds proof_lasts{10};
    static constexpr unsigned misses_allowed = proof_lasts / interval;

    // Call when next_deadline() is reached; true: ask now.
    [[nodiscard]] bool step(Instant now) {
        if (now < ask_at_) return false;
        ask_at_ = now + interval;
        if (unanswered_ <= misses_allowed) ++unanswered_;
        return true;
    }
    void answered() {
        unanswered_ = 0;
        ever_ = true;
        silent_ = false;
    }
    void forget() { *this = {}; }

    // It answered before and stopped: the kernel is to be asked what it knows, after every step, and told here.
    [[nodiscard]] bool in_doubt() const { return ever_ && unanswered_ > misses_allowed; }
    void kernel_knows(const std::optional<netlink::Neighbour>& neighbour) {
        const bool alive = neighbour && !neighbour->mac.is_zero() && neighbour->confirmed <= proof_lasts;
        silent_ = in_doubt() && !alive;
    }

    [[nodiscard]] bool silent() const { return silent_; }
    [[nodiscard]] Deadline next_deadline() const { return ask_at_; }

private:
    Instant ask_at_{};
    unsigned unanswered_ = 0;
    bool ever_ = false;
    bool silent_ = false;
};

}  // namespace vrrpd::engine
