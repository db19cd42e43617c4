#include "vrrpd/engine/absent_desk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

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

Desired AbsentDesk::wanted_by(const Router& router) const {
    auto wanted = desired(*router.config, router.followed, world_);
    absent_.hold_back(wanted, world_);
    return wanted;
}

void AbsentDesk::ask_for_missing(const Router& router) {
    absent_.ask_first(missing(wanted_by(router), world_).addresses, world_, loop_.now());
}

Desired AbsentDesk::wanted_after(const config::Instance& instance, const Followed& gateway, const Desired& stands) {
    auto wanted = desired(instance, gateway, world_);
    absent_.ask_first(renewed(stands, wanted).addresses, world_, loop_.now());
    absent_.hold_back(wanted, world_);
    return wanted;
}

// The configuration knows devices by name. What was put on one under its old name stands there under the new one.
void AbsentDesk::devices_coming(const std::vector<netlink::Link>& links) {
    for (const auto& link : links) {
        const auto* before = world_.link(link.index);
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

void AbsentDesk::devices_came() {
    const auto came = std::exchange(came_, {});
    if (came.empty()) return;
    for (const auto& router : routers_) {
        if (!router->installed) continue;
        auto fresh = missing(wanted_by(*router), world_).addresses;
        std::erase_if(fresh, [&](const netlink::Address& address) {
            return std::find(came.begin(), came.end(), address.link) == came.end();
        });
        absent_.ask_first(fresh, world_, loop_.now());
    }
}

bool AbsentDesk::has_place(const Router& router, const AbsentAddresses::Place& place) const {
    const auto* link = world_.link(place.link);
    return link && has_address(*router.config, router.followed, place.address, link->name);
}

void AbsentDesk::review() {
    if (absent_.empty()) return;
    using Wanted = AbsentAddresses::Wanted;
    absent_.review(
        [this](const AbsentAddresses::Place& place) {
            if (statics_.wants(place)) return Wanted::now;
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

void AbsentDesk::look() {
    if (absent_.empty()) return;
    speaker_.hear();  // who answered already is heard before silence is believed
    const auto due = absent_.step(world_, loop_.now());
    for (const auto& question : due.questions) speaker_.ask_for_one_of_many(question.on, question.address, loop_.now());
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
        if (more) complete_(*router);
    }
    statics_.put_in_place(due.free);
}

void AbsentDesk::answered(IfIndex link, const proto::AddressClaim& claim) {
    for (const auto& held : absent_.answered(link, claim, loop_.now())) {
        std::string whose = "static_ipaddress";
        for (const auto& router : routers_)
            if (router->installed && has_place(*router, held.place)) whose = router->config->name;
        log_.warning(
            "({}) {} is not added: {} answers for it on {}. Take it away there, or out of the configuration here; it is"
            " asked for from time to time, and added when nobody answers any more",
            whose, held.place.address.to_string(), held.by.to_string(), world_.link_name(link));
    }
}

std::vector<std::string> AbsentDesk::absent_of(const Router& router) const {
    std::vector<std::string> result;
    if (absent_.empty()) return result;
    for (const auto& address : desired(*router.config, router.followed, world_).addresses) {
        const AbsentAddresses::Place place{address.link, address.prefix.address};
        if (!absent_.contains(place)) continue;
        const auto holder = absent_.holder(place);
        result.push_back(
            fmt::format("address {}: {}", netlink::describe(address, world_.link_name(address.link)),
                        holder ? holder->to_string() + " answers for it" : std::string("who answers for it is asked")));
    }
    return result;
}

}  // namespace vrrpd::engine
