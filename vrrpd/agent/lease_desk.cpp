#include "vrrpd/agent/lease_desk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace vrrpd::agent {

namespace {

std::map<dhcpsync::NodeId, std::string> names_of(const LeaseDesk::Setup& setup) {
    std::map<dhcpsync::NodeId, std::string> result;
    for (const auto& member : setup.members) result.emplace(node_id(member.name), member.name);
    return result;
}

using dhcpsync::Offers;

// By what is offered: how a summary says it.
constexpr std::array said_of_offers{ServiceState::none, ServiceState::up, ServiceState::down};
static_assert(said_of_offers[static_cast<std::size_t>(Offers::given)] == ServiceState::up &&
              said_of_offers[static_cast<std::size_t>(Offers::withheld)] == ServiceState::down);

ServiceState lan_dhcp_of(Offers offers) { return said_of_offers[static_cast<std::size_t>(offers)]; }

Offers offers_of(ServiceState lan_dhcp) {
    return static_cast<Offers>(std::ranges::find(said_of_offers, lan_dhcp) - said_of_offers.begin());
}

}  // namespace

// FNV-1a: the same on every host, for every version.
dhcpsync::NodeId node_id(std::string_view name) {
    constexpr std::uint32_t basis = 2166136261U, prime = 16777619U;
    std::uint32_t hash = basis;
    for (const char letter : name) hash = (hash ^ static_cast<unsigned char>(letter)) * prime;
    return {hash};
}

std::string same_node(const std::vector<config::Member>& members) {
    std::map<dhcpsync::NodeId, std::string> seen;
    for (const auto& member : members) {
        const auto [at, is_new] = seen.emplace(node_id(member.name), member.name);
        if (!is_new) return at->second + " and " + member.name;
    }
    return {};
}

LeaseDesk::LeaseDesk(Loop& loop, Log& log, Setup setup, int state_directory, Port port)
    : setup_(std::move(setup)),
      port_(std::move(port)),
      names_(names_of(setup_)),
      service_(loop, log, service_setup(state_directory), outcomes()) {}

dhcpsync::ServiceSetup LeaseDesk::service_setup(int state_directory) const {
    const auto& dnsmasq = setup_.block.dnsmasq;
    dhcpsync::ServiceSetup result;
    result.gateway = setup_.block.follows;
    result.self = node_id(setup_.self);
    for (const auto& [id, name] : names_)
        if (id != result.self) result.peers.push_back({id, name});
    result.lease_file = dnsmasq.lease_file;
    result.configuration = dnsmasq.configuration;
    result.bus_name = dnsmasq.bus_name;
    result.may_restart = dnsmasq.can_restart();
    result.scan = setup_.block.scan;
    result.probe = setup_.block.probe;
    result.state_directory = state_directory;
    result.networks = setup_.networks;
    return result;
}

dhcpsync::ServiceOutcomes LeaseDesk::outcomes() {
    dhcpsync::ServiceOutcomes result;
    result.send = [this](dhcpsync::NodeId peer, BytesView message) { return port_.send(names_.at(peer), message); };
    result.write_leases = [this](const std::string& path, const std::string& text) { write_leases(path, text); };
    result.scan = [this](const IpAddress& first, const IpAddress& last, Duration pace) {
        const ipc::Scan scan{setup_.block.follows, first, last,
                             std::chrono::duration_cast<std::chrono::milliseconds>(pace)};
        (void)port_.tell(ipc::Kind::scan, encode(scan), -1);
    };
    result.probe = [this] { (void)port_.tell(ipc::Kind::dhcp_probe, setup_.block.follows, -1); };
    result.health = port_.health;
    result.lan_served = port_.lan_served;
    result.split_brain = [this](dhcpsync::NodeId peer) { port_.split_brain(names_.at(peer)); };
    return result;
}

void LeaseDesk::write_leases(const std::string& path, const std::string& text) {
    const auto memfd = ipc::seal(text, "leases");
    if (!memfd)
        write_problem_ = memfd.error().describe();
    else if (!port_.tell(ipc::Kind::write_leases, path, memfd->get()))
        write_problem_ = "the supervisor was late to read";
}

Deadline LeaseDesk::next_deadline() const {
    return write_problem_.empty() ? service_.next_deadline() : Deadline(Instant());
}

void LeaseDesk::step() {
    if (const auto problem = std::exchange(write_problem_, {}); !problem.empty()) service_.leases_written(problem);
    service_.step();
}

void LeaseDesk::up(const std::string& member) { service_.peer_up(node_id(member)); }

void LeaseDesk::down(const std::string& member) { service_.peer_down(node_id(member)); }

void LeaseDesk::said(const std::string& member, const GatewaySummary& summary) {
    const bool could_serve = summary.role == proto::Role::backup && summary.dhcp == ServiceState::up;
    service_.testified(node_id(member), {offers_of(summary.lan_dhcp), summary.term, could_serve});
}

// Told again after each reload, which is no news.
void LeaseDesk::role_changed(const ipc::RoleChange& change) {
    if (change.gateway != setup_.block.follows) return;
    const bool active = change.role == proto::Role::active;
    if (std::exchange(active_, active) == active) return;
    service_.role_changed({active, change.resumed});
}

void LeaseDesk::host_alive(const ipc::HostAlive& host) {
    if (host.gateway == setup_.block.follows) service_.host_alive(host.address, host.mac);
}

void LeaseDesk::dhcp_offered(const ipc::DhcpOffer& offer) {
    if (offer.gateway == setup_.block.follows) service_.dhcp_offered(offer.server);
}

LeasesStatus LeaseDesk::status() const {
    return {setup_.block.follows, service_.status(), service_.caught_up(), names_};
}

LeaseDesk::Standing LeaseDesk::standing() const {
    const auto status = service_.status();
    return {status.health.alive, status.seen_alive, obstacle(status), lan_dhcp_of(status.testimony.offers),
            status.testimony.term};
}

std::string LeaseDesk::obstacle(const dhcpsync::ServiceStatus& status) const {
    if (!status.health.alive) return "its DHCP server is dead: " + status.health.why;
    if (!status.fed && !status.trouble.empty()) return "its DHCP server is not told the leases: " + status.trouble;
    // Who is the gateway waits for nobody.
    if (active_ != true && setup_.members.size() > 1 && !service_.has_heard())
        return "it has heard from no other member yet which leases there are";
    if (service_.caught_up()) return {};
    return status.missing > status.refused
               ? fmt::format("its DHCP server does not know {} leases as they are now", status.missing)
               : "it has not heard all of the leases that another member has yet";
}

}  // namespace vrrpd::agent
