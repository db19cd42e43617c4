// What the cores asked for, carried out; and what the wire said, handed to them.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "vrrpd/engine/engine.hpp"

namespace vrrpd::engine {

namespace {

constexpr Duration longest_hold = std::chrono::milliseconds(5);  // of log lines, while a claim is under way

}  // namespace

void Engine::drive(Router& router, const proto::Event& event, Instant at) {
    router.stepped_at = std::max(router.stepped_at, at);
    const auto before = router.machine.role();
    const auto actions = router.machine.step(router.stepped_at, event);
    for (const auto& action : actions) std::visit([&](const auto& what) { perform(router, what); }, action);
    schedule(number_of(router));
    if (router.config->sync_group) group_heeds(router, before, actions);
}

void Engine::perform(Router& router, const proto::SendAdvert& action) {
    speaker_->advertise(*transport_, router, action.priority);
    remember(router);
    if (router.record)
        router.record->last_advert.store(loop_.now().time_since_epoch().count(), std::memory_order_relaxed);
}

// What is absent is not wanted yet.
Desired Engine::wanted_by(const Router& router) const {
    auto wanted = desired(*router.config, router.followed, desk_->world());
    absent_.hold_back(wanted, desk_->world());
    return wanted;
}

// Of those who follow this gateway: who keeps its fence open.
const Router* Engine::first_installed(const Followed& gateway) const {
    const auto first = std::find_if(routers_.begin(), routers_.end(), [&](const auto& router) {
        return router && router->installed && router->followed.gateway == gateway.gateway;
    });
    return first == routers_.end() ? nullptr : first->get();
}

// `number` is where the router was when it claimed; a reload may have moved it.
Router* Engine::find_claim(std::uint32_t number, std::uint64_t claim) {
    if (number < routers_.size() && routers_[number]->claim == claim) return routers_[number].get();
    const auto mine = std::find_if(routers_.begin(), routers_.end(),
                                   [claim](const auto& candidate) { return candidate->claim == claim; });
    return mine == routers_.end() ? nullptr : mine->get();
}

// The advert has left; now the fence, then addresses, routes and rules, then the announcements.
void Engine::perform(Router& router, const proto::Claim& action) {
    if (options_.observe) return;
    router.installed = true;
    review_absent();
    // What an engine that crashed had, stands, or may be another machine's meanwhile.
    if (action.cause == proto::Cause::adopted)
        absent_.ask_first(missing(wanted_by(router), desk_->world()).addresses, desk_->world(), loop_.now());
    auto wanted = wanted_by(router);
    router.claim = ++claims_;
    if (router.followed.gateway) {
        const auto lifetime = dead_man(router.machine.down_interval());
        // Of a group, whichever member comes first: behind a shut fence its announcements were lost.
        if (first_installed(router.followed) == &router || !gateways_->fence_is_open(router.followed.number))
            gateways_->open_fence(router.followed.number, lifetime);
        router.renew_at = loop_.now() + lifetime / 3;
        router.standing = std::make_unique<Desired>(wanted);
    }
    if (action.cause == proto::Cause::adopted) {  // what stands is not touched
        wanted = missing(wanted, desk_->world());
        if (router.renew_at) router.renew_at = loop_.now();
    }
    log_.hold();
    tell_at_ = loop_.now() + longest_hold;
    router.writes_pending = 0;  // answers to an earlier claim no longer find us
    refuse_packets();
    auto requests = additions(wanted);
    const auto others = requests.size();
    raise_devices(router, requests);
    const auto devices = requests.size() - others;
    ClaimUnderWay claim{boot_now(), action.cause, std::move(wanted), devices};
    write_for(
        router, std::move(requests), Say::failures,
        [this, claim = std::move(claim)](Router& mine, const Results& results) { claimed(mine, claim, results); });
}

// The role, the claim or the router itself may be gone by the time the kernel is done; then nobody wants to know.
void Engine::write_for(Router& router, std::vector<netlink::Request> requests, Say say, Written then) {
    ++router.writes_pending;
    desk_->apply(std::move(requests), [this, number = number_of(router), claim = router.claim, say,
                                       then = std::move(then)](const Results& results) {
        auto* mine = find_claim(number, claim);
        if (!mine) return;
        --mine->writes_pending;
        if (!mine->installed) return;
        if (say == Say::failures) log_failures(mine->config->name, results);
        then(*mine, results);
        if (mine->installed && mine->overlooked) repair(*mine);
    });
}

void Engine::tell() {
    tell_at_.reset();
    log_.release();
    report();
}

void Engine::log_failures(const std::string& name, const Results& results) {
    for (const auto& result : results)
        if (!result) log_.error("({}) {}", name, result.error().describe());
}

bool Engine::failed(Router& router, const ClaimUnderWay& claim, const Results& results) {
    if (!router.troubles->invalid.empty()) router.troubles.edit().invalid.clear();
    bool failed = false;
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (results[i]) continue;
        if (i < claim.devices) {
            failed = true;
            continue;
        }
        if (i - claim.devices >= claim.wanted.addresses.size()) break;  // routes and rules
        const auto& address = claim.wanted.addresses[i - claim.devices].prefix.address;
        // A host without IPv6 (or without IPv4) is a gateway for the other family all the same.
        if (address.family() != router.config->family) continue;
        if (results[i].error().code == EINVAL)
            router.troubles.edit().invalid.push_back(address);
        else
            failed = true;
    }
    // Given up a moment ago, and nobody wanted it.
    const bool in_vain = claim.cause != proto::Cause::preempted_lower && claim.began < router.machine.claims_again_at();
    return failed && !in_vain;
}

