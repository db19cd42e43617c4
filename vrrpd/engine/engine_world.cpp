// What the kernel said: devices and addresses that come and go, trackers, things of ours that vanished.
#include <algorithm>
#include <utility>

#include "vrrpd/engine/engine.hpp"

namespace vrrpd::engine {

namespace {

constexpr unsigned repairs_before_giving_up = 5;

// Our own additions are reported back to us; everything else can change what a router may do.
bool concerns_conditions(const netlink::Change& change, const std::vector<IpAddress>& statics) {
    const auto is_foreign = [&](const netlink::Address& address) {
        return address.protocol != netlink::protocol_keepalived ||
               std::binary_search(statics.begin(), statics.end(), address.prefix.address);
    };
    if (const auto* added = std::get_if<netlink::AddressAdded>(&change)) return is_foreign(added->address);
    if (const auto* gone = std::get_if<netlink::AddressGone>(&change)) return is_foreign(gone->address);
    return std::holds_alternative<netlink::LinkChanged>(change) || std::holds_alternative<netlink::LinkGone>(change);
}

bool concerns_gateways(const netlink::Change& change) {
    const auto* route = std::get_if<netlink::RouteAdded>(&change);
    const auto* gone = std::get_if<netlink::RouteGone>(&change);
    const auto is_default = [](const netlink::Route& r) {
        return r.destination.length == 0 && r.table == netlink::main_table;
    };
    return (route && is_default(route->route)) || (gone && is_default(gone->route));
}

bool takes_away(const netlink::Change& change) {
    return std::holds_alternative<netlink::AddressGone>(change) || std::holds_alternative<netlink::RouteGone>(change) ||
           std::holds_alternative<netlink::RuleGone>(change);
}

}  // namespace

void Engine::world_changed(const std::vector<netlink::Change>& changes) {
    const bool conditions = std::any_of(changes.begin(), changes.end(), [this](const netlink::Change& change) {
        return concerns_conditions(change, static_addresses_);
    });
    if (options_.watch_addresses) say_addresses(changes);
    for (const auto& change : changes) {
        const auto* changed = std::get_if<netlink::LinkChanged>(&change);
        if (!changed) continue;
        const auto& link = changed->link;
        log_.debug("{} is {}{}", link.name, link.admin_up ? "up" : "down", link.running ? "" : ", without carrier");
        // Ours has its switches from the beginning, and comes and goes with the role.
        if (link.admin_up && !is_ours(link)) outbox_.tell(ipc::Kind::device_appeared, link.name);
    }
    const bool came_back = look_after_devices(changes);
    ask_on_new_devices();
    if (conditions) reconsider_all();
    const bool gateways = std::any_of(changes.begin(), changes.end(), concerns_gateways);
    if (conditions || gateways) gateways_->world_changed();
    const bool taken = came_back || std::any_of(changes.begin(), changes.end(), takes_away);
    if (taken || gateways) repair_all();  // `via auto`: our route follows the host's
    if (taken || conditions) statics_->look(loop_.now());
    if (conditions) look_at_absent();
    // IPv4 routes vanish without an event when their address or link goes.
    if (conditions) desk_->audit_soon(loop_.now());
}

// -a, --address-monitoring.
void Engine::say_addresses(const std::vector<netlink::Change>& changes) {
    const auto say = [this](const netlink::Address& address, const char* how) {
        log_.info("address {} {}", netlink::describe(address, link_name(address.link)), how);
    };
    for (const auto& change : changes) {
        if (const auto* added = std::get_if<netlink::AddressAdded>(&change)) say(added->address, "added");
        if (const auto* gone = std::get_if<netlink::AddressGone>(&change)) say(gone->address, "removed");
    }
}

void Engine::reconsider_all() {
    damper_.look(loop_.now(), desk_->world());
    bfd_->look(bfd_surface());
    if (!speaking_) return;
    std::vector<Conditions> conditions;
    for (auto& router : routers_) conditions.push_back(look(*router));
    require_sockets();  // before anybody's first advert
    for (std::size_t i = 0; i < routers_.size(); ++i) judge(*routers_[i], std::move(conditions[i]));
    for (auto& router : routers_) settle(*router);
}

Conditions Engine::look(Router& router) {
    auto conditions = evaluate(*router.config, desk_->world(),
                               {virtual_addresses_, gateways_->without_dns(), static_addresses_, &damper_,
                                router.machine.role() == proto::Role::initialize});
    // Its last address still carries the farewell of a router that just lost it (raw sockets ask nobody).
    if (conditions.source) router.source = conditions.source;
    // The role ends where it was held: there the farewell goes, and there the addresses stand.
    if (router.active() && router.link && router.link != conditions.link) {
        if (conditions.link && conditions.faults.empty())
            conditions.faults.push_back(
                (router.config->interface.empty() ? "the interface of the source address" : router.config->interface) +
                " is another device than before");
    } else {
        router.link = conditions.link;
    }
    return conditions;
}

void Engine::judge(Router& router, Conditions conditions) {
    if (auto problem = transport_->problem(router.link, router.config->family))
        conditions.faults.push_back(std::move(*problem));
    judge_devices(router, conditions);
    auto& troubles = router.troubles;
    if (conditions.faults != troubles->seen_faults) troubles.edit().seen_faults = std::move(conditions.faults);
    if (conditions.tracked != troubles->seen_tracked) troubles.edit().seen_tracked = std::move(conditions.tracked);
    rejudge(router);
}

// Adds what the supervisor watches to what the kernel's picture says.
void Engine::rejudge(Router& router) {
    auto faults = router.troubles->seen_faults;
    auto tracked = router.troubles->seen_tracked;
    router.waits = trackers_.judge(*router.config, tracked, faults) || devices_->awaits(*router.config);
    weigh(router, tracked);
    router.fault_is_new = router.troubles->faults.empty();
    if (faults != router.troubles->faults) router.troubles.edit().faults = std::move(faults);
    if (tracked != router.troubles->tracked) router.troubles.edit().tracked = std::move(tracked);
}

// What was judged has its consequences. A group is judged as a whole before.
void Engine::settle(Router& router) {
    const bool can_run = router.troubles->faults.empty();
    const bool idle = router.machine.role() == proto::Role::initialize;
    if (router.config->sync_group)
        group_news(router, proto::SyncGroup::News::looked_at);
    else if (can_run && idle && !router.waits)
        begin(router);
    else if (!can_run && !idle)
        drive(router, proto::Fault{});
    if (!can_run && idle) say_fault(router);
    router.fault_is_new = can_run;
    if (router.followed.gateway) report();
}

// Of one that has not begun: said once, whatever else turns out to be wrong while it waits.
void Engine::say_fault(Router& router) {
    if (!router.troubles->faults.empty() && !std::exchange(router.fault_is_new, false)) return;
    log_.warning("({}) Entering FAULT STATE: {}; waiting", router.config->name, fmt::join(faults_of(router), ", "));
    herald_.tell(router, Herald::Event::fault);
}

// Adds what the gateway says to what the instance tracks, and tells the machine what comes of it.
void Engine::weigh(Router& router, std::vector<proto::Tracked>& tracked) {
    bool ready = true;
    if (router.followed.gateway) {
        const auto& readiness = gateways_->readiness(router.followed.number);
        if (readiness.wan) tracked.push_back(*readiness.wan);
        tracked.insert(tracked.end(), readiness.services.begin(), readiness.services.end());
        ready = readiness.ready();
    }
    const auto before = router.machine.effective_priority();
    const auto after = proto::effective_priority(router.config->parameters.priority, tracked);
    if (before != after) {
        log_.notice("({}) {}", router.config->name,
                    describe_priority(before, after, router.troubles->tracked, tracked));
        drive(router, proto::PriorityChanged{after});
        herald_.tell_priority(router);
    }
    drive(router, proto::ReadinessChanged{ready});
}

void Engine::gateway_changed(std::size_t gateway) {
    const auto& wan = gateways_->readiness(gateway).wan;
    outbox_.tell(ipc::Kind::wan_state, encode(ipc::WanState{config_->gateways[gateway].name, !wan || wan->up}));
    if (!speaking_) return report();
    std::vector<Router*> followed;
    for (auto& router : routers_)
        if (router->followed.gateway == &config_->gateways[gateway]) followed.push_back(router.get());
    for (auto* router : followed) judge(*router, look(*router));
    for (auto* router : followed) settle(*router);
}

void Engine::require_sockets() {
    std::vector<Transport::Need> needs;
    for (std::uint32_t number = 0; number < routers_.size(); ++number) {
        const auto& router = *routers_[number];
        const auto* link = desk_->world().link(router.link);
        if (!link) continue;
        const auto& config = *router.config;
        const auto group = config.key().group;
        needs.push_back({*link, config.family, group, config.vrid, number});
        // Beside the plain one: who speaks without AH is heard, and told why it is refused.
        if (config.authentication->type == proto::AuthType::ah)
            needs.push_back({*link, config.family, group, config.vrid, number, proto::ah_protocol});
        hear_on_device(router, number, needs);
    }
    transport_->require(needs, config_->log_unknown_vrids);
}

void Engine::repair_all() {
    for (auto& router : routers_)
        if (router->installed) repair(*router);
}

std::string Engine::link_name(IfIndex index) const {
    const auto* link = desk_->world().link(index);
    return link ? link->name : "?";
}

// Somebody took an address, a route or a rule of ours away while we are Active: it comes back at once, with a
// back-off when that goes on.
void Engine::repair(Router& router) {
    router.overlooked = router.writes_pending > 0;  // what is under way is not there yet
    if (router.overlooked) return;
    const auto now = loop_.now();
    const auto lost = missing(wanted_by(router), desk_->world());
    if (lost == Desired{}) return;
    if (resigns_over(router, lost)) return;
    auto& troubles = router.troubles.edit();
    const auto turn = troubles.repairs.take(now);
    if (turn == BackOff::Turn::too_soon) return desk_->audit_at(troubles.repairs.next());
    if (turn == BackOff::Turn::first) troubles.addresses_lost = 0;
    if (gives_up_over(router, lost)) return;
    put_back(router, lost, turn == BackOff::Turn::first);
}

// lost_address give_up_role.
bool Engine::resigns_over(Router& router, const Desired& lost) {
    if (!config_->gives_up_over_loss || !router.active()) return false;
    const auto tracked = without(lost, untracked(*router.config, desk_->world()));
    if (tracked == Desired{}) return false;
    std::vector<std::string> names;
    const auto name_of_link = [this](IfIndex index) { return link_name(index); };
    for (const auto& address : tracked.addresses) names.push_back(netlink::describe(address, link_name(address.link)));
    for (const auto& route : tracked.routes) names.push_back("route " + netlink::describe(route, name_of_link));
    for (const auto& rule : tracked.rules) names.push_back("rule " + netlink::describe(rule));
    log_.warning("({}) removed by someone else: {}", router.config->name, fmt::join(names, ", "));
    drive(router, proto::ObjectLost{});
    return true;
}

// An address that does not stay, whoever takes it away or refuses it: adverts alone serve nobody, and another router
// can have it in peace. Not when that was tried lately and silence gave the role back: then there is no other router.
bool Engine::gives_up_over(Router& router, const Desired& lost) {
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
                 netlink::describe(*matters, link_name(matters->link)), repairs_before_giving_up);
    drive(router, proto::ClaimFailed{});
    return true;
}

