// What comes of what the agent's parts find. See agent.hpp.
#include <algorithm>
#include <ctime>

#include "vrrpd/agent/agent.hpp"
#include "vrrpd/agent/status_document.hpp"

namespace vrrpd::agent {

namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

seconds unix_time() { return duration_cast<seconds>(wall_now().time_since_epoch()); }

// Who is the gateway sends the questions somewhere in any case.
std::string obstacle(const DnsStatus& dns, proto::Role role) {
    if (dns.none_alive) return dns.trouble;
    return dns.known || role == proto::Role::active ? ""
                                                    : "it is not known yet whether " + dns.answers + " answers DNS";
}

}  // namespace

Summary Agent::summary() const { return own_.summary(VRRPD_VERSION, loop_.now()); }

void Agent::role_changed(const ipc::RoleChange& change) {
    alerts_.role(change.gateway, change.role, change.resumed);
    if (leases_) leases_->role_changed(change);
    look_at_leases_ = loop_.now();  // what is in the way of a stand-in may not be in the gateway's
    if (!own_.role(change, loop_.now())) return;
    own_changed();
    renew_fingerprints();  // the hello has the role too
}

void Agent::engine_said(int memfd) {
    if (!control_ || memfd < 0) return;
    if (const auto json = ipc::unseal(memfd)) control_->engine_said(*json);
}

void Agent::own_changed() {
    if (peers_) peers_->summary_changed();
    for (const auto& gateway : summary().gateways) alerts_.readiness(gateway.gateway, gateway.obstacles);
    claim_for_split_brain();
}

// It does not preempt before it has heard that all is there, or has waited long enough.
void Agent::tell_engine() {
    for (const auto& gateway : config_.gateways) {
        auto obstacles = own_.service_obstacles(gateway.name);
        const auto told = told_.find(gateway.name);
        if (told != told_.end() && told->second == obstacles) continue;
        to_engine_.tell(ipc::Kind::services_ready, encode(ipc::Readiness{gateway.name, obstacles}));
        told_[gateway.name] = std::move(obstacles);
    }
}

void Agent::look_at_dns() {
    for (const auto& service : dns_) {
        const auto dns = service.status();
        const bool dead = !dns.trouble.empty();
        const auto state = dead ? ServiceState::down : dns.known ? ServiceState::up : ServiceState::none;
        if (own_.dns(dns.gateway, state, obstacle(dns, own_.role(dns.gateway)))) own_changed();
        if (state != ServiceState::none)
            alerts_.service(dns.gateway, "dns", !dead, dead ? dns.trouble : dns.answers + " answers");
    }
}

void Agent::look_at_leases() {
    look_at_leases_ = loop_.now() + leases_interval;
    if (!leases_) return;
    auto [lives, seen_alive, obstacle, lan_dhcp, term] = leases_->standing();
    const bool judged = seen_alive || judge_dhcp_at_ <= loop_.now();
    if (judged) dhcp_weight_.ours(lives, loop_.now());
    // That it lives others hear once it is certain: those whose servers are dead would yield to it at once.
    const auto state = !lives ? ServiceState::down : judged ? ServiceState::up : ServiceState::none;
    const auto& gateway = leases_->setup().block.follows;
    if (obstacle.empty() && peers_ && own_.role(gateway) != proto::Role::active)
        obstacle = clock_obstacle(peers_->status());
    if (!obstacle.empty()) look_at_leases_ = loop_.now() + leases_interval_not_ready;
    const bool told = own_.dhcp(gateway, state, obstacle);
    if (own_.lan_dhcp(gateway, lan_dhcp, term) || told) own_changed();
}

void Agent::weigh_dhcp() {
    const auto weighs = dhcp_weight_.weighs(loop_.now());
    if (!weighs) return;
    const auto& block = leases_->setup().block;
    const int weight = *weighs ? block.dnsmasq.down_weight : 0;
    if (std::exchange(dhcp_weight_told_, weight) == weight) return;
    to_engine_.tell(ipc::Kind::service_weight, encode(ipc::ServiceWeight{block.follows, "dhcp", weight}));
}

void Agent::dhcp_health_changed(const dhcpsync::HealthChange& change) {
    const auto& block = *config_.dhcp_sync;
    alerts_.service(block.follows, "dhcp", change.alive, change.alive ? "the DHCP server lives" : change.why);
    dhcp_weight_.ours(change.alive, loop_.now());
    look_at_leases_ = loop_.now();
}

// ---- the other members --------------------------------------------------------------------------------

const config::Member* Agent::member(const std::string& name) const {
    if (!peers_) return nullptr;
    const auto& members = peers_->configuration().members;
    const auto at = std::find_if(members.begin(), members.end(), [&](const auto& one) { return one.name == name; });
    return at == members.end() ? nullptr : &*at;
}

