// What changes in the kernel, as it changes: one subscribed rtnetlink socket, never waited on. The
// owner watches fd() and calls read() until it returns nothing.
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "netlink/kernel.hpp"
#include "netlink/types.hpp"
#include "vrrpd/base/result.hpp"

namespace netlink {

struct LinkChanged {
    Link link;
};
struct LinkGone {
    Link link;
};
struct AddressAdded {
    Address address;
};  // also: changed (lifetime renewed)
struct AddressGone {
    Address address;
};
struct RouteAdded {
    Route route;
};
struct RouteGone {
    Route route;
};
struct RuleAdded {
    Rule rule;
};
struct RuleGone {
    Rule rule;
};
// ENOBUFS: events were lost; whoever keeps a picture must read everything again.
struct Overrun {};

using Change =
    std::variant<LinkChanged, LinkGone, AddressAdded, AddressGone, RouteAdded, RouteGone, RuleAdded, RuleGone, Overrun>;

class Monitor {
public:
    // 4 MiB: a thousand addresses with their routes make a megabyte of events.
    static constexpr int receive_buffer = 4 << 20;

    [[nodiscard]] static Result<Monitor> open(int receive_buffer_bytes = receive_buffer);
    Monitor(Monitor&&) noexcept;
    Monitor& operator=(Monitor&&) noexcept;
    ~Monitor();

    // From now on routes of which nothing here depends are not even queued: a routing daemon that turns over its table
    // wakes nobody. Roughly, by their prefix lengths; the owner still asks `interest` about each.
    [[nodiscard]] Result<void> follow(const RouteInterest& interest);

    [[nodiscard]] int fd() const;
    // The changes that are waiting, of at most `limit` messages. Empty when nothing waits; and then only, so a
    // message that holds nothing of interest does not end the owner's loop.
    [[nodiscard]] std::vector<Change> read(unsigned limit = 256);

private:
    class Impl;
    explicit Monitor(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace netlink
