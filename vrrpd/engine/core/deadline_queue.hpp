// The earliest of many deadlines: an indexed binary heap, 20 bytes a member and logarithmic, so that
// 1,000 routers cost no scan per turn. What is due at the same time comes in the order of the members. Used by the
// engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "vrrpd/base/assert.hpp"
#include "vrrpd/base/time.hpp"

namespace vrrpd::engine {

class DeadlineQueue {
public:
    // Forgets all and makes room for members 0 .. count - 1.
    void reset(std::size_t count) {
        heap_.clear();
        place_.assign(count, none);
    }

    // Sets, moves or (nullopt) removes the deadline of one member.
    void set(std::uint32_t member, Deadline deadline) {
        ASSERT(member < place_.size());
        if (!deadline) return remove(member);
        if (place_[member] == none) {
            place_[member] = static_cast<std::uint32_t>(heap_.size());
            heap_.push_back({*deadline, member});
        } else {
            heap_[place_[member]].at = *deadline;
        }
        settle(place_[member]);
    }

    [[nodiscard]] Deadline earliest() const { return heap_.empty() ? std::nullopt : Deadline(heap_.front().at); }
    // The member whose deadline is earliest. Only when there is one.
    [[nodiscard]] std::uint32_t front() const {
        ASSERT(!heap_.empty());
        return heap_.front().member;
    }

private:
    static constexpr std::uint32_t none = 0xffffffff;
    struct Entry {
        Instant at;
        std::uint32_t member;
        bool operator<(const Entry& other) const { return std::tie(at, member) < std::tie(other.at, other.member); }
    };

    void remove(std::uint32_t member) {
        const auto at = place_[member];
        if (at == none) return;
        exchange(at, heap_.size() - 1);
        heap_.pop_back();
        place_[member] = none;
        if (at < heap_.size()) settle(at);
    }
    void exchange(std::size_t a, std::size_t b) {
        std::swap(heap_[a], heap_[b]);
        place_[heap_[a].member] = static_cast<std::uint32_t>(a);
        place_[heap_[b].member] = static_cast<std::uint32_t>(b);
    }
    void settle(std::size_t at) {
        for (; at > 0 && heap_[at] < heap_[(at - 1) / 2]; at = (at - 1) / 2) exchange(at, (at - 1) / 2);
        for (;;) {
            std::size_t least = at;
            for (const auto child : {2 * at + 1, 2 * at + 2})
                if (child < heap_.size() && heap_[child] < heap_[least]) least = child;
            if (least == at) return;
            exchange(at, least);
            at = least;
        }
    }

    std::vector<Entry> heap_;
    std::vector<std::uint32_t> place_;
};

}  // namespace vrrpd::engine
