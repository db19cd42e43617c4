#include "netlink/monitor.hpp"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>

#include "netlink/codec.hpp"
#include "netlink/socket.hpp"

namespace netlink {

namespace {

template <class Event, class Object>
std::optional<Change> event(std::optional<Object> object) {
    if (!object) return std::nullopt;
    return Change{Event{std::move(*object)}};
}

template <class Added, class Gone>
std::optional<Change> route_event(std::optional<Route> route, bool added) {
    if (!route || route->table == local_table) return std::nullopt;
    return added ? Change{Added{std::move(*route)}} : Change{Gone{std::move(*route)}};
}

std::optional<Change> decode_change(const nlmsghdr& message) {
    switch (message.nlmsg_type) {
        case RTM_NEWLINK:
            return event<LinkChanged>(decode_link(message));
        case RTM_DELLINK:
            return event<LinkGone>(decode_link(message));
        case RTM_NEWADDR:
            return event<AddressAdded>(decode_address(message));
        case RTM_DELADDR:
            return event<AddressGone>(decode_address(message));
        case RTM_NEWROUTE:
        case RTM_DELROUTE:
            return route_event<RouteAdded, RouteGone>(decode_route(message), message.nlmsg_type == RTM_NEWROUTE);
        case RTM_NEWRULE:
            return event<RuleAdded>(decode_rule(message));
        case RTM_DELRULE:
            return event<RuleGone>(decode_rule(message));
        default:
            return std::nullopt;
    }
}

// A socket filter that drops routes of other prefix lengths than these. An event is a message by itself.
std::vector<sock_filter> route_filter(const std::vector<std::uint8_t>& lengths) {
    const auto statement = [](unsigned code, std::uint32_t value) {
        return sock_filter{static_cast<std::uint16_t>(code), 0, 0, value};
    };
    const auto skip = [](std::uint32_t value, std::size_t if_same, std::size_t if_not) {
        return sock_filter{BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint8_t>(if_same),
                           static_cast<std::uint8_t>(if_not), value};
    };
    // The filter loads in network order what netlink has in the host's.
    const auto type = [](std::uint16_t message) { return std::uint32_t{htons(message)}; };
    const auto count = lengths.size();  // at most 129: jumps are of one byte
    std::vector<sock_filter> program{
        statement(BPF_LD | BPF_H | BPF_ABS, offsetof(nlmsghdr, nlmsg_type)),
        skip(type(RTM_NEWROUTE), 1, 0),
        skip(type(RTM_DELROUTE), 0, count + 2),
        statement(BPF_LD | BPF_B | BPF_ABS, NLMSG_HDRLEN + offsetof(rtmsg, rtm_dst_len)),
    };
    for (std::size_t i = 0; i < count; ++i) program.push_back(skip(lengths[i], count - i, 0));
    program.push_back(statement(BPF_RET | BPF_K, 0));
    program.push_back(statement(BPF_RET | BPF_K, 0xffffffff));
    return program;
}

}  // namespace

class Monitor::Impl {
public:
    explicit Impl(Fd fd) : fd_(std::move(fd)) {}

    [[nodiscard]] int fd() const { return fd_.get(); }
    // False: nothing was waiting.
    bool read_one(std::vector<Change>& changes);

private:
    Fd fd_;
    alignas(nlmsghdr) std::array<std::uint8_t, 32768> buffer_;
};

bool Monitor::Impl::read_one(std::vector<Change>& changes) {
    sockaddr_nl sender{};
    socklen_t sender_size = sizeof sender;
    const auto size = ::recvfrom(fd_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT | MSG_TRUNC,
                                 reinterpret_cast<sockaddr*>(&sender), &sender_size);
    if (size < 0 && errno == EINTR) return true;
    if (size < 0 && errno == ENOBUFS) {
        changes.emplace_back(Overrun{});
        return true;
    }
    if (size < 0) return false;
    if (sender.nl_pid != 0) return true;  // only the kernel is believed
    auto left = static_cast<unsigned>(std::min<std::size_t>(static_cast<std::size_t>(size), buffer_.size()));
    const auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.data());
    for (; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
        if (auto change = decode_change(*message)) changes.push_back(std::move(*change));
    }
    if (static_cast<std::size_t>(size) > buffer_.size()) changes.emplace_back(Overrun{});  // cut off: the rest is lost
    return true;
}

Monitor::Monitor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Monitor::Monitor(Monitor&&) noexcept = default;
Monitor& Monitor::operator=(Monitor&&) noexcept = default;
Monitor::~Monitor() = default;

Result<Monitor> Monitor::open(int receive_buffer_bytes) {
    Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    if (!fd) return vrrpd::fail(errno, "open the rtnetlink monitor");
    // Unbound it would count as the sender of the kernel's own events, and be left out.
    sockaddr_nl own{};
    own.nl_family = AF_NETLINK;
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) < 0) {
        return vrrpd::fail(errno, "bind the rtnetlink monitor");
    }
    set_receive_buffer(fd, receive_buffer_bytes);
    // A kernel without IPv6 has the groups all the same; nothing ever comes through them.
    for (const int group : {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
                            RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE}) {
        if (::setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0) {
            return vrrpd::fail(errno, "subscribe to rtnetlink group " + std::to_string(group));
        }
    }
    return Monitor(std::make_unique<Impl>(std::move(fd)));
}

Result<void> Monitor::follow(const RouteInterest& interest) {
    const auto lengths = interest.lengths();
    int status = 0;
    if (lengths) {
        auto program = route_filter(*lengths);
        const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
        status = ::setsockopt(fd(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
    } else {
        const int none = 0;
        status = ::setsockopt(fd(), SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none);
        if (status < 0 && errno == ENOENT) status = 0;  // there was none
    }
    if (status < 0) return vrrpd::fail(errno, "filter the events of the rtnetlink monitor");
    return {};
}

int Monitor::fd() const { return impl_->fd(); }

std::vector<Change> Monitor::read(unsigned limit) {
    std::vector<Change> changes;
    for (unsigned count = 0; count < limit || changes.empty(); ++count) {
        if (!impl_->read_one(changes)) break;
    }
    return changes;
}

}  // namespace netlink
