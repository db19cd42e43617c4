// A role that goes to and fro although nobody died: the Active fell silent, and was back before anybody could have
// started it again. Its adverts are late or lost on the way (RFC 9568 2.5). Pure; one per router.
#pragma once

#include <cstdint>

#include "vrrpd/base/time.hpp"

namespace vrrpd::engine {

class FlapWatch {
public:
    static constexpr Duration window = std::chrono::minutes(10);
    static constexpr std::uint8_t suspicious = 3;

    // The Active was back so soon. true: that is said now; once in a window.
    [[nodiscard]] bool came_back(Instant now) {
        if (times_ == 0 || now - since_ > window) {
            since_ = now;
            times_ = 0;
        }
        if (times_ < suspicious) return ++times_ == suspicious;
        return false;
    }

private:
    Instant since_{};  // the first of them
    std::uint8_t times_ = 0;
};

}  // namespace vrrpd::engine
