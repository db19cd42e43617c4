// What the owner says and asks, and what the replica answers; see lease_service_impl.hpp.
#include "dhcpsync/lease_service.hpp"

#include <algorithm>
#include <utility>

#include "dhcpsync/core/wire.hpp"
#include "dhcpsync/dnsmasq_bus.hpp"
#include "dhcpsync/dnsmasq_files.hpp"
#include "dhcpsync/lease_service_impl.hpp"
#include "dhcpsync/udp_port.hpp"

namespace dhcpsync {

namespace {

Replica restored(NodeId self, LeaseStore& store, WallTime now) {
    auto found = store.load(now);
    return Replica(self, std::move(found.image), found.persisted);
}

// Where there is no room for a lease, one more is the end of dnsmasq (2.90): nothing is guessed.
std::string why_not_every_lease(const FoundDnsmasq& found, std::optional<std::size_t> most_leases) {
    const auto hidden = found.text.hidden.empty() ? std::string() : found.text.hidden.front();
    const std::string remedy = "let our user _vrrpd read it, and restart dnsmasq";
    if (!found.readable && hidden.empty())
        return "dnsmasq's configuration was not found, so it is given no lease: name it as `configuration`";
    if (most_leases == 0 && !hidden.empty())
        return "no dhcp-range of dnsmasq can be seen, and " + hidden +
               " cannot be read, so it is given no lease: " + remedy;
    if (most_leases == 0) return "dnsmasq has no dhcp-range here: it takes no lease, and is given none";
    if (most_leases) return {};
    return (hidden.empty() ? "dnsmasq's configuration is too long to be read whole" : hidden + " cannot be read") +
           ", and it may hold a dhcp-lease-max, so dnsmasq is given no more leases than it has had: " +
           (hidden.empty() ? std::string() : remedy + "; or ") + "write dhcp-lease-max into a file that can be read";
}

ServerFacts facts_of(const FoundDnsmasq& found) {
    const auto most = room_for_leases(found.text, found.conf);
    ServerFacts facts{found.lease_file, most, {}, {}, why_not_every_lease(found, most)};
    for (const auto& range : found.conf.ranges) {
        if (range.mode == DhcpRange::Mode::pool) facts.pools.push_back({range.first, range.last});
    }
    facts.reserved = {found.conf.reserved.begin(), found.conf.reserved.end()};
    facts.may_use_bus = found.conf.bus_name.said() || !found.readable || !found.text.hidden.empty();
    return facts;
}

}  // namespace

Surroundings this_machine(vrrpd::Loop& loop, vrrpd::Log& log, const ServiceSetup& setup) {
    Surroundings around;
    if (!setup.bus_name.empty()) {
        around.open_bus = [&loop, &log, name = setup.bus_name](BusEvents events) {
            return std::make_unique<DnsmasqBus>(loop, log, name, std::move(events));
        };
    }
    around.server_listens = [serving = ServingDnsmasq(setup.networks)]() mutable {
        const auto listens = dhcp_server_listens();
        return listens == true && !serving.may_run() ? std::optional(false) : listens;
    };
    around.find_server = [search = DnsmasqSearch{setup.configuration, setup.lease_file, setup.networks, {}}] {
        return facts_of(find_dnsmasq(search));
    };
    around.wall = wall_now;
    return around;
}

LeaseService::Impl::Impl(vrrpd::Loop& loop_, vrrpd::Log& log_, ServiceSetup setup_, ServiceOutcomes outcomes_,
                         const Surroundings& around_)
    : loop(loop_),
      log(log_),
      setup(std::move(setup_)),
      outcomes(std::move(outcomes_)),
      around(around_),
      store(loop, log, setup.state_directory, [this](Term term) { run(TermPersisted{term}); }),
      replica(restored(setup.self, store, around.wall())),
      feed(FeedLimits{}),
      repair({}, {}),
      bus(around.open_bus ? around.open_bus({[this](const IpAddress& address, bool ok) {
                                                 give(Answered{address, ok});
                                             },
                                             [this] {
                                                 if (file) file->look();
                                             },
                                             [this](bool there) { server_on_bus(there); },
                                             [this](bool in_time) { health.pong(in_time); }})
                          : nullptr),
      health(loop, bus.get(), around.server_listens, [this](const HealthChange& change) { health_changed(change); }),
      clock(clock_now()),
      off_bus_since(loop.now()),
      chores_at(loop.now() + chores_interval) {
    give(Interrupted{false});
    give(Wanted{replica.wanted(now().wall)});
    use(around.find_server());
    if (!file)
        log.warning("gateway {}: dnsmasq's lease file was not found: name it in lease_file; it is searched every 10 s",
                    setup.gateway);
}

// The last changes may not be on disk yet.
LeaseService::Impl::~Impl() { store.write(replica.image()); }

// ---- time ---------------------------------------------------------------------------------------

Deadline LeaseService::Impl::next_deadline() const {
    Deadline next = replica.next_deadline();
    for (const auto& one : {feed.next_deadline(), store.next_deadline(), health.next_deadline(), repair.next_deadline(),
                            offer_watch.next_deadline(), split_deadline(), Deadline(chores_at)})
        next = vrrpd::earlier(next, one);
    if (by_file()) next = vrrpd::earlier(next, rewriter.next_deadline());
    if (file) next = vrrpd::earlier(next, file->next_deadline());
    if (bus) next = vrrpd::earlier(next, bus->next_deadline());
    return next;
}

void LeaseService::Impl::step() {
    const auto due = [this](Deadline deadline) { return deadline && *deadline <= loop.now(); };
    heed_clock();
    if (file) file->step();
    if (bus) bus->step();
    if (due(replica.next_deadline())) run(TimeReached{});
    if (due(feed.next_deadline())) give(RetryDue{});
    if (due(repair.next_deadline())) repair_on(ScanDue{});
    if (due(rewriter.next_deadline())) consider_rewrite();
    if (due(chores_at)) do_chores();
    consider_splits();
    heed_term();
    heed_offers(offer_watch.step(loop.now()));
    store.step();
    health.step();
}

Seconds LeaseService::Impl::clock_now() const {
    const auto [instant, wall] = now();
    return wall.time_since_epoch() - std::chrono::duration_cast<Seconds>(instant.time_since_epoch());
}

// NTP, or somebody, set the clock that leases end by: some that had ended live again, or the other way round.
void LeaseService::Impl::heed_clock() {
    const auto step = clock_now() - clock;
    if (std::chrono::abs(step) < Seconds(2)) return;  // both are rounded
    clock += step;
    log.notice("gateway {}: the clock was set by {} s: what has ended, and what has not, is judged anew", setup.gateway,
               step.count());
    give(Wanted{replica.wanted(now().wall)});
    consider_rewrite();
}

// ---- the replica --------------------------------------------------------------------------------

void LeaseService::Impl::perform(Actions actions) {
    for (auto& action : actions) std::visit([this](auto& one) { on(one); }, action);
}

void LeaseService::Impl::on(const Send& action) {
    const auto* update = std::get_if<Update>(&action.message);
    const auto peer = peers.find(action.peer);
    if (update && role && role->active && peer != peers.end() && !peer->second.asked)
        peer->second.asked = update->number;
    (void)outcomes.send(action.peer, encode(action.message));
}

void LeaseService::Impl::on(Apply& action) {
    give(Wanted{std::move(action.changes)});
    consider_rewrite();
}

void LeaseService::Impl::on(const SplitBrain& action) {
    const auto peer = peers.find(action.peer);
    if (peer != peers.end()) peer->second.split_at = loop.now() + split_patience;
}

void LeaseService::Impl::on(const TooMuch& action) {
    log.warning(
        "gateway {}: {} has more leases than fit in here ({} at most, with those that ended lately): they are not "
        "taken",
        setup.gateway, name_of(action.peer), most_versions_held);
}

void LeaseService::Impl::on(const Quarantined& action) {
    log.warning(
        "gateway {}: two machines hold {}: two routers gave it away while they could not hear each other. It is "
        "given to nobody else until one of the leases ends",
        setup.gateway, action.address.to_string());
}

void LeaseService::Impl::received(NodeId peer, BytesView message) {
    const auto up = peers.find(peer);
    if (up == peers.end()) return;
    auto read = decode(message);
    if (!read) {
        const bool newer = read.error() == WireFault::unknown_type || read.error() == WireFault::unknown_version;
        if (talk_nonsense.insert(peer).second)
            log.warning("gateway {}: {} about leases that {} sends is not understood: {}", setup.gateway,
                        newer ? "something" : "a message", name_of(peer),
                        newer ? "it runs a newer version" : "it is damaged");
        return;
    }
    heard(up->second, *read);
    run(FromPeer{peer, std::move(*read)});
    consider_splits();
}

void LeaseService::Impl::heard(PeerState& peer, const Message& message) {
    const auto* update = std::get_if<Update>(&message);
    const auto* ack = std::get_if<Ack>(&message);
    if (update && update->claim) peer.told = has_heard = true;
    const bool active = std::visit([](const auto& one) { return one.standing.active; }, message);
    if (active && !peer.active) peer.knows = true;  // it says so now, as we do
    if (ack && peer.asked && *peer.asked <= ack->number) peer.knows = true;
    peer.active = active;
}

// A gateway that died has not answered us as the new one: its connection only looks alive.
void LeaseService::Impl::consider_splits() {
    for (auto& [id, peer] : peers) {
        if (!peer.split_at || loop.now() < *peer.split_at) continue;
        const bool both = role && role->active && peer.active;
        if (both && !peer.knows) continue;
        peer.split_at.reset();
        if (both) outcomes.split_brain(id);
    }
}

Deadline LeaseService::Impl::split_deadline() const {
    Deadline next;
    for (const auto& [id, peer] : peers) {
        if (peer.split_at && loop.now() < *peer.split_at) next = vrrpd::earlier(next, peer.split_at);
    }
    return next;
}

// The server leads, or no longer, before the replica hears of the role. What was granted last is read before this node
// says that it is no gateway any more.
void LeaseService::Impl::role_changed(const RoleChange& change) {
    if (role && role->active == change.active) return;
    if (!change.active && role && file) file->read_now();
    role = change;
    for (auto& [id, peer] : peers) {
        peer.asked.reset();
        peer.knows = false;
    }
    give(ServerLeads{change.active});
    if (change.active) {
        rewriter.became_active(change.resumed);
        run(BecameActive{change.resumed});
        gateway_term = replica.newest_term();
        if (!change.resumed) repair_on(TookOver{});
    } else {
        rewriter.became_backup();
        run(BecameBackup{});
        repair_on(StandsIn{});
    }
    watch_offers();
    consider_rewrite();
}

std::string LeaseService::Impl::name_of(NodeId peer) const {
    const auto at =
        std::find_if(setup.peers.begin(), setup.peers.end(), [&](const Peer& one) { return one.id == peer; });
    return at == setup.peers.end() ? "an unknown peer" : at->name;
}

// ---- asked by the owner -------------------------------------------------------------------------

// Of a change alone it is judged by lacks() whether it is worth a restart.
std::size_t LeaseService::Impl::missing() const { return feed.missing() + (by_file() ? 0 : feed.late(loop.now())); }

bool LeaseService::Impl::caught_up() const {
    const bool heard = std::all_of(peers.begin(), peers.end(), [](const auto& peer) { return peer.second.told; });
    if (!heard || missing() > feed.refused()) return false;
    const auto wall = now().wall;
    return !by_file() || !lacks(book ? book->leases : Leases{}, wanted_book().leases, wall);
}

// Who is the gateway leads by its own file.
bool LeaseService::Impl::restarts_server() const {
    return rewriter.writing() || (lacks_by_file && role && !role->active);
}

ServiceStatus LeaseService::Impl::status() const {
    const auto [instant, wall] = now();
    ServiceStatus result;
    result.lease_file = file ? file->path() : "";
    for (const auto& trouble :
         {file ? file->trouble() : std::string("the lease file was not found: name it in lease_file"),
          bus && !by_file() ? bus->trouble() : std::string(), write_trouble, facts.trouble, store.trouble()}) {
        if (result.trouble.empty()) result.trouble = trouble;
    }
    result.leases = static_cast<std::size_t>(
        std::count_if(replica.table().begin(), replica.table().end(),
                      [wall = wall](const auto& cell) { return holder(cell.second, wall) != nullptr; }));
    result.missing = missing();
    result.refused = feed.refused();
    result.faulty = faults.total();
    result.quarantined = replica.quarantined(wall).size();
    result.fed = facts.most_leases != 0 && (by_bus() || (by_file() && file && write_trouble.empty()));
    result.health = health.health();
    result.seen_alive = health.seen_alive();
    result.offers = offers;
    result.term = replica.newest_term();
    result.testimony = {offer_watch.offers(), gateway_term, false};
    for (const auto& [peer, state] : peers) {
        if (const auto lag = replica.lag(peer, instant)) result.lags.push_back({peer, *lag});
    }
    return result;
}

// ---- the service --------------------------------------------------------------------------------

LeaseService::LeaseService(vrrpd::Loop& loop, vrrpd::Log& log, ServiceSetup setup, ServiceOutcomes outcomes)
    : LeaseService(loop, log, setup, std::move(outcomes), this_machine(loop, log, setup)) {}

LeaseService::LeaseService(vrrpd::Loop& loop, vrrpd::Log& log, ServiceSetup setup, ServiceOutcomes outcomes,
                           const Surroundings& around)
    : impl_(std::make_unique<Impl>(loop, log, std::move(setup), std::move(outcomes), around)) {}

LeaseService::~LeaseService() = default;

void LeaseService::peer_up(NodeId peer) {
    impl_->peers[peer] = {};
    impl_->run(PeerUp{peer});
}

void LeaseService::peer_down(NodeId peer) {
    impl_->peers.erase(peer);
    impl_->talk_nonsense.erase(peer);
    impl_->witnesses.gone(peer, impl_->loop.now());
    impl_->run(PeerDown{peer});
}

void LeaseService::received(NodeId peer, vrrpd::BytesView message) { impl_->received(peer, message); }
void LeaseService::testified(NodeId peer, const Testimony& testimony) { impl_->testified(peer, testimony); }
void LeaseService::role_changed(const RoleChange& change) { impl_->role_changed(change); }
void LeaseService::host_alive(const IpAddress& address, const vrrpd::MacAddress& mac) {
    impl_->repair_on(HostSeen{address, mac});
}

void LeaseService::dhcp_offered(const IpAddress& server) {
    impl_->offers = server;
    impl_->heed_term();
    impl_->heed_offers(impl_->offer_watch.offered());
}

void LeaseService::leases_written(const std::string& problem) { impl_->leases_written(problem); }
Deadline LeaseService::next_deadline() const { return impl_->next_deadline(); }
void LeaseService::step() { impl_->step(); }
ServiceStatus LeaseService::status() const { return impl_->status(); }
bool LeaseService::restarts_server() const { return impl_->restarts_server(); }
bool LeaseService::has_heard() const { return impl_->has_heard; }
bool LeaseService::caught_up() const { return impl_->caught_up(); }

}  // namespace dhcpsync
