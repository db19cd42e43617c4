#include "vrrpd/agent/dns_service.hpp"

#include <algorithm>

namespace vrrpd::agent {

namespace {

using dnsfailover::HealthChange;

// For `demote` the own forwarder comes first, whatever its place in the list that all hosts share.
config::DnsFailover in_order(config::DnsFailover config, const Self& self) {
    auto& list = config.forwarders;
    const auto is_own = [&](const config::Forwarder& forwarder) {
        return forwarder.name == self.name || forwarder.address == self.address;
    };
    if (config.demote) std::stable_partition(list.begin(), list.end(), is_own);
    const bool own_is_first = !list.empty() && is_own(list.front());
    if (config.demote && !own_is_first) config.demote = 0;  // this host runs none: nothing of it can die
    return config;
}

dnsfailover::Selector make_selector(const config::DnsFailover& config, Instant now) {
    std::vector<std::string> names;
    for (const auto& forwarder : config.forwarders) names.push_back(forwarder.name);
    dnsfailover::Policy policy;
    policy.demote = config.demote;
    if (config.hold_down) policy.hold_down = *config.hold_down;
    return {std::move(names), policy, now};
}

std::vector<dnsfailover::Prober::Forwarder> to_probe(const config::DnsFailover& config) {
    std::vector<dnsfailover::Prober::Forwarder> result;
    for (const auto& forwarder : config.forwarders)
        result.push_back({forwarder.name, {forwarder.address, forwarder.port}, {}});
    return result;
}

}  // namespace

DnsService::DnsService(Loop& loop, Log& log, const config::DnsFailover& config, const Self& self, DnsOutcomes outcomes)
    : loop_(loop),
      log_(log),
      config_(in_order(config, self)),
      outcomes_(std::move(outcomes)),
      selector_(make_selector(config_, loop.now())),
      prober_(loop, log, to_probe(config_),
              [this](std::size_t forwarder, const HealthChange& change) { healths_changed(forwarder, change); }) {
    tell();
}

Deadline DnsService::next_deadline() const { return earlier(prober_.next_deadline(), selector_.next_deadline()); }

void DnsService::step() {
    prober_.time_reached();
    decide(dnsfailover::TimeReached{});
}

void DnsService::wan_changed(const ipc::WanState& state) {
    if (state.gateway == config_.follows) decide(dnsfailover::WanChanged{state.up});
}

// A forwarder on a router that fell silent is as silent; waiting for its probes would cost the clients seconds.
void DnsService::host_silent(const IpAddress& address) {
    for (std::size_t i = 0; i < config_.forwarders.size(); ++i)
        if (config_.forwarders[i].address == address) prober_.host_silent(i);
}

void DnsService::healths_changed(std::size_t forwarder, const HealthChange& change) {
    decide(dnsfailover::HealthChanged{forwarder, change.to});
}

void DnsService::decide(const dnsfailover::SelectorEvent& event) {
    if (!selector_.step(loop_.now(), event)) return;
    log_.notice("gateway {}: {}", config_.follows, selector_.describe(loop_.now()));
    tell();
}

DnsStatus DnsService::status() const {
    DnsStatus result;
    result.gateway = config_.follows;
    result.redirects = !config_.demote;
    result.answers = config_.forwarders[selector_.chosen()].name;
    result.since = selector_.since();
    result.why = selector_.describe(loop_.now());
    result.may_differ = selector_.rules_may_differ();
    result.wan_down = selector_.wan_is_down();
    result.known = prober_.monitor(selector_.chosen()).health() != dnsfailover::Health::unknown;
    result.none_alive = true;
    for (std::size_t i = 0; i < config_.forwarders.size(); ++i) {
        const auto& forwarder = config_.forwarders[i];
        const auto& monitor = prober_.monitor(i);
        result.forwarders.push_back({forwarder.name, forwarder.address, forwarder.port,
                                     std::string(to_string(monitor.health())), std::string(describe(monitor.symptom())),
                                     monitor.since(), monitor.latency()});
        result.none_alive = result.none_alive && monitor.health() == dnsfailover::Health::dead;
    }
    return result;
}

void DnsService::tell() {
    if (config_.demote) {
        if (std::exchange(weight_, selector_.weight()) != selector_.weight())
            outcomes_.weigh({config_.follows, "dns", selector_.weight()});
        return;
    }
    const auto& chosen = config_.forwarders[selector_.chosen()];
    outcomes_.choose({config_.follows, chosen.address, chosen.port});
}

}  // namespace vrrpd::agent
