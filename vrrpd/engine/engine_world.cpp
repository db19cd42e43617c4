// What the kernel and the trackers said, and what it means to each router: whether it can run, and with what priority.
#include <algorithm>
#include <utility>

#include "vrrpd/engine/core/describe.hpp"
#include "vrrpd/engine/engine.hpp"

namespace vrrpd::engine {

namespace {

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
    absentees_->devices_came();
    if (conditions) reconsider_all();
    const bool gateways = std::any_of(changes.begin(), changes.end(), concerns_gateways);
    if (conditions || gateways) gateways_->world_changed();
    const bool taken = came_back || std::any_of(changes.begin(), changes.end(), takes_away);
    if (taken || gateways) claims_->repair_all();  // `via auto`: our route follows the host's
    if (taken || conditions) statics_->look(loop_.now());
    if (conditions) absentees_->look();
    // IPv4 routes vanish without an event when their address or link goes.
    if (conditions) desk_->audit_soon(loop_.now());
}

// The picture was read anew: all is looked after.
void Engine::audited() {
    (void)devices_->look(loop_.now());
    absentees_->devices_came();
    refusals_->look();
    gateways_->world_changed();
    reconsider_all();
    claims_->repair_all();
    statics_->look(loop_.now());
    absentees_->look();
}

// Whether a virtual device came back, without its addresses.
bool Engine::look_after_devices(const std::vector<netlink::Change>& changes) {
    const auto is_link = [](const netlink::Change& change) {
        return std::holds_alternative<netlink::LinkChanged>(change) ||
               std::holds_alternative<netlink::LinkGone>(change);
    };
    return std::any_of(changes.begin(), changes.end(), is_link) && devices_->look(loop_.now());
}

// -a, --address-monitoring.
void Engine::say_addresses(const std::vector<netlink::Change>& changes) {
    const auto say = [this](const netlink::Address& address, const char* how) {
        log_.info("address {} {}", netlink::describe(address, desk_->world().link_name(address.link)), how);
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
    for (std::size_t i = 0; i < routers_.size(); ++i) judge(routers_[i], std::move(conditions[i]));
    hear_before_adopting();
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
    if (auto problem = devices_->problem(*router.config)) conditions.faults.push_back(std::move(*problem));
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
        groups_->judged(router);
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
    log_.warning("({}) Entering FAULT STATE: {}; waiting", router.config->name,
                 fmt::join(routers_.faults_of(router), ", "));
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
    outbox_.tell(ipc::Kind::wan_state, encode(ipc::WanState{config().gateways[gateway].name, !wan || wan->up}));
    if (!speaking_) return report();
    std::vector<Router*> followed;
    for (auto& router : routers_)
        if (router->followed.gateway == &config().gateways[gateway]) followed.push_back(router.get());
    for (auto* router : followed) judge(*router, look(*router));
    hear_before_adopting();
    for (auto* router : followed) settle(*router);
}

void Engine::require_sockets() {
    std::vector<Transport::Need> needs;
    for (std::uint32_t number = 0; number < routers_.size(); ++number) {
        const auto& router = routers_[number];
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
    transport_->require(needs, config().log_unknown_vrids);
}

// What comes from our own virtual MAC, another Active's adverts, the kernel gives to the device that has it, and to
// that one alone while it is up. What comes from elsewhere is heard on the interface.
void Engine::hear_on_device(const Router& router, std::uint32_t number, std::vector<Transport::Need>& needs) const {
    const auto& config = *router.config;
    if (!config.virtual_mac->sender) return;
    const auto* link = desk_->world().link(config.virtual_mac->devices.front().name);
    if (!link || !is_ours(*link)) return;
    const bool ah = config.authentication->type == proto::AuthType::ah;
    for (const auto protocol : {proto::ip_protocol, proto::ah_protocol})
        if (ah || protocol == proto::ip_protocol)
            needs.push_back({*link, config.family, std::nullopt, config.vrid, number, protocol, true});
}

// One pass over those that track it; nothing of the kernel's picture is looked at again.
void Engine::tracker_changed(const ipc::TrackerState& state) {
    const auto object = trackers_.apply(state);
    if (!object || !speaking_) return;
    std::vector<Router*> concerned;
    for (auto& router : routers_)
        if (tracks(*router->config, *object)) concerned.push_back(router.get());
    for (auto* router : concerned) rejudge(*router);
    hear_before_adopting();
    for (auto* router : concerned) settle(*router);
}

void Engine::address_claimed(IfIndex link, const proto::AddressClaim& claim) {
    gateways_->address_claimed(link, claim.address);
    const auto* device = desk_->world().link(link);
    if (device && device->mac == claim.mac) return;  // ourselves
    absentees_->answered(link, claim);
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

}  // namespace vrrpd::engine