void Engine::put_back(Router& router, const Desired& lost, bool say) {
    const auto name_of_link = [this](IfIndex index) { return link_name(index); };
    for (const auto& address : lost.addresses)
        if (say)
            log_.warning("({}) {} was removed by someone else: added again", router.config->name,
                         netlink::describe(address, link_name(address.link)));
    for (const auto& route : lost.routes)
        if (say)
            log_.warning("({}) route {} {}", router.config->name, netlink::describe(route, name_of_link),
                         desk_->world().find(route) ? "led elsewhere: put right" : "had gone: added again");
    for (const auto& rule : lost.rules)
        if (say) log_.warning("({}) rule {} had gone: added again", router.config->name, netlink::describe(rule));
    add(router, lost, say ? Say::failures : Say::nothing);
}

// More for a router that is Active. What came is announced.
void Engine::add(Router& router, const Desired& more, Say say) {
    if (more == Desired{}) return;
    if (router.standing) unite(*router.standing, more);
    write_for(router, additions(more), say,
              [this, addresses = more.addresses.size()](Router& mine, const Results& results) {
                  const auto end = results.begin() + static_cast<std::ptrdiff_t>(addresses);
                  if (std::any_of(results.begin(), end, [](const auto& result) { return result.has_value(); }))
                      announce_all(mine);
              });
}

