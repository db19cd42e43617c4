// Who is there, address by address: which address to ask for next, and whose answer is news. Pure: the shell asks,
// hears and tells. An address at a time, so that neither adverts nor the LAN are disturbed.
#pragma once

#include <bitset>
#include <optional>

#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/time.hpp"

namespace vrrpd::engine {

class HostScan {
public:
    static constexpr std::size_t most = 4096;                          // addresses
    static constexpr Duration fastest = std::chrono::milliseconds(1);  // pace
    static constexpr Duration answers_awaited = std::chrono::seconds(1);

    // IPv4, both ends included. nullopt: no such range, or more than `most`.
    [[nodiscard]] static std::optional<HostScan> make(const IpAddress& first, const IpAddress& last, Duration pace,
                                                      Instant now);

    // Call when next_deadline() is reached: the address to ask for now, if it is time for one. `left_out`: is this
    // address not to be asked for? Those cost no time.
    template <class LeftOut>
    [[nodiscard]] std::optional<IpAddress> next(Instant now, LeftOut&& left_out) {
        if (asked_ == count_ || now < at_) return std::nullopt;
        while (asked_ < count_) {
            const auto address = address_at(asked_++);
            if (left_out(address)) continue;
            at_ = now + (asked_ == count_ ? answers_awaited : pace_);
            return address;
        }
        at_ = now + answers_awaited;
        return std::nullopt;
    }
    // Somebody answers for this address. True: it is one of ours to find, and was not found before.
    [[nodiscard]] bool answered(const IpAddress& address);

    // At it the next address is due, or all is over.
    [[nodiscard]] Instant next_deadline() const { return at_; }
    [[nodiscard]] bool over(Instant now) const { return asked_ == count_ && at_ <= now; }
    [[nodiscard]] IpAddress first() const { return address_at(0); }
    [[nodiscard]] IpAddress last() const { return address_at(count_ - 1); }

private:
    HostScan(std::uint32_t first, std::size_t count, Duration pace, Instant now)
        : first_(first), count_(count), pace_(pace), at_(now) {}
    [[nodiscard]] IpAddress address_at(std::size_t index) const;

    std::uint32_t first_;  // as a number
    std::size_t count_;
    Duration pace_;
    Instant at_;
    std::size_t asked_ = 0;
    std::bitset<most> found_;
};

}  // namespace vrrpd::engine
