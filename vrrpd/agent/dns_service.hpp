// One dns_failover block at work: asks its forwarders, decides who answers, and says so. The agent's.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "dnsfailover/core/selector.hpp"
#include "dnsfailover/prober.hpp"
#include "vrrpd/agent/dns_status.hpp"
#include "vrrpd/config/model.hpp"
#include "vrrpd/ipc/notices.hpp"

namespace vrrpd::agent {

// What comes of it, for the engine.
struct DnsOutcomes {
    std::function<void(const ipc::DnsChoice&)> choose;
    std::function<void(const ipc::ServiceWeight&)> weigh;
};

// This host, as a forwarder's line may name it.
struct Self {
    std::string name;                  // -i, or the host name
    std::optional<IpAddress> address;  // as a member of peer_link
};

class DnsService {
public:
    // With `demote` the own forwarder is the one that matters. What `outcomes` names outlives the service. Chooses at
    // once.
    DnsService(Loop& loop, Log& log, const config::DnsFailover& config, const Self& self, DnsOutcomes outcomes);
    DnsService(const DnsService&) = delete;
    DnsService& operator=(const DnsService&) = delete;

    [[nodiscard]] Deadline next_deadline() const;
    void step();

    // From the engine.
    void wan_changed(const ipc::WanState& state);
    void host_silent(const IpAddress& address);

    [[nodiscard]] DnsStatus status() const;

private:
    void healths_changed(std::size_t forwarder, const dnsfailover::HealthChange& change);
    void decide(const dnsfailover::SelectorEvent& event);
    void tell();

    Loop& loop_;
    Log& log_;
    config::DnsFailover config_;
    DnsOutcomes outcomes_;
    dnsfailover::Selector selector_;
    dnsfailover::Prober prober_;
    int weight_ = 0;  // told last
};

}  // namespace vrrpd::agent
