#include "dhcpsync/server_health.hpp"

#include <utility>

namespace dhcpsync {

ServerHealth::ServerHealth(vrrpd::Loop& loop, ServerBus* bus, std::function<std::optional<bool>()> listening,
                           std::function<void(const HealthChange&)> changed)
    : loop_(loop),
      bus_(bus),
      listening_(std::move(listening)),
      changed_(std::move(changed)),
      look_at_(loop.now() + ServerWatch::pace) {}

// A bus that went takes the server's name with it; only on the same connection does its absence mean anything.
void ServerHealth::server(bool there) {
    if (there && was_there_ && !restarting_) watch_.answers_lan(true);
    there_ = there;
    pinging_ = answered_ = false;
    was_there_ = there || (was_there_ && bus_->connected());
}

void ServerHealth::pong(bool in_time) {
    if (!std::exchange(pinging_, false) || restarting_) return;
    answered_ = in_time;
    watch_.saw(ServerSign::answers, in_time);
    tell();
}

void ServerHealth::step() {
    if (!look_at_ || loop_.now() < *look_at_) return;
    look_at_ = loop_.now() + ServerWatch::pace;
    if (restarting_) return;
    look_at_port();
    look_at_bus();
    tell();
}

void ServerHealth::look_at_port() {
    const auto had_port = std::exchange(has_port_, listening_());
    if (!has_port_) return watch_.cannot_see(ServerSign::listening);
    watch_.saw(ServerSign::listening, *has_port_);
    if (*has_port_ && had_port == false) watch_.answers_lan(true);
}

// A server that never was there may live all the same: its configuration lacks enable-dbus.
void ServerHealth::look_at_bus() {
    if (was_there_)
        watch_.saw(ServerSign::on_bus, there_);
    else
        watch_.cannot_see(ServerSign::on_bus);
    if (!there_)
        watch_.cannot_see(ServerSign::answers);
    else if (!pinging_)
        pinging_ = bus_->ping();
}

void ServerHealth::answers_lan(bool does) {
    watch_.answers_lan(does);
    tell();
}

bool ServerHealth::seen_alive() const {
    const bool one_sign = answered_ || has_port_ == true;
    return health_.alive && one_sign && has_port_ != false && (bus_ == nullptr || answered_);
}

void ServerHealth::tell() {
    auto health = watch_.health();
    if (health == health_) return;
    health_ = std::move(health);
    changed_(health_);
}

}  // namespace dhcpsync
