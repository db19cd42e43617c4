// What an Active router has in the kernel is kept: renewed, put back, added to, and changed by a reload.
#include <algorithm>
#include <memory>
#include <utility>

#include "vrrpd/engine/claim_desk.hpp"

namespace vrrpd::engine {

namespace {

constexpr unsigned repairs_before_giving_up = 5;

// Each address, route and rule, for people.
std::vector<std::string> names_of(const Desired& objects, const World& world) {
    const auto link_name = [&world](IfIndex index) { return world.link_name(index); };
    std::vector<std::string> result;
    for (const auto& address : objects.addresses)
        result.push_back("address " + netlink::describe(address, world.link_name(address.link)));
    for (const auto& route : objects.routes) result.push_back("route " + netlink::describe(route, link_name));
    for (const auto& rule : objects.rules) result.push_back(netlink::describe(rule));
    return result;
}

}  // namespace

void ClaimDesk::renew(Router& router) {
    const auto lifetime = dead_man(router.machine.down_interval());
    router.renew_at = loop_.now() + lifetime / 3;
    if (keeps_fence_open(router)) gateways_.open_fence(router.followed.number, lifetime);
    Desired addresses;
    addresses.addresses = absent_.wanted_by(router).addresses;
    write_for(router, additions(addresses), Say::nothing,
              [this](Router& mine, const Results& results) { renewed(mine, results); });
}

void ClaimDesk::renewed(Router& router, const Results& results) {
    const auto refused = std::find_if(results.begin(), results.end(), [](const auto& result) { return !result; });
    const bool failed = refused != results.end();
    if (failed == router.troubles->renewal_failed) return;
    router.troubles.edit().renewal_failed = failed;
    if (failed)
        log_.error("({}) its addresses end by themselves, and the kernel does not renew them all: {}",
                   router.config->name, refused->error().describe());
    else
        log_.notice("({}) its addresses are renewed again", router.config->name);
}

void ClaimDesk::repair_all() {
    for (auto& router : routers_)
        if (router->installed) repair(*router);
}

// Somebody took an address, a route or a rule of ours away while we are Active: it comes back at once, with a
// back-off when that goes on.
void ClaimDesk::repair(Router& router) {
    router.overlooked = router.writes_pending > 0;  // what is under way is not there yet
    if (router.overlooked) return;
    const auto lost = missing(absent_.wanted_by(router), world());
    if (lost == Desired{}) return;
    if (resigns_over(router, lost)) return;
    auto& troubles = router.troubles.edit();
    const auto turn = troubles.repairs.take(loop_.now());
    if (turn == BackOff::Turn::too_soon) return kernel_.audit_at(troubles.repairs.next());
    if (turn == BackOff::Turn::first) troubles.addresses_lost = 0;
    if (gives_up_over(router, lost)) return;
    put_back(router, lost, turn == BackOff::Turn::first);
}

// lost_address give_up_role.
bool ClaimDesk::resigns_over(Router& router, const Desired& lost) {
    if (!routers_.config().gives_up_over_loss || !router.active()) return false;
    const auto tracked = without(lost, untracked(*router.config, world()));
    if (tracked == Desired{}) return false;
    log_.warning("({}) removed by someone else: {}", router.config->name, fmt::join(names_of(tracked, world()), ", "));
    orders_.drive(router, proto::ObjectLost{});
    return true;
}

// An address that does not stay, whoever takes it away or refuses it: adverts alone serve nobody, and another router
// can have it in peace. Not when that was tried lately and silence gave the role back: then there is no other router.
bool ClaimDesk::gives_up_over(Router& router, const Desired& lost) {
    const auto& addresses = lost.addresses;
    const auto& invalid = router.troubles->invalid;
    const auto matters = std::find_if(addresses.begin(), addresses.end(), [&](const netlink::Address& lost_one) {
        const auto& address = lost_one.prefix.address;
        return address.family() == router.config->family &&
               std::find(invalid.begin(), invalid.end(), address) == invalid.end();
    });
    auto& count = router.troubles.edit().addresses_lost;
    if (matters == addresses.end() || ++count <= repairs_before_giving_up) return false;
    if (!router.active() || loop_.now() < router.machine.claims_again_at()) return false;
    count = 0;
    log_.warning("({}) {} was put back {} times in a row and is gone again: the role is given up", router.config->name,
                 netlink::describe(*matters, world().link_name(matters->link)), repairs_before_giving_up);
    orders_.drive(router, proto::ClaimFailed{});
    return true;
}

void ClaimDesk::put_back(Router& router, const Desired& lost, bool say) {
    const auto& name = router.config->name;
    const auto link_name = [this](IfIndex index) { return world().link_name(index); };
    if (say) {
        for (const auto& address : lost.addresses)
            log_.warning("({}) {} was removed by someone else: added again", name,
                         netlink::describe(address, world().link_name(address.link)));
        for (const auto& route : lost.routes)
            log_.warning("({}) route {} {}", name, netlink::describe(route, link_name),
                         world().find(route) ? "led elsewhere: put right" : "had gone: added again");
        for (const auto& rule : lost.rules)
            log_.warning("({}) {} had gone: added again", name, netlink::describe(rule));
    }
    add(router, lost, say ? Say::failures : Say::nothing);
}

void ClaimDesk::complete(Router& router) {
    const auto wanted = absent_.wanted_by(router);
    // What stands by another's hand goes with the role, too.
    if (router.standing) unite(*router.standing, wanted);
    add(router, missing(wanted, world()), Say::failures);
}

// What came is announced.
void ClaimDesk::add(Router& router, const Desired& more, Say say) {
    if (more == Desired{}) return;
    if (router.standing) unite(*router.standing, more);
    write_for(router, additions(more), say,
              [this, addresses = more.addresses.size()](Router& mine, const Results& results) {
                  const auto end = results.begin() + static_cast<std::ptrdiff_t>(addresses);
                  if (std::any_of(results.begin(), end, [](const auto& result) { return result.has_value(); }))
                      announce_all(mine);
              });
}

ClaimDesk::Edit ClaimDesk::edit_of(Router& router, const config::Instance& after, const Followed& gateway,
                                   std::size_t number) {
    const auto stands = router.standing ? *router.standing : absent_.wanted_by(router);
    const auto wants = absent_.wanted_after(after, gateway, stands);
    router.standing = gateway.gateway ? std::make_unique<Desired>(wants) : nullptr;
    return {static_cast<std::uint32_t>(number), router.claim, without(stands, wants), engine::renewed(stands, wants)};
}

// All removals first: an address that moved from one instance to another must not be taken away from the new one.
void ClaimDesk::carry_out(const std::vector<Edit>& edits) {
    std::vector<netlink::Request> requests;
    for (const auto& edit : edits) {
        const auto gone = removals(edit.gone);
        requests.insert(requests.end(), gone.begin(), gone.end());
    }
    kernel_.apply(std::move(requests), [this](const Results& results) { log_failures("reload", results); });
    for (const auto& edit : edits)
        if (auto* router = routers_.find_claim(edit.number, edit.claim)) add(*router, edit.fresh, Say::failures);
    refuse_packets();
}

void ClaimDesk::remove_leftovers() {
    const auto ours = [this](const auto& object) {
        const auto* there = world().find(object);
        return there && there->protocol == netlink::protocol_keepalived;
    };
    for (const auto& router : routers_) {
        if (router->installed) continue;  // adopted
        auto found = desired(*router->config, router->followed, world());
        for (const auto& address : found.addresses)
            if (world().find(address) && !ours(address))
                log_.notice(
                    "({}) {} stands on {} already and is not ours: left alone; taken over as ours with the role",
                    router->config->name, address.prefix.to_string(), world().link_name(address.link));
        std::erase_if(found.addresses, std::not_fn(ours));
        std::erase_if(found.routes, std::not_fn(ours));
        std::erase_if(found.rules, std::not_fn(ours));
        const auto requests = removals(found);
        if (requests.empty()) continue;
        log_.notice("({}) removing {} leftovers of an earlier run", router->config->name, requests.size());
        kernel_.apply(requests);
    }
    const auto& gateways = routers_.config().gateways;
    for (std::uint32_t i = 0; i < gateways.size(); ++i)
        if (!routers_.first_installed(gateways[i])) gateways_.shut_fence(i);  // it had time left
}

std::vector<std::string> ClaimDesk::missing_of(const Router& router) const {
    if (!router.installed) return {};
    auto result = absent_.absent_of(router);
    if (router.writes_pending > 0) return result;
    const auto lost = names_of(missing(absent_.wanted_by(router), world()), world());
    result.insert(result.end(), lost.begin(), lost.end());
    return result;
}

}  // namespace vrrpd::engine