void Engine::claim_heard(IfIndex link, const proto::AddressClaim& claim) {
    gateways_->address_claimed(link, claim.address);
    const auto* device = desk_->world().link(link);
    if (device && device->mac == claim.mac) return;  // ourselves
    absent_answered(link, claim);
    for (auto& router : routers_) {
        if (router->machine.role() != proto::Role::backup) continue;
        // The same address on another device is another one: many a provider's router is fe80::1.
        if (!has_address(*router->config, router->followed, claim.address) ||
            !asked_for(*router, desk_->world()).contains(link, claim.address))
            continue;
        holder_ = claim.address.to_string() + " is held by " + claim.mac.to_string();
        drive(*router, proto::ProbeAnswered{});
    }
}

// What a crashed run left behind: only what carries our tag. An untagged virtual address is somebody's own; it is
// adopted when we take over, never stripped.
void Engine::remove_leftovers() {
    const auto& world = desk_->world();
    for (const auto& router : routers_) {
        if (router->installed) continue;  // adopted
        auto found = desired(*router->config, router->followed, world);
        const auto untagged = [&](const auto& object) {
            const auto* there = world.find(object);
            return !there || there->protocol != netlink::protocol_keepalived;
        };
        for (const auto& address : found.addresses)
            if (const auto* there = world.find(address); there && there->protocol != netlink::protocol_keepalived)
                log_.notice(
                    "({}) {} stands on {} already and is not ours: left alone; taken over as ours with the role",
                    router->config->name, address.prefix.to_string(),
                    world.link(address.link) ? world.link(address.link)->name : std::string("?"));
        std::erase_if(found.addresses, untagged);
        std::erase_if(found.routes, untagged);
        std::erase_if(found.rules, untagged);
        const auto requests = removals(found);
        if (requests.empty()) continue;
        log_.notice("({}) removing {} leftovers of an earlier run", router->config->name, requests.size());
        desk_->apply(requests);
    }
    for (std::uint32_t i = 0; i < config_->gateways.size(); ++i)
        if (!first_installed({&config_->gateways[i], i})) gateways_->shut_fence(i);  // it had time left
}

}  // namespace vrrpd::engine
