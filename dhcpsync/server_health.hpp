// Looks once a second whether the DHCP server on this host lives, and says when that changed. For LeaseService.
#pragma once

#include <functional>
#include <optional>

#include "dhcpsync/core/server_watch.hpp"
#include "dhcpsync/server_bus.hpp"
#include "vrrpd/base/loop.hpp"

namespace dhcpsync {

class ServerHealth {
public:
    // `bus` may be null, and outlives this. `listening`: has anybody the DHCP server's port; nullopt: cannot be known.
    ServerHealth(vrrpd::Loop& loop, ServerBus* bus, std::function<std::optional<bool>()> listening,
                 std::function<void(const HealthChange&)> changed);

    // What the bus tells.
    void server(bool there);
    void pong(bool in_time);
    // We have it restarted: what is seen of it until that is done says nothing, nor does it tell of anybody who put it
    // right.
    void restarting(bool under_way) { restarting_ = under_way; }
    // Whether the stand-ins are answered, as they agree. That they are not holds until they are, or until somebody
    // starts the server anew.
    void answers_lan(bool does);

    [[nodiscard]] Deadline next_deadline() const { return look_at_; }
    void step();

    [[nodiscard]] const HealthChange& health() const { return health_; }
    // It lives by every sign that there is here, not only because none tells of its death yet.
    [[nodiscard]] bool seen_alive() const;

private:
    void look_at_port();
    void look_at_bus();
    void tell();

    vrrpd::Loop& loop_;
    ServerBus* bus_;
    std::function<std::optional<bool>()> listening_;
    std::function<void(const HealthChange&)> changed_;
    ServerWatch watch_;
    HealthChange health_;
    bool there_ = false, was_there_ = false;  // on this connection to the bus
    std::optional<bool> has_port_;            // as it was seen last
    bool pinging_ = false, answered_ = false;
    bool restarting_ = false;
    Deadline look_at_;
};

}  // namespace dhcpsync
