#include "vrrpd/engine/claim_desk.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <memory>
#include <utility>

#include "vrrpd/engine/core/describe.hpp"

namespace vrrpd::engine {

void ClaimDesk::claim(Router& router, proto::Cause cause) {
    if (kernel_.observes()) return;
    router.installed = true;
    absent_.review();
    // What an engine that crashed had, stands, or may be another machine's meanwhile.
    if (cause == proto::Cause::adopted) absent_.ask_for_missing(router);
    auto wanted = absent_.wanted_by(router);
    router.claim = ++claims_;
    if (const auto& gateway = router.followed; gateway.gateway) {
        const auto lifetime = dead_man(router.machine.down_interval());
        // Of a group, whichever member comes first: behind a shut fence its announcements were lost.
        if (keeps_fence_open(router) || !gateways_.wants_fence_open(gateway.number))
            gateways_.open_fence(gateway.number, lifetime);
        router.renew_at = loop_.now() + lifetime / 3;
        router.standing = std::make_unique<Desired>(wanted);
    }
    if (cause == proto::Cause::adopted) {  // what stands is not touched
        wanted = missing(wanted, world());
        if (router.renew_at) router.renew_at = loop_.now();
    }
    orders_.begun();
    router.writes_pending = 0;  // answers to an earlier claim no longer find us
    refuse_packets();
    auto requests = additions(wanted);
    const auto others = requests.size();
    raise_devices(router, requests);
    const auto devices = requests.size() - others;
    UnderWay claim{boot_now(), cause, std::move(wanted), devices};
    write_for(
        router, std::move(requests), Say::failures,
        [this, claim = std::move(claim)](Router& mine, const Results& results) { claimed(mine, claim, results); });
}

// The role, the claim or the router itself may be gone by the time the kernel is done; then nobody wants to know.
void ClaimDesk::write_for(Router& router, std::vector<netlink::Request> requests, Say say,
                          std::function<void(Router&, const Results&)> then) {
    ++router.writes_pending;
    kernel_.apply(std::move(requests), [this, number = routers_.number_of(router), claim = router.claim, say,
                                        then = std::move(then)](const Results& results) {
        auto* mine = routers_.find_claim(number, claim);
        if (!mine) return;
        --mine->writes_pending;
        if (!mine->installed) return;
        if (say == Say::failures) log_failures(mine->config->name, results);
        then(*mine, results);
        if (mine->installed && mine->overlooked) repair(*mine);
    });
}

void ClaimDesk::log_failures(const std::string& name, const Results& results) {
    for (const auto& result : results)
        if (!result) log_.error("({}) {}", name, result.error().describe());
}

// Before the addresses: they are put on devices that are up.
void ClaimDesk::raise_devices(const Router& router, std::vector<netlink::Request>& requests) {
    auto first = devices_.raise(*router.config);
    requests.insert(requests.begin(), std::make_move_iterator(first.begin()), std::make_move_iterator(first.end()));
}

// Before the addresses go, too: from a device that is down no multicast report leaves when they do.
void ClaimDesk::lower_devices(const Router& router) {
    auto requests = devices_.lower(*router.config);
    if (requests.empty()) return;
    kernel_.apply(std::move(requests),
                  [this, name = router.config->name](const Results& results) { log_failures(name, results); });
}

// To addresses that are not accepted, while the role lasts.
void ClaimDesk::refuse_packets() {
    std::vector<netlink::nft::Refused> all;
    for (const auto& router : routers_) {
        if (!router->installed || router->config->accepts) continue;
        auto some = refused_by(*router->config);
        all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
    }
    refusals_.set(std::move(all));
}

// Whether the role is useless here and may be better off elsewhere.
bool ClaimDesk::failed(Router& router, const UnderWay& claim, const Results& results) const {
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

void ClaimDesk::claimed(Router& router, const UnderWay& claim, const Results& results) {
    if (failed(router, claim, results)) return orders_.drive(router, proto::ClaimFailed{});
    const auto written = boot_now();
    announce_all(router);
    const auto announced = boot_now();
    orders_.done();
    if (results.empty()) return;  // adopted, and all of it stands
    const auto steps = describe(TakeOver{claim.began, fence_step(router, claim), written, announced});
    log_.info("({}) took over in {}{}: {} addresses, {} routes and rules ({})", router.config->name,
              text(announced - claim.began), degraded(router, results) ? ", DEGRADED" : "",
              claim.wanted.addresses.size(), claim.wanted.routes.size() + claim.wanted.rules.size(), steps);
}

// The role is useless behind a shut fence, but no other router is known to do better.
bool ClaimDesk::degraded(const Router& router, const Results& results) const {
    const bool stuck = router.followed.gateway && gateways_.fence_is_stuck(router.followed.number);
    return stuck || !std::all_of(results.begin(), results.end(), [](const auto& one) { return one.has_value(); });
}

// None: there is no fence, or another member of its sync group had opened it.
std::optional<Instant> ClaimDesk::fence_step(const Router& router, const UnderWay& claim) const {
    if (!router.followed.gateway) return std::nullopt;
    const auto opened = gateways_.fence_opened_at(router.followed.number);
    return opened >= claim.began ? std::optional(opened) : std::nullopt;
}

void ClaimDesk::announce_all(Router& router) {
    const auto all = announced(router, world());
    router.announcer.start(loop_.now(), all.arp.size(), all.na.size());
    speaker_.announce(router, router.announcer.due(loop_.now()));
    routers_.schedule(router);
}

void ClaimDesk::repeat_announcements(Router& router) {
    if (!router.installed) return;
    router.announcer.again(loop_.now());
    speaker_.announce(router, router.announcer.due(loop_.now()));
    routers_.schedule(router);
}

void ClaimDesk::release(Router& router) {
    router.announcer.stop();
    speaker_.forget(router);
    router.renew_at.reset();
    if (!std::exchange(router.installed, false)) return;
    const auto standing = std::exchange(router.standing, nullptr);
    const auto withdrawn = standing ? *standing : absent_.wanted_by(router);
    absent_.review();
    lower_devices(router);
    kernel_.apply(removals(withdrawn),
                  [this, name = router.config->name](const Results& results) { log_failures(name, results); });
    refuse_packets();
    if (const auto& gateway = router.followed; gateway.gateway) {
        if (!routers_.first_installed(*gateway.gateway) && gateways_.wants_fence_open(gateway.number))
            gateways_.shut_fence(gateway.number);
        purge_connections(router, withdrawn);
    }
}

// Not for a plain instance: whoever runs conntrackd beside it would lose the same connections on the next router. Nor
// of a link-local address: it may be another's on another device (many a provider's router is fe80::1), and nothing
// that is translated has one.
void ClaimDesk::purge_connections(const Router& router, const Desired& withdrawn) {
    PurgeConnections purge;
    for (const auto& address : withdrawn.addresses)
        if (!address.prefix.address.is_link_local()) purge.which.addresses.push_back(address.prefix.address);
    kernel_.ask(std::move(purge), [this, name = router.config->name](const Outcome& outcome) {
        const auto& count = std::get<ConnectionsPurged>(outcome).count;
        if (!count)
            log_.warning("({}) connections of the withdrawn addresses: {}", name, count.error().describe());
        else if (*count > 0)
            log_.debug("({}) forgot {} connections of the withdrawn addresses", name, *count);
    });
}

bool ClaimDesk::keeps_fence_open(const Router& router) const {
    return routers_.first_installed(*router.followed.gateway) == &router;
}

}  // namespace vrrpd::engine
