// When addresses appeared in a network namespace: RTM_NEWADDR, as the kernel announces them.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

#include "netns-tests/lab/netns.hpp"
#include "netns-tests/lab/traffic.hpp"
#include "netns-tests/lab/wait.hpp"
#include "vrrpd/base/fd.hpp"

namespace bench {

// A bare socket inside of the namespace that hears of these RTMGRP_*, with room for a thousand changes.
[[nodiscard]] vrrpd::Fd rtnetlink_listener(const lab::NetNamespace& netns, std::uint32_t groups);

class AddressWatch {
public:
    explicit AddressWatch(const lab::NetNamespace& netns);

    // IPv4 addresses that appeared since the start; one that was only renewed counts once.
    [[nodiscard]] std::size_t count() const;
    bool await(std::size_t count, std::chrono::milliseconds limit) const;
    [[nodiscard]] std::chrono::nanoseconds first_to_last() const;
    [[nodiscard]] lab::Time last() const;

private:
    void step();

    using Key = std::pair<std::uint32_t, std::uint32_t>;  // device, address
    vrrpd::Fd socket_;
    mutable std::mutex mutex_;
    std::map<Key, lab::Time> seen_;
    lab::Worker worker_;
};

}  // namespace bench
