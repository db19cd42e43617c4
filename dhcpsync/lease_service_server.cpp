// The DHCP server's side of a LeaseService; see lease_service_impl.hpp.
#include <algorithm>
#include <utility>

#include "dhcpsync/lease_service_impl.hpp"

namespace dhcpsync {

namespace {

constexpr std::size_t faults_named = 3;

IpAddress address_of(const Call& call) {
    return std::visit([](const auto& one) { return one.address; }, call);
}

bool is_of(const Lease& lease, const vrrpd::MacAddress& machine) {
    const auto* client = std::get_if<Client4>(&lease.client);
    return client && std::ranges::equal(client->hardware.address, machine.bytes);
}

std::string named(const TextFaults& faults) {
    std::string text;
    for (std::size_t i = 0; i < std::min(faults_named, faults.named.size()); ++i) {
        const auto& [line, fault] = faults.named[i];
        text += fmt::format("{}line {}: {}", text.empty() ? "" : "; ", line, describe(fault));
    }
    return text;
}

}  // namespace

// ---- its lease file -----------------------------------------------------------------------------

// At the start, when it is found later (its command line names its files), and when it was started anew.
void LeaseService::Impl::use(const ServerFacts& found) {
    const bool other_pools = found.pools != facts.pools || found.reserved != facts.reserved;
    const auto path = found.lease_file.empty() ? facts.lease_file : found.lease_file;
    if (found.trouble != facts.trouble && !found.trouble.empty())
        log.warning("gateway {}: {}", setup.gateway, found.trouble);
    facts = found;
    facts.lease_file = path;
    feed.allow(facts.most_leases);
    give(RetryDue{});  // there may be room now
    if (other_pools) repair = Repair(facts.pools, facts.reserved);
    if (other_pools && role && !role->active) repair_on(StandsIn{});
    if (path.empty() || (file && file->path() == path)) return;
    log.info("gateway {}: the leases of the DHCP server are in {}", setup.gateway, path);
    file = std::make_unique<LeaseFile>(loop, log, path, ExpiryField::until,
                                       [this](Believed& content) { believed(content); });
}

// What no event tells of: a server that can be found now, a bus that did not come, a lease in the file that comes
// near its end. What its configuration says a server learns when it starts, and so do we: without a bus, it is we who
// restart it.
void LeaseService::Impl::do_chores() {
    chores_at = loop.now() + chores_interval;
    if (!file || (!bus && !facts.trouble.empty())) use(around.find_server());
    consider_rewrite();
}

// One event for the feed: what the server has, and what the replica makes of it.
void LeaseService::Impl::believed(Believed& content) {
    if (content.whole) say_faults(content.faults);
    auto before = std::exchange(book, content.book);
    if (!content.whole && before) book->leases.merge(before->leases);
    if (book->server_duid.empty() && before) book->server_duid = std::move(before->server_duid);

    ServerHas event{content.book.leases, content.whole, {}};
    auto actions = replica.step(now(), LocalLeases{std::move(content.book), content.whole});
    for (auto& action : actions) {
        if (auto* apply = std::get_if<Apply>(&action)) event.changes = std::move(apply->changes);
    }
    std::erase_if(actions, [](const Action& action) { return std::holds_alternative<Apply>(action); });
    give(event);
    perform(std::move(actions));
    consider_rewrite();
}

void LeaseService::Impl::say_faults(const TextFaults& found) {
    if (found.total() > 0 && found.counts != faults.counts)
        log.warning("lease file {}: {} records are not as dnsmasq writes them ({}); the others are used", file->path(),
                    found.total(), named(found));
    faults = found;
}

// ---- over the D-Bus -----------------------------------------------------------------------------

void LeaseService::Impl::give(const FeedEvent& event) {
    auto calls = feed.step(now(), event);
    for (std::size_t i = 0; i < calls.size(); ++i) {
        if (bus && bus->call(calls[i])) continue;
        auto more = feed.step(now(), Answered{address_of(calls[i]), false});
        calls.insert(calls.end(), more.begin(), more.end());
    }
}

void LeaseService::Impl::server_on_bus(bool there) {
    on_bus = there;
    if (!there) off_bus_since = loop.now();
    health.server(there);
    if (there) {
        use(around.find_server());
        book.reset();  // of the server before
    }
    run(ServerRestarted{});
    give(Interrupted{there});
    if (there && file) file->look();
    watch_offers();
}

void LeaseService::Impl::health_changed(const HealthChange& change) {
    if (change.alive)
        log.notice("gateway {}: the DHCP server on this host lives", setup.gateway);
    else
        log.warning("gateway {}: the DHCP server on this host is dead: {}", setup.gateway, change.why);
    outcomes.health(change);
}

// ---- by way of its file -------------------------------------------------------------------------

// A server that lost its bus is so restarted, and is on it again.
bool LeaseService::Impl::by_file() const {
    if (!setup.may_restart || by_bus() || !file) return false;
    return !expects_bus() || (role && role->active) || off_bus_since + around.bus_is_late <= loop.now();
}

// What the replica knows, over what the server has and nobody else heard of. The short leases of a repair only where
// they are needed: a stand-in would be restarted for them again and again.
LeaseBook LeaseService::Impl::wanted_book() const {
    const auto [instant, wall] = now();
    auto wanted = book.value_or(LeaseBook{});
    for (const auto& [address, versions] : replica.table()) {
        if (const auto* lease = holder(versions, wall))
            wanted.leases.insert_or_assign(address, *lease);
        else if (!lapsed(versions, wall))
            wanted.leases.erase(address);
    }
    if (const auto* duid = wanted_duid()) wanted.server_duid = *duid;
    if (role && role->active)
        for (auto& lease : repair.leases({instant, wall}, known()))
            wanted.leases.try_emplace(lease.address, std::move(lease));
    fit(wanted.leases);
    return wanted;
}

// It does not start with more than it takes.
void LeaseService::Impl::fit(Leases& wanted) const {
    static const Leases nothing;
    const auto& had = book ? book->leases : nothing;
    const auto most = facts.most_leases.value_or(had.size());
    for (auto at = wanted.begin(); at != wanted.end() && wanted.size() > most;)
        at = had.contains(at->first) ? std::next(at) : wanted.erase(at);
}

// null: no gateway's server has one yet.
const Bytes* LeaseService::Impl::wanted_duid() const {
    const auto& shared = replica.server_duid();
    return shared ? &shared->duid : nullptr;
}

// A client renews with the server whose DUID it knows, and others ignore it (RFC 8415 18.3.4). dnsmasq reads its own
// from the lease file, once: no call of the bus changes it, a restart does. What that does not help is left alone.
bool LeaseService::Impl::has_other_duid() {
    const auto* shared = wanted_duid();
    if (!shared || !book || book->server_duid.empty() || book->server_duid == *shared) return false;
    if (book->server_duid == stubborn_duid) return false;
    if (setup.may_restart && file) return true;
    stubborn_duid = book->server_duid;
    log.warning(
        "gateway {}: the DHCP server here has another server DUID than that of the other routers, so after a take-over "
        "DHCPv6 clients renew with nobody until they rebind: write the same dhcp-duid= to its configuration on all "
        "routers, and once, while it is stopped, remove the line that begins with \"duid\" from {}; or give dhcp_sync "
        "a "
        "restart_unit",
        setup.gateway, facts.lease_file);
    return false;
}

// Over a file that is there, and was not read yet, nothing is written.
void LeaseService::Impl::consider_rewrite() {
    lacks_by_file = false;
    if (facts.most_leases == 0) return;  // it reads none
    const bool other_duid = has_other_duid();
    if (!(by_file() || other_duid) || (!book && !file->missing())) return;
    const auto wanted = wanted_book();
    const auto wall = now().wall;
    lacks_by_file = other_duid || lacks(book ? book->leases : Leases{}, wanted.leases, wall);
    if (!rewriter.step(loop.now(), lacks_by_file)) return;
    if (other_duid) {
        log.notice("gateway {}: the DHCP server is restarted once, to have the server DUID of the other routers",
                   setup.gateway);
        stubborn_duid = book->server_duid;
    }
    const auto written = write_leases(wanted, {ExpiryField::until, wall});
    health.restarting(true);
    outcomes.write_leases(file->path(), written.text);
}

void LeaseService::Impl::leases_written(const std::string& problem) {
    rewriter.written(loop.now());
    health.restarting(false);
    if (problem != write_trouble && !problem.empty())
        log.warning("gateway {}: dnsmasq does not get the leases of the others: {}", setup.gateway, problem);
    write_trouble = problem;
    if (file) file->look();
}

// ---- hosts without a lease ----------------------------------------------------------------------

const Lease* LeaseService::Impl::lease_of(const IpAddress& address) const {
    const auto wall = now().wall;
    if (book) {
        const auto at = book->leases.find(address);
        if (at != book->leases.end() && at->second.live(wall)) return &at->second;
    }
    const auto cell = replica.table().find(address);
    return cell == replica.table().end() ? nullptr : holder(cell->second, wall);
}

bool LeaseService::Impl::has_lease(const vrrpd::MacAddress& machine) const {
    const auto wall = now().wall;
    const auto its = [&](const Lease& lease) { return lease.live(wall) && is_of(lease, machine); };
    if (book && std::ranges::any_of(book->leases, [&](const auto& one) { return its(one.second); })) return true;
    return std::ranges::any_of(replica.table(), [&](const auto& cell) {
        const auto* lease = holder(cell.second, wall);
        return lease && its(*lease);
    });
}

Repair::Known LeaseService::Impl::known() const {
    return {[this](const IpAddress& address) { return has_lease(address); },
            [this](const vrrpd::MacAddress& machine) { return has_lease(machine); },
            [this](const IpAddress& address, const vrrpd::MacAddress& machine) {
                const auto* lease = lease_of(address);
                return lease && !is_of(*lease, machine);
            }};
}

void LeaseService::Impl::repair_on(const RepairEvent& event) {
    if (!setup.scan) return;
    const auto actions = repair.step(now(), event, known());
    for (const auto& action : actions) std::visit([this](const auto& one) { act(one); }, action);
}

void LeaseService::Impl::act(const ScanPool& action) { outcomes.scan(action.first, action.last, action.pace); }

// It comes back from the server's file, and is published like any other. Without a bus it stands in the text that
// the server was restarted with, if it was seen before.
void LeaseService::Impl::act(const Protect& action) {
    if (!bus) return;
    const auto& lease = action.lease;
    log.info("gateway {}: {} ({}) is there without a lease: it gets one for {} s, so that nobody else does",
             setup.gateway, lease.address.to_string(), hardware_text(std::get<Client4>(lease.client).hardware),
             Repair::lease_length.count());
    give(Wanted{{{lease.address, lease}}});
}

void LeaseService::Impl::act(const HasSeveral& action) {
    log.warning(
        "gateway {}: {} answers ARP for {} without a lease, and has another address of the pool (an alias, or a "
        "proxy?): it is protected by no second lease, which would cost it the first, and a client may be offered its "
        "address if it answers no ping: give it an address outside of the dhcp-range",
        setup.gateway, action.mac.to_string(), action.address.to_string());
}

void LeaseService::Impl::act(const TakesAnothers& action) {
    const auto* lease = lease_of(action.address);
    log.warning(
        "gateway {}: {} answers ARP for {}, which was given to {}: two machines have one address, or one was given "
        "another card. Give the one that did not ask for it an address outside of the dhcp-range",
        setup.gateway, action.mac.to_string(), action.address.to_string(),
        hardware_text(std::get<Client4>(lease->client).hardware));
}

// ---- is the LAN served? -------------------------------------------------------------------------

// A bus tells more, and costs the server nothing; but of a server that lives and answers nobody it knows nothing.
void LeaseService::Impl::watch_offers() {
    const auto pace = setup.probe.value_or(on_bus ? OfferWatch::long_interval : OfferWatch::interval);
    if (role && !role->active && pace > Duration(0))
        offer_watch.start(loop.now(), pace);
    else
        offer_watch.stop();
}

// Each take-over has a term of its own.
void LeaseService::Impl::heed_term() {
    if ((role && role->active) || gateway_term == replica.newest_term()) return;
    gateway_term = replica.newest_term();
    offer_watch.moved(loop.now());
}

void LeaseService::Impl::heed_offers(OfferWatch::Action action) {
    switch (action) {
        case OfferWatch::Action::none:
            break;
        case OfferWatch::Action::ask:
            if (repair.has_room([this](const IpAddress& address) { return has_lease(address); }))
                outcomes.probe();
            else
                offer_watch.excused(loop.now());
            break;
        case OfferWatch::Action::say_answered:
            log.info("gateway {}: DHCP server {} answers on the LAN", setup.gateway, offers->to_string());
            outcomes.lan_served(true);
            break;
        case OfferWatch::Action::say_silent:
            log.warning("gateway {}: no DHCP server answers on the LAN", setup.gateway);
            // One that never did may know its clients, and mean to answer no others.
            if (std::exchange(offers, std::nullopt)) outcomes.lan_served(false);
            break;
    }
}

void LeaseService::Impl::testified(NodeId peer, const Testimony& testimony) {
    if (!peers.contains(peer)) return;
    const bool newly_withheld = witnesses.says(peer, testimony, loop.now());
    if (!role || !role->active) {
        heed_term();
        if (newly_withheld && testimony.term == gateway_term) offer_watch.doubt(loop.now());
        return;
    }
    const auto verdict = witnesses.verdict(gateway_term);
    if (verdict != Offers::unknown) health.answers_lan(verdict == Offers::given);
}

}  // namespace dhcpsync
