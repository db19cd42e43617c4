#include "vrrpd/agent/alerts.hpp"

#include <fmt/format.h>

#include <utility>

#include <nlohmann/json.hpp>

namespace vrrpd::agent {

namespace {
constexpr std::size_t detail_max = 500;  // escaped it still fits into a message to the supervisor
}

void Alerts::role(const std::string& gateway, proto::Role role, bool resumed) {
    auto& known = gateways_[gateway].role;
    const auto before = std::exchange(known, role).value_or(resumed ? role : proto::Role::initialize);
    const bool was_active = before == proto::Role::active, is_active = role == proto::Role::active;
    if (was_active == is_active) return;
    if (is_active)
        waiting_.push_back({gateway, "became_active", "this host is the gateway now"});
    else
        waiting_.push_back({gateway, "stopped_being_active",
                            fmt::format("this host is not the gateway any more, but {}", to_string(role))});
}

void Alerts::readiness(const std::string& gateway, std::vector<std::string> obstacles) {
    gateways_[gateway].obstacles = std::move(obstacles);
}

// What works from the start is no news.
void Alerts::service(const std::string& gateway, const std::string& service, bool up, const std::string& why) {
    const auto [at, is_new] = gateways_[gateway].services.emplace(service, true);
    if (std::exchange(at->second, up) == up) return;
    waiting_.push_back({gateway, service + (up ? "_up" : "_down"), why});
}

void Alerts::split_brain(const std::string& gateway, const std::string& peer, bool began, const std::string& detail) {
    waiting_.push_back({gateway, began ? "split_brain" : "split_brain_over", peer + ": " + detail});
}

std::vector<Event> Alerts::step(Instant now) {
    for (auto& [name, gateway] : gateways_) judge_readiness(name, gateway, now);
    return std::exchange(waiting_, {});
}

// The Active need not be ready to become it; what ails it, its priority and its services tell.
void Alerts::judge_readiness(const std::string& name, Gateway& gateway, Instant now) {
    const bool ready = gateway.obstacles.empty() || gateway.role == proto::Role::active;
    if (ready) {
        gateway.not_ready_since.reset();
        if (std::exchange(gateway.told_not_ready, false) && gateway.obstacles.empty())
            waiting_.push_back({name, "ready", "this stand-in could take over again"});
        return;
    }
    if (!gateway.not_ready_since) gateway.not_ready_since = now;
    if (gateway.told_not_ready || now - *gateway.not_ready_since < not_ready_patience) return;
    gateway.told_not_ready = true;
    waiting_.push_back({name, "not_ready",
                        fmt::format("this stand-in could not take over now: {}", fmt::join(gateway.obstacles, "; "))});
}

Deadline Alerts::next_deadline() const {
    Deadline due;
    for (const auto& [name, gateway] : gateways_)
        if (gateway.not_ready_since && !gateway.told_not_ready)
            due = earlier(due, *gateway.not_ready_since + not_ready_patience);
    return due;
}

std::string iso_time(std::chrono::seconds since_1970) {
    using namespace std::chrono;
    const sys_seconds time(since_1970);
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count());
}

std::string to_json(const Event& event, const std::string& host, std::chrono::seconds wall) {
    const nlohmann::ordered_json document{{"event", event.name},
                                          {"gateway", event.gateway},
                                          {"host", host},
                                          {"time", iso_time(wall)},
                                          {"detail", event.detail.substr(0, detail_max)}};
    return document.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace vrrpd::agent
