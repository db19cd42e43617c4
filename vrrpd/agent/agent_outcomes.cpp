// What comes of what the agent's parts find. See agent.hpp.
#include <algorithm>
#include <ctime>

#include "vrrpd/agent/agent.hpp"
#include "vrrpd/agent/status_document.hpp"

namespace vrrpd::agent {

namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

seconds wall_now() { return duration_cast<seconds>(std::chrono::system_clock::now().time_since_epoch()); }

}  // namespace

Summary Agent::summary() const { return own_.summary(VRRPD_VERSION, loop_.now()); }

void Agent::role_changed(const ipc::RoleChange& change) {
    alerts_.role(change.gateway, change.role, change.resumed);
    if (!own_.role(change, loop_.now())) return;
    own_changed();
    renew_fingerprints();  // the hello has the role too
}

void Agent::engine_said(int memfd) {
    const auto json = memfd >= 0 ? ipc::unseal(memfd) : Result<std::string>(fail(EBADF, "read the engine's status"));
    if (!json) return;
    if (own_.engine_said(*json, loop_.now())) own_changed();
    if (control_) control_->engine_said(*json);
}

void Agent::own_changed() {
    if (peers_) peers_->summary_changed();
    for (const auto& gateway : summary().gateways) alerts_.readiness(gateway.gateway, gateway.obstacles);
    claim_for_split_brain();
    ask_engine_at_ = std::min(ask_engine_at_, loop_.now() + engine_pause);
}

void Agent::look_at_dns() {
    for (const auto& service : dns_) {
        const auto dns = service.status();
        const auto state = dns.none_alive ? ServiceState::down : dns.known ? ServiceState::up : ServiceState::none;
        const std::string obstacle = dns.none_alive ? "no DNS forwarder answers" : "";
        if (own_.dns(dns.gateway, state, obstacle)) own_changed();
        if (state != ServiceState::none)
            alerts_.service(dns.gateway, "dns", !dns.none_alive, dns.none_alive ? obstacle : dns.answers + " answers");
    }
}

// ---- split brain --------------------------------------------------------------------------------------

void Agent::said_by_peer(PeerId peer, const Summary& said) {
    const auto& member = peers_->configuration().members.at(peer);
    for (const auto& gateway : said.gateways) {
        if (gateway.role == proto::Role::active)
            split_brain_.peer_is(gateway.gateway, member.name,
                                 SplitBrain::Candidate{member.name, gateway.priority.value_or(0), member.address});
        else
            split_brain_.peer_is(gateway.gateway, member.name, std::nullopt);
    }
}

void Agent::lost_peer(PeerId peer) { split_brain_.peer_lost(peers_->configuration().members.at(peer).name); }

void Agent::claim_for_split_brain() {
    if (!peers_) return;
    const auto& self = peers_->configuration().members.at(*peers_->configuration().self);
    for (const auto& gateway : summary().gateways) {
        if (gateway.role == proto::Role::active)
            split_brain_.we_are(gateway.gateway,
                                SplitBrain::Candidate{self.name, gateway.priority.value_or(0), self.address});
        else
            split_brain_.we_are(gateway.gateway, std::nullopt);
    }
}

// The winner announces at once, for clients that follow the other one, and again when that one has withdrawn.
void Agent::tell(const SplitBrain::Notice& notice) {
    using What = SplitBrain::Notice::What;
    const auto time = duration_cast<seconds>(loop_.now() - notice.since).count();
    if (notice.what == What::link_lost) {
        log_.warning("gateway {}: whether {} is still MASTER too is not known: the link with it is lost",
                     notice.gateway, notice.peer);
        return;
    }
    if (notice.what == What::began) {
        log_.error(
            "gateway {}: SPLIT BRAIN: this host and {} are both MASTER, for {} s, though they can talk. One does not "
            "hear the other's adverts: is protocol 112 filtered between them, does a switch drop multicast (IGMP "
            "snooping), has one another VRID or authentication? {} has the better claim",
            notice.gateway, notice.peer, time, notice.we_stay ? "This host" : notice.peer);
        alerts_.split_brain(notice.gateway, notice.peer, true, "both are MASTER, and do not hear each other's adverts");
    } else {
        log_.notice("gateway {}: the split brain with {} is over, after {} s", notice.gateway, notice.peer, time);
        alerts_.split_brain(notice.gateway, notice.peer, false, "one of both has withdrawn");
    }
    if (notice.we_stay) channel_.send(ipc::Kind::announce_again, notice.gateway);
}

// ---- what people are told -----------------------------------------------------------------------------

void Agent::tell_alerts() {
    for (const auto& event : alerts_.step(loop_.now())) {
        const auto gateway = std::find_if(config_.gateways.begin(), config_.gateways.end(),
                                          [&](const auto& one) { return one.name == event.gateway; });
        if (gateway == config_.gateways.end() || gateway->alert.empty()) continue;
        if (!channel_.send(ipc::Kind::alert, encode(ipc::Alert{event.gateway, to_json(event, id_, wall_now())})))
            log_.warning("gateway {}: the alert {} was lost: the supervisor was late to read", event.gateway,
                         event.name);
    }
}

std::string Agent::status(const std::optional<std::string>& engine) const {
    StatusInputs inputs;
    inputs.version = VRRPD_VERSION;
    inputs.host = id_;
    inputs.wall = wall_now();
    inputs.now = loop_.now();
    inputs.engine = engine;
    inputs.own = summary();
    inputs.peer_link_configured = config_.peer_link.has_value();
    inputs.peer_link_trouble = no_peers_because_;
    if (peers_) {
        inputs.peers = peers_->status();
        for (const auto& [peer, heard] : peers_->heard()) inputs.heard.push_back({peer, heard.summary, heard.at});
    }
    for (const auto& gateway : inputs.own.gateways)
        for (const auto& split : split_brain_.ongoing(gateway.gateway)) inputs.splits.push_back(split);
    for (const auto& service : dns_) inputs.dns.push_back(service.status());
    return status_document(inputs);
}

}  // namespace vrrpd::agent