void Engine::claimed(Router& router, const ClaimUnderWay& claim, const Results& results) {
    if (failed(router, claim, results)) return drive(router, proto::ClaimFailed{});
    announce_all(router);
    tell();
    if (results.empty()) return;  // adopted, and all of it stands
    const bool degraded = !std::all_of(results.begin(), results.end(), [](const auto& one) { return one.has_value(); });
    log_.info("({}) took over in {}{}: {} addresses, {} routes and rules", router.config->name,
              text(boot_now() - claim.began), degraded ? ", DEGRADED" : "", claim.wanted.addresses.size(),
              claim.wanted.routes.size() + claim.wanted.rules.size());
}

void Engine::announce_all(Router& router) {
    const auto all = announced(router, desk_->world());
    router.announcer.start(loop_.now(), all.arp.size(), all.na.size());
    speaker_->announce(router, router.announcer.due(loop_.now()));
    schedule(number_of(router));
}

void Engine::perform(Router& router, const proto::Release&) {
    router.announcer.stop();
    speaker_->forget(router);
    router.renew_at.reset();
    if (!std::exchange(router.installed, false)) return;
    const auto standing = std::exchange(router.standing, nullptr);
    const auto withdrawn = standing ? *standing : wanted_by(router);
    review_absent();
    const auto& name = router.config->name;
    lower_devices(router);
    desk_->apply(removals(withdrawn), [this, name](const Results& results) { log_failures(name, results); });
    refuse_packets();
    if (!router.followed.gateway) return;
    if (!first_installed(router.followed) && gateways_->fence_is_open(router.followed.number))
        gateways_->shut_fence(router.followed.number);
    // Not for a plain instance: whoever runs conntrackd beside it would lose the same connections on the next router.
    // Nor a link-local address: it may be another's on another device (many a provider's router is fe80::1), and
    // nothing that is translated has one.
    PurgeConnections purge;
    for (const auto& address : withdrawn.addresses)
        if (!address.prefix.address.is_link_local()) purge.which.addresses.push_back(address.prefix.address);
    desk_->ask(std::move(purge), [this, name](const Outcome& outcome) {
        const auto& count = std::get<ConnectionsPurged>(outcome).count;
        if (!count)
            log_.warning("({}) connections of the withdrawn addresses: {}", name, count.error().describe());
        else if (*count > 0)
            log_.debug("({}) forgot {} connections of the withdrawn addresses", name, *count);
    });
}

void Engine::perform(Router& router, const proto::Probe&) { speaker_->probe(router, loop_.now()); }

// As keepalived does: whoever was misled about one address of a group may be about the others.
void Engine::perform(Router& router, const proto::AnnounceAgain&) {
    herald_.tell(router, Herald::Event::master_rx_lower_priority);
    if (!router.config->sync_group) return repeat_announcements(router);
    for (const auto member : group_of(router).config->members) repeat_announcements(*routers_[member]);
}

void Engine::repeat_announcements(Router& router) {
    if (!router.installed) return;
    router.announcer.again(loop_.now());
    speaker_->announce(router, router.announcer.due(loop_.now()));
    schedule(number_of(router));
}

void Engine::perform(Router& router, const proto::Transition& action) {
    router.rejections_said = 0;
    router.since = loop_.now();
    router.adopted = action.cause == proto::Cause::adopted;
    tidy_at_ = loop_.now() + tidy_delay;
    if (action.to == proto::Role::active) ++router.counters.became_active;
    if (action.from == proto::Role::active) ++router.counters.released;
    if (router.record) router.record->active.store(action.to == proto::Role::active, std::memory_order_relaxed);
    if (action.cause == proto::Cause::silence && action.peer)
        outbox_.tell(ipc::Kind::host_silent, action.peer->to_string());
    const auto line = describe(action, faults_of(router), [this](const IpAddress& peer) { return name_of(peer); });
    const bool pretended = options_.observe && action.to == proto::Role::active;
    log_.write(line.level, fmt::format("({}) {}{}{}", router.config->name, options_.observe ? "[observing] " : "",
                                       pretended ? "would have asked who holds the addresses, then: " : "", line.text));
    herald_.tell(router, action);
    if (action.cause == proto::Cause::started && router.config->unicast()) announce_source(router);
    if (router.followed.gateway) report();
}

