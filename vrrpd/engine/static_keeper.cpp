#include "vrrpd/engine/static_keeper.hpp"

#include <algorithm>
#include <utility>

namespace vrrpd::engine {

namespace {

template <class T>
bool is_in(const std::vector<T>& list, const T& object) {
    return std::any_of(list.begin(), list.end(), [&](const T& other) { return same_object(other, object); });
}

// Present, and tagged as ours: an earlier run left it.
template <class T>
void inherit(std::vector<T>& into, const std::vector<T>& wanted, const World& world) {
    for (const auto& object : wanted) {
        const auto* there = world.find(object);
        if (there && there->protocol == netlink::protocol_keepalived && !is_in(into, object)) into.push_back(object);
    }
}

}  // namespace

Desired StaticKeeper::configured() const { return desired(entries_, desk_.world()); }

// What is absent is not wanted yet.
Desired StaticKeeper::wanted() const {
    auto all = configured();
    absent_.hold_back(all, desk_.world());
    return all;
}

bool StaticKeeper::wants(const AbsentAddresses::Place& place) const {
    const auto* link = desk_.world().link(place.link);
    return link && std::any_of(entries_.addresses.begin(), entries_.addresses.end(), [&](const auto& address) {
               return address.prefix.address == place.address && address.device == link->name;
           });
}

void StaticKeeper::configure(const config::StaticEntries& entries, Instant now) {
    entries_ = entries;
    const auto wants = configured();
    inherit(ours_.addresses, wants.addresses, desk_.world());
    inherit(ours_.routes, wants.routes, desk_.world());
    inherit(ours_.rules, wants.rules, desk_.world());
    remove(without(ours_, wants));
    tried_ = ours_;
    repairs_.forget();
    look(now);
}

// An address that stands already and is not ours is the host's own: it is what was asked for, and stays so.
void StaticKeeper::look(Instant now) {
    if (desk_.observes()) return;
    overlooked_ = pending_ > 0;  // what is under way is not there yet
    if (overlooked_) return;
    absent_.ask_first(without(missing(configured(), desk_.world()), tried_).addresses, desk_.world(), now);
    const auto lost = missing(wanted(), desk_.world());
    if (lost == Desired{}) return;
    if (without(lost, tried_) != lost) {  // not for the first time
        const auto turn = repairs_.take(now);
        if (turn == BackOff::Turn::too_soon) return desk_.audit_at(repairs_.next());
        if (turn == BackOff::Turn::first) say_lost(lost);
    }
    add(lost);
}

void StaticKeeper::say_lost(const Desired& lost) {
    for (const auto& address : lost.addresses) {
        const auto* link = desk_.world().link(address.link);
        if (is_in(ours_.addresses, address))
            log_.warning("static address {} was removed by someone else: added again",
                         netlink::describe(address, link ? link->name : "?"));
    }
    for (const auto& route : lost.routes)
        if (is_in(ours_.routes, route)) log_.warning("static route {} had gone: added again", netlink::describe(route));
    for (const auto& rule : lost.rules)
        if (is_in(ours_.rules, rule)) log_.warning("static {} had gone: added again", netlink::describe(rule));
}

void StaticKeeper::put_in_place(const std::vector<AbsentAddresses::Free>& free) {
    bool more = false;
    for (const auto& one : free) {
        if (!wants(one.place)) continue;
        more = true;
        if (one.was_held)
            log_.notice("nobody answers for static address {} any more: added", one.place.address.to_string());
    }
    if (more) add(missing(wanted(), desk_.world()));
}

void StaticKeeper::add(const Desired& lost) {
    unite(ours_, lost);
    unite(tried_, lost);
    ++pending_;
    desk_.apply(additions(lost), [this, lost](const std::vector<Result<void>>& results) {
        --pending_;
        added(lost, results);
        if (overlooked_) look(boot_now());
    });
}

// In the order of additions(): what was refused is none of ours.
void StaticKeeper::added(const Desired& more, const std::vector<Result<void>>& results) {
    auto result = results.begin();
    Desired refused;
    const auto sort_out = [&](const auto& objects, auto& into) {
        for (const auto& object : objects) {
            if (!*result) {
                say_refused(result->error().describe(), boot_now());
                into.push_back(object);
            }
            ++result;
        }
    };
    sort_out(more.addresses, refused.addresses);
    sort_out(more.routes, refused.routes);
    sort_out(more.rules, refused.rules);
    ours_ = without(ours_, refused);
}

// What is refused again and again is said once: until it was not for a while.
void StaticKeeper::say_refused(const std::string& what, Instant now) {
    std::erase_if(refused_, [now](const auto& refusal) { return now - refusal.second > BackOff::calm; });
    const bool is_new = refused_.insert_or_assign(what, now).second;
    if (is_new) log_.error("static entries: {}", what);
}

void StaticKeeper::remove(Desired gone) {
    if (gone == Desired{}) return;
    ours_ = without(ours_, gone);
    tried_ = without(tried_, gone);
    desk_.apply(removals(gone), [this](const std::vector<Result<void>>& results) {
        for (const auto& result : results)
            if (!result) log_.error("static entries: {}", result.error().describe());
    });
}

void StaticKeeper::withdraw() {
    entries_ = {};
    remove(Desired(ours_));
}

}  // namespace vrrpd::engine
