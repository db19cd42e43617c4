// What a gateway's alert command is told, and when: each change once, and nothing that passes by itself. Pure.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/agent/summary.hpp"
#include "vrrpd/base/time.hpp"

namespace vrrpd::agent {

inline constexpr Duration not_ready_patience = std::chrono::seconds(10);

struct Event {
    std::string gateway;
    std::string name;    // "became_active", "not_ready" ...
    std::string detail;  // for people
    bool operator==(const Event&) const = default;
};

class Alerts {
public:
    // `resumed`: it has been all along.
    void role(const std::string& gateway, proto::Role role, bool resumed);
    void readiness(const std::string& gateway, std::vector<std::string> obstacles);
    void service(const std::string& gateway, const std::string& service, bool up, const std::string& why);
    void split_brain(const std::string& gateway, const std::string& peer, bool began, const std::string& detail);

    // What there is to tell now, in the order in which it happened.
    [[nodiscard]] std::vector<Event> step(Instant now);
    [[nodiscard]] Deadline next_deadline() const;

private:
    struct Gateway {
        std::optional<proto::Role> role;
        std::vector<std::string> obstacles;
        Deadline not_ready_since;
        bool told_not_ready = false;
        std::map<std::string, bool> services;  // by name: up
    };
    void judge_readiness(const std::string& name, Gateway& gateway, Instant now);

    std::map<std::string, Gateway> gateways_;
    std::vector<Event> waiting_;
};

// One line of JSON for the command's input. `wall`: seconds since 1970.
[[nodiscard]] std::string to_json(const Event& event, const std::string& host, std::chrono::seconds wall);
// "2026-08-14T12:00:00Z".
[[nodiscard]] std::string iso_time(std::chrono::seconds since_1970);

}  // namespace vrrpd::agent