// Who stands in is silent, and after a cable was pulled the switches no longer know where the adverts of its unicast
// peers are to go.
void Engine::announce_source(const Router& router) {
    const auto* link = desk_->world().link(router.link);
    if (link && router.source && router.source->is_v4())
        speaker_->ask(router.link, proto::gratuitous_arp(*router.source, link->mac));
}

void Engine::perform(Router& router, const proto::Note& action) {
    herald_.tell(router, action);
    const auto line = describe(action, {router.machine.effective_priority(), holder_, not_ready_because(router)},
                               [this](const IpAddress& peer) { return name_of(peer); });
    log_.write(line.level, fmt::format("({}) {}", router.config->name, line.text));
}

// The dead man's sign of life: addresses and fence for another lifetime.
void Engine::renew(Router& router, Instant now) {
    const auto lifetime = dead_man(router.machine.down_interval());
    router.renew_at = now + lifetime / 3;
    if (first_installed(router.followed) == &router) gateways_->open_fence(router.followed.number, lifetime);
    Desired addresses;
    addresses.addresses = wanted_by(router).addresses;
    write_for(router, additions(addresses), Say::nothing, [this](Router& mine, const Results& results) {
        const auto refused = std::find_if(results.begin(), results.end(), [](const auto& result) { return !result; });
        const bool failed = refused != results.end();
        if (failed == mine.troubles->renewal_failed) return;
        mine.troubles.edit().renewal_failed = failed;
        if (failed)
            log_.error("({}) its addresses end by themselves, and the kernel does not renew them all: {}",
                       mine.config->name, refused->error().describe());
        else
            log_.notice("({}) its addresses are renewed again", mine.config->name);
    });
}

// Whose an advert is of those who have its VRID. Alone, whoever has it judges it, and counts what it refuses.
Router* Engine::addressee(std::span<const Transport::Member> members, const proto::Envelope& envelope) const {
    enum class Fit : std::uint8_t { none, vrid, destination, member, peer };  // the later, the better
    const auto fits = [&](const Router& router) {
        const auto& config = *router.config;
        if (envelope.destination.is_multicast()) {
            if (config.unicast()) return Fit::vrid;
            const auto group = config.group.value_or(proto::multicast_group(config.family));
            return group == envelope.destination ? Fit::destination : Fit::none;
        }
        if (!config.unicast())  // members of peer_link send to it unicast, too
            return std::find(members_.begin(), members_.end(), envelope.source) == members_.end() ? Fit::vrid
                                                                                                  : Fit::member;
        if (router.source != envelope.destination) return Fit::vrid;
        const bool is_peer = std::any_of(config.peers.begin(), config.peers.end(),
                                         [&](const auto& peer) { return peer.address == envelope.source; });
        return is_peer ? Fit::peer : Fit::destination;
    };
    Router* best = nullptr;
    auto best_fit = Fit::none;
    for (const auto& member : members) {
        auto* router = routers_[member.router].get();
        const auto fit = fits(*router);
        if (fit > best_fit) best = router;
        best_fit = std::max(fit, best_fit);
    }
    return best;
}

void Engine::heard(std::span<const Transport::Member> members, const netlink::Link& link,
                   const AdvertSocket::Heard& heard) {
    if (!speaking_) return;  // vrrp_startup_delay: not listening yet (VR-087)
    auto* const found = addressee(members, heard.envelope);
    if (!found) {
        if (config_->log_unknown_vrids && heard.message.size() > 1 && unknown_vrid_said_ <= loop_.now()) {
            unknown_vrid_said_ = loop_.now() + std::chrono::seconds(60);
            log_.info("{}: advert of VRID {} from {}, which nobody here has", link.name, heard.message[1],
                      heard.envelope.source.to_string());
        }
        return;
    }
    auto& router = *found;
    if (router.machine.role() == proto::Role::initialize) return;  // VR-085
    const auto& config = *router.config;
    if (config.ignores_adverts) return;  // of the owner
    const std::array<IpAddress, 1> own{router.source.value_or(IpAddress{})};
    proto::ReceivePolicy policy;
    policy.version = config.parameters.version;
    policy.family = config.family;
    policy.interval = config.parameters.advert_interval;
    policy.unicast = config.unicast();
    policy.check_unicast_source = config.check_unicast_source;
    policy.peers = config.peers;
    policy.also_from = members_;
    policy.own_sources = own;
    policy.no_addresses = config.addresses.empty();  // no_virtual_ipaddress: the peers announce none either
    policy.authenticator = router.authenticator.get();
    if (policy.authenticator && policy.authenticator->takes_trailer()) policy.now = wall_now();
    const auto result = proto::decode(heard.message, heard.envelope, policy, heard.headers);
    if (result)
        accepted(router, heard, *result);
    else
        rejected(router, link, heard, result.error());
}