bool Agent::send_replica(const std::string& peer, BytesView message) {
    const auto* const to = member(peer);
    return to && peers_->send_replica(static_cast<PeerId>(to - peers_->configuration().members.data()),
                                      leases_->setup().block.follows, message);
}

void Agent::found_peer(const std::string& peer) {
    if (leases_) leases_->up(peer);
}

void Agent::lost_peer(const std::string& peer) {
    split_brain_.peer_lost(peer);
    if (leases_) leases_->down(peer);
}

// Their leases say it sooner than a summary; the next one confirms it, or not.
void Agent::split_brain_of_leases(const std::string& peer) {
    const auto* const other = member(peer);
    if (!other || !leases_) return;
    const auto heard = peers_->heard().find(peer);
    int priority = 0;
    if (heard != peers_->heard().end())
        for (const auto& gateway : heard->second.summary.gateways)
            if (gateway.gateway == leases_->setup().block.follows) priority = gateway.priority.value_or(0);
    split_brain_.peer_is(leases_->setup().block.follows, peer, SplitBrain::Candidate{peer, priority, other->address});
}

// ---- split brain --------------------------------------------------------------------------------------

// Only of our own gateways: others' names are no business of ours, however many there are.
void Agent::said_by_peer(PeerId peer, const Summary& said) {
    const auto& from = peers_->configuration().members.at(peer);
    for (const auto& theirs : said.gateways) {
        if (!leases_ || theirs.gateway != leases_->setup().block.follows) continue;
        if (theirs.dhcp != ServiceState::none) dhcp_weight_.theirs(from.name, theirs.dhcp == ServiceState::up);
        leases_->said(from.name, theirs);
    }
    for (const auto& own : config_.gateways) {
        const auto at = std::find_if(said.gateways.begin(), said.gateways.end(),
                                     [&](const GatewaySummary& one) { return one.gateway == own.name; });
        std::optional<SplitBrain::Candidate> active;
        if (at != said.gateways.end() && at->role == proto::Role::active)
            active = SplitBrain::Candidate{from.name, at->priority.value_or(0), from.address};
        // It must hear from us again that we are, too.
        if (active && split_brain_.is_ours(own.name)) peers_->summary_changed();
        split_brain_.peer_is(own.name, from.name, std::move(active));
    }
}

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

// Two that give leases of one pool, and do not know the other's yet, give an address twice: who has the worse claim
// gives none while the link says that the other one is Active. Nor does a server that is to learn of others' leases by
// a restart: of a stand-in that is said in advance, for with the role the fence opens before we hear of it. An agent
// before this one may have said otherwise.
void Agent::silence_dhcp() {
    for (const auto& gateway : config_.gateways) {
        const auto& name = gateway.name;
        const bool loses = std::ranges::any_of(split_brain_.ongoing(name),
                                               [](const SplitBrain::Notice& split) { return !split.we_stay; });
        const bool restarts = leases_ && leases_->setup().block.follows == name && leases_->restarts_server();
        const bool silent = (own_.role(name) == proto::Role::active && loses) || restarts;
        const auto [told, is_first] = silent_.emplace(name, silent);
        if (!is_first && std::exchange(told->second, silent) == silent) continue;
        to_engine_.tell(ipc::Kind::dhcp_silence, encode(ipc::DhcpSilence{name, silent}));
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
            "snooping), has one another VRID or authentication? {}",
            notice.gateway, notice.peer, time,
            notice.we_stay ? std::string("This host has the better claim")
                           : notice.peer + " has the better claim: until one has withdrawn, no leases come from here");
        alerts_.split_brain(notice.gateway, notice.peer, true, "both are MASTER, and do not hear each other's adverts");
    } else {
        log_.notice("gateway {}: the split brain with {} is over, after {} s", notice.gateway, notice.peer, time);
        alerts_.split_brain(notice.gateway, notice.peer, false, "one of both has withdrawn");
    }
    if (notice.we_stay) to_engine_.tell(ipc::Kind::announce_again, notice.gateway);
}

// ---- what people are told -----------------------------------------------------------------------------

void Agent::tell_alerts() {
    for (const auto& event : alerts_.step(loop_.now())) {
        const auto* gateway = config_.gateway(event.gateway);
        if (gateway == nullptr || gateway->alert.empty()) continue;
        if (!channel_.send(ipc::Kind::alert, encode(ipc::Alert{event.gateway, to_json(event, id_, unix_time())})))
            log_.warning("gateway {}: the alert {} was lost: the supervisor was late to read", event.gateway,
                         event.name);
    }
}

std::string Agent::status(const std::optional<std::string>& engine) const {
    StatusInputs inputs;
    inputs.version = VRRPD_VERSION;
    inputs.host = id_;
    inputs.wall = unix_time();
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
    if (leases_) inputs.leases = leases_->status();
    for (const auto& [gateway, units] : units_) inputs.units.push_back(units);
    return status_document(inputs);
}

}  // namespace vrrpd::agent
