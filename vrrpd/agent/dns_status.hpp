// What a dns_failover block knows, for people. A value.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/time.hpp"

namespace vrrpd::agent {

struct DnsStatus {
    struct Forwarder {
        std::string name;
        IpAddress address;
        std::uint16_t port = 0;
        std::string health;   // "OK", "DEAD" ...
        std::string symptom;  // "answers, but resolves nothing"
        Instant since;        // of this health
        std::optional<Duration> latency;
    };
    std::string gateway;
    bool redirects = true;  // false: it demotes
    std::string answers;    // the forwarder's name; one of each family; empty: they are all dead
    Instant since;
    std::string why;  // one line
    bool may_differ = false;
    bool wan_down = false;  // or no server resolves anything
    bool known = false;     // whoever answers has been judged
    bool none_alive = false;
    std::string trouble;  // questions go to a dead one all the same, and why; empty: they do not
    std::vector<Forwarder> forwarders;
};

}  // namespace vrrpd::agent
