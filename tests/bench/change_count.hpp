// How many objects of a network namespace changed, whatever they are: notifications of links, addresses, routes and
// rules, as the kernel sends them.
#pragma once

#include <cstddef>

#include "netns-tests/lab/netns.hpp"
#include "vrrpd/base/fd.hpp"

namespace bench {

class ChangeCount {
public:
    explicit ChangeCount(const lab::NetNamespace& netns);

    // Since the last call, or since the start. Not of changes that came faster than they can be counted: gives up.
    [[nodiscard]] std::size_t take();

private:
    vrrpd::Fd socket_;
};

}  // namespace bench
