// Addresses that come to a router which is Active already, or to the static ones: they are asked for before they are
// put in place, and stay away while another machine answers for them.
#include <algorithm>
#include <utility>

#include "vrrpd/engine/engine.hpp"

namespace vrrpd::engine {

namespace {

bool uses(const Desired& wanted, IfIndex link) {
    const auto leads_over = [link](const netlink::Route& route) {
        return std::any_of(route.hops.begin(), route.hops.end(), [link](const auto& hop) { return hop.link == link; });
    };
    return std::any_of(wanted.addresses.begin(), wanted.addresses.end(),
                       [link](const auto& address) { return address.link == link; }) ||
           std::any_of(wanted.routes.begin(), wanted.routes.end(), leads_over);
}

}  // namespace

// The configuration knows devices by name. What was put on one under its old name stands there under the new one.
void Engine::devices_coming(const std::vector<netlink::Link>& links) {
    for (const auto& link : links) {
        const auto* before = desk_->world().link(link.index);
        if (before && before->name == link.name) continue;
        came_.push_back(link.index);
        if (!before) continue;
        for (auto& router : routers_) {
            if (!router->installed || router->standing) continue;
            auto wanted = wanted_by(*router);
            if (uses(wanted, link.index)) router->standing = std::make_unique<Desired>(std::move(wanted));
        }
    }
}

void Engine::ask_on_new_devices() {
    const auto came = std::exchange(came_, {});
    if (came.empty()) return;
    const auto& world = desk_->world();
    for (const auto& router : routers_) {
        if (!router->installed) continue;
        auto fresh = missing(wanted_by(*router), world).addresses;
        std::erase_if(fresh, [&](const netlink::Address& address) {
            return std::find(came.begin(), came.end(), address.link) == came.end();
        });
        absent_.ask_first(fresh, world, loop_.now());
    }
}

bool Engine::has_place(const Router& router, const AbsentAddresses::Place& place) const {
    const auto* link = desk_->world().link(place.link);
    return link && has_address(*router.config, router.followed, place.address, link->name);
}

// Roles, devices or the configuration changed.
void Engine::review_absent() {
    if (absent_.empty()) return;
    using Wanted = AbsentAddresses::Wanted;
    absent_.review(
        [this](const AbsentAddresses::Place& place) {
            if (statics_->wants(place)) return Wanted::now;
            auto result = Wanted::never;
            for (const auto& router : routers_) {
                if (!has_place(*router, place)) continue;
                if (router->installed) return Wanted::now;
                result = Wanted::later;
            }
            return result;
        },
        loop_.now());
}

void Engine::look_at_absent() {
    if (absent_.empty()) return;
    speaker_->hear();  // who answered already is heard before silence is believed
    const auto due = absent_.step(desk_->world(), loop_.now());
    for (const auto& question : due.questions)
        speaker_->ask_for_one_of_many(question.on, question.address, loop_.now());
    if (due.free.empty()) return;
    for (auto& router : routers_) {
        if (!router->installed) continue;
        bool more = false;
        for (const auto& free : due.free) {
            if (!has_place(*router, free.place)) continue;
            more = true;
            if (free.was_held)
                log_.notice("({}) nobody answers for {} any more: added", router->config->name,
                            free.place.address.to_string());
        }
        if (!more) continue;
        const auto wanted = wanted_by(*router);
        if (router->standing)
            unite(*router->standing, wanted);  // what stands by another's hand goes with the role, too
        add(*router, missing(wanted, desk_->world()), Say::failures);
    }
    statics_->put_in_place(due.free);
}

void Engine::absent_answered(IfIndex link, const proto::AddressClaim& claim) {
    const auto* device = desk_->world().link(link);
    for (const auto& held : absent_.answered(link, claim, loop_.now())) {
        std::string whose = "static_ipaddress";
        for (const auto& router : routers_)
            if (router->installed && has_place(*router, held.place)) whose = router->config->name;
        log_.warning(
            "({}) {} is not added: {} answers for it on {}. Take it away there, or out of the configuration here; it is"
            " asked for from time to time, and added when nobody answers any more",
            whose, held.place.address.to_string(), held.by.to_string(), device ? device->name : std::string("?"));
    }
}

std::vector<std::string> Engine::absent_of(const Router& router) const {
    std::vector<std::string> result;
    if (absent_.empty()) return result;
    for (const auto& address : desired(*router.config, router.followed, desk_->world()).addresses) {
        const AbsentAddresses::Place place{address.link, address.prefix.address};
        if (!absent_.contains(place)) continue;
        const auto* link = desk_->world().link(address.link);
        const auto holder = absent_.holder(place);
        result.push_back(
            fmt::format("address {}: {}", netlink::describe(address, link ? link->name : std::string()),
                        holder ? holder->to_string() + " answers for it" : std::string("who answers for it is asked")));
    }
    return result;
}

}  // namespace vrrpd::engine
