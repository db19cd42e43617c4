// The TCP sockets of the peer link: non-blocking, bound to this member's own address, closed on exec.
#pragma once

#include <cstdint>
#include <optional>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/result.hpp"

namespace vrrpd::agent {

struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;
};

// The address need not be there yet: it may come with a link that is not up.
[[nodiscard]] Result<Fd> listen_at(const Endpoint& own);
// Begins to connect, from `source`: by this address the other end knows us.
[[nodiscard]] Result<Fd> dial(const IpAddress& source, const Endpoint& to);

struct Accepted {
    Fd socket;
    IpAddress from;
};
// The next caller; nullopt: nobody waits. An error is one of this process (no descriptors), not of the caller.
[[nodiscard]] Result<std::optional<Accepted>> accept_next(int listener);

}  // namespace vrrpd::agent
