// Asks the forwarders: carries out what their HealthMonitors say, and tells them what came back. For the agent.
//
// All sockets stand behind one epoll descriptor, and each turn reads each of them once: a slow or hostile forwarder
// delays nobody. Rounds do not overlap (Pace), so a forwarder has at most two probes for each of its questions.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "dnsfailover/core/health.hpp"
#include "dnsfailover/exchange.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"

namespace dnsfailover {

class Prober {
public:
    struct Forwarder {
        std::string name;
        Endpoint at;
        Checks checks;
    };
    // Must not destroy the Prober.
    using Changed = std::function<void(std::size_t forwarder, const HealthChange& change)>;

    Prober(vrrpd::Loop& loop, vrrpd::Log& log, const std::vector<Forwarder>& forwarders, Changed changed);
    Prober(const Prober&) = delete;
    Prober& operator=(const Prober&) = delete;

    // For the loop's one deadline, which belongs to the process.
    [[nodiscard]] Deadline next_deadline() const;
    void time_reached();

    // VRRP no longer hears this forwarder's host.
    void host_silent(std::size_t forwarder);

    [[nodiscard]] const HealthMonitor& monitor(std::size_t forwarder) const { return subjects_.at(forwarder).monitor; }
    [[nodiscard]] std::uint64_t misfits(std::size_t forwarder) const { return subjects_.at(forwarder).misfits; }
    [[nodiscard]] std::size_t under_way() const { return on_their_way_.size(); }

private:
    struct Subject {
        std::string name;
        Endpoint at;
        HealthMonitor monitor;
        std::uint64_t misfits = 0;  // answers to what was not asked, ever
    };
    struct OnItsWay {
        std::size_t forwarder;
        Probe probe;
        Exchange exchange;
    };
    using OnTheirWay = std::map<std::uint64_t, OnItsWay>;  // by a number that is never used again

    void step(std::size_t forwarder, const HealthEvent& event);
    void carry_out(std::size_t forwarder, const HealthChange& change);
    void carry_out(std::size_t forwarder, const SendProbe& action);
    void could_not_send(std::size_t forwarder, const Probe& probe, const vrrpd::OsError& error);
    void sockets_ready();
    void proceed(OnTheirWay::iterator at);
    OnTheirWay::iterator forget(OnTheirWay::iterator at);
    [[nodiscard]] bool watch(std::uint64_t number, const Exchange& exchange, int operation);

    vrrpd::Loop& loop_;
    vrrpd::Log& log_;
    Changed changed_;
    std::vector<Subject> subjects_;
    vrrpd::Fd ready_;  // epoll
    OnTheirWay on_their_way_;
    std::uint64_t last_number_ = 0;
    bool said_unsent_ = false;
    vrrpd::Loop::Watch watch_;  // last: ends before the descriptor
};

}  // namespace dnsfailover
