// Whether a gateway's next hop on the WAN answers. Pure: questions out, answers in. A next hop that never
// answered is not held against us (some never answer an ARP probe); one that did and fell silent is.
#pragma once

#include "vrrpd/base/time.hpp"

namespace vrrpd::engine {

class NextHopWatch {
public:
    static constexpr Duration interval = std::chrono::seconds(1);
    static constexpr unsigned misses_allowed = 3;

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
    }
    void forget() { *this = {}; }

    [[nodiscard]] bool silent() const { return ever_ && unanswered_ > misses_allowed; }
    [[nodiscard]] bool answered_once() const { return ever_; }
    [[nodiscard]] Deadline next_deadline() const { return ask_at_; }

private:
    Instant ask_at_{};
    unsigned unanswered_ = 0;
    bool ever_ = false;
};

}  // namespace vrrpd::engine
