// What is sent one at a time, with a gap after each: the announcements of a device or of a garp_group. Pure. The
// engine's Speaker fills it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "vrrpd/base/time.hpp"

namespace vrrpd::proto {

template <class Item>
class PacedQueue {
public:
    // Bounded: a device that is paced slower than it is announced on would take all memory in the end.
    static constexpr std::size_t most = 65'536;

    // After it was sent nothing follows for `gap`. false: too many wait, and it is not one of them.
    bool push(Item item, Duration gap) {
        if (waiting_.size() >= most) return false;
        waiting_.push_back({std::move(item), gap});
        return true;
    }
    // The next one, if its time has come.
    [[nodiscard]] std::optional<Item> take(Instant now) {
        if (waiting_.empty() || now < next_) return std::nullopt;
        auto [item, gap] = std::move(waiting_.front());
        waiting_.pop_front();
        next_ = now + gap;
        return std::move(item);
    }
    template <class Which>
    void forget(const Which& which) {
        std::erase_if(waiting_, [&](const Waiting& one) { return which(one.item); });
    }
    [[nodiscard]] Deadline next_deadline() const { return waiting_.empty() ? Deadline() : Deadline(next_); }

private:
    struct Waiting {
        Item item;
        Duration gap;
    };
    std::deque<Waiting> waiting_;
    Instant next_ = Instant::min();
};

}  // namespace vrrpd::proto
