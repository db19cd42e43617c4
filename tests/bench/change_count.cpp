// See change_count.hpp.
#include "tests/bench/change_count.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "netns-tests/lab/process.hpp"
#include "tests/bench/address_watch.hpp"

namespace bench {

namespace {

constexpr std::uint32_t group(unsigned number) { return 1U << (number - 1); }
constexpr auto groups = group(RTNLGRP_LINK) | group(RTNLGRP_IPV4_IFADDR) | group(RTNLGRP_IPV6_IFADDR) |
                        group(RTNLGRP_IPV4_ROUTE) | group(RTNLGRP_IPV6_ROUTE) | group(RTNLGRP_IPV4_RULE) |
                        group(RTNLGRP_IPV6_RULE);

}  // namespace

ChangeCount::ChangeCount(const lab::NetNamespace& netns) : socket_(rtnetlink_listener(netns, groups)) {}

std::size_t ChangeCount::take() {
    std::size_t count = 0;
    alignas(nlmsghdr) std::array<char, 16384> buffer;
    for (;;) {
        const auto length = recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (length < 0 && errno == ENOBUFS) lab::give_up("changes were lost");
        if (length <= 0) return count;
        auto left = static_cast<unsigned>(length);
        for (auto* at = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(at, left); at = NLMSG_NEXT(at, left))
            ++count;
    }
}

}  // namespace bench
