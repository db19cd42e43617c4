// The DHCP server on this host as far as it can be spoken to: what LeaseService needs of it. DnsmasqBus is the real
// one; tests have their own.
#pragma once

#include <functional>
#include <string>

#include "dhcpsync/core/feed.hpp"

namespace dhcpsync {

// What it tells. None of these may destroy it.
struct BusEvents {
    std::function<void(const IpAddress&, bool ok)> answered;  // a call came back
    std::function<void()> lease_changed;                      // which one, and how, the lease file says
    std::function<void(bool there)> server;  // it can be called now, or no longer; another one counts as both
    std::function<void(bool in_time)> pong;
};

class ServerBus {
public:
    ServerBus() = default;
    ServerBus(const ServerBus&) = delete;
    ServerBus& operator=(const ServerBus&) = delete;
    virtual ~ServerBus() = default;

    // None of these waits, and none tells anything from within.
    [[nodiscard]] virtual bool call(const Call& call) = 0;  // false: it was not made
    [[nodiscard]] virtual bool ping() = 0;
    [[nodiscard]] virtual bool connected() const = 0;              // to the bus, whoever else is there
    [[nodiscard]] virtual const std::string& trouble() const = 0;  // why nobody can be called; empty: no reason known

    [[nodiscard]] virtual Deadline next_deadline() const = 0;
    virtual void step() = 0;
};

}  // namespace dhcpsync