// VR-150, RFC 9568 7.1: counted by kind; said once a kind until the next transition, so a flood costs one line.
void Engine::rejected(Router& router, const netlink::Link& link, const AdvertSocket::Heard& heard,
                      proto::Rejection why) {
    const auto kind = static_cast<std::size_t>(why);
    ++router.troubles.edit().rejected[kind];
    const auto bit = std::uint32_t{1} << kind;
    if (router.rejections_said & bit) return;
    router.rejections_said |= bit;
    log_.warning("({}) {}: advert from {} refused: {}{}; more of this kind are counted, not logged",
                 router.config->name, link.name, heard.envelope.source.to_string(), proto::name(why), advice(why));
}

void Engine::accepted(Router& router, const AdvertSocket::Heard& heard, const proto::Accepted& accepted) {
    ++router.counters.adverts_received;
    if (accepted.advert.priority.is_resign()) ++router.counters.zero_received;
    router.master_priority = accepted.advert.priority.value();
    if (accepted.form != router.config->checksum && router.config->family == Family::ipv4 &&
        router.config->parameters.version == proto::Version::v3 && !std::exchange(router.foreign_form_said, true))
        log_.info("({}) {} leaves the pseudo-header {} its checksum, unlike us: accepted", router.config->name,
                  name_of(heard.envelope.source), accepted.form == proto::ChecksumForm::message_only ? "out of" : "in");
    watch_paths(router, heard.envelope);
    compare_addresses(router, heard.envelope.source, accepted.advert.addresses);
    authenticated(router, heard.envelope, accepted);
    // Silence counts from when the advert came in, not from when we got round to it. More than an interval is not
    // believed: then the clock of the day was set in between.
    const auto age = heard.age <= Duration(router.config->parameters.advert_interval) ? heard.age : Duration(0);
    drive(router,
          proto::Received{accepted.advert.priority, accepted.advert.interval, heard.envelope.source,
                          router.source.value_or(IpAddress{})},
          boot_now() - age);
    if (router.config->sync_group) group_heard(router);
}

// VR-148: obeyed all the same, or two routers were Active while one after the other is reconfigured. Whoever takes over
// takes its own list, though, and the clients of the others' addresses are left alone.
void Engine::compare_addresses(Router& router, const IpAddress& peer, const std::vector<IpAddress>& advertised) {
    constexpr std::size_t most_peers = 16;  // remembered
    const auto difference = describe_difference(router.config->addresses, advertised);
    const auto& known = router.troubles->other_addresses;
    const auto at = known.find(peer);
    const bool is_known = at != known.end();
    if (is_known ? at->second == difference : difference.empty() || known.size() == most_peers) return;
    // A flood must not fill the log: what is not said now is news with the next advert.
    if (loop_.now() < router.troubles->addresses_said + proto::note_pause) return;
    auto& troubles = router.troubles.edit();
    troubles.addresses_said = loop_.now();
    if (difference.empty()) {
        troubles.other_addresses.erase(peer);
        log_.notice("({}) {} advertises our addresses again, all of them and no others", router.config->name,
                    name_of(peer));
    } else {
        troubles.other_addresses[peer] = difference;
        log_.warning("({}) {} advertises other addresses than ours: {}. Write the same list on every router",
                     router.config->name, name_of(peer), difference);
    }
}

void Engine::watch_paths(Router& router, const proto::Envelope& envelope) {
    if (router.config->unicast()) return;
    if (std::find(members_.begin(), members_.end(), envelope.source) == members_.end()) return;
    const auto path = envelope.destination.is_multicast() ? Path::multicast : Path::unicast;
    const auto peer = name_of(envelope.source);
    switch (router.troubles.edit().paths.heard(envelope.source, path, loop_.now())) {
        case PathWatch::Finding::none:
            return;
        case PathWatch::Finding::only_unicast:
            log_.warning(
                "({}) {} is heard by unicast only: multicast is lost on the way (IGMP snooping without a querier, a "
                "switch filter, or a firewall here that lets 224.0.0.18 not in)",
                router.config->name, peer);
            return;
        case PathWatch::Finding::only_multicast:
            log_.warning(
                "({}) {} is heard by multicast only: its unicast copies are lost on the way (a firewall that drops "
                "protocol 112, or peer_link there does not list us)",
                router.config->name, peer);
            return;
        case PathWatch::Finding::both_again:
            log_.notice("({}) {} is heard by multicast and unicast again", router.config->name, peer);
            return;
    }
}

}  // namespace vrrpd::engine
