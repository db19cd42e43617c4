#include "vrrpd/engine/core/absent_addresses.hpp"

#include <algorithm>
#include <iterator>

namespace vrrpd::engine {

namespace {

// Behind a device of ours is the one that it stands on: while it is down nothing leaves it, and up it answers itself.
const netlink::Link* asked_on(IfIndex index, const World& world) {
    const auto* link = world.link(index);
    if (link && is_ours(*link)) link = world.link(link->base);
    return link && link->arp && !link->loopback ? link : nullptr;
}

}  // namespace

void AbsentAddresses::ask_first(const std::vector<netlink::Address>& wanted, const World& world, Instant now) {
    for (const auto& address : wanted) {
        const auto* on = asked_on(address.link, world);
        if (!on || world.holds(address.prefix.address)) continue;
        Entry entry;
        entry.asked_on = on->index;
        entry.at = now;
        entries_.try_emplace({address.link, address.prefix.address}, entry);
    }
}

void AbsentAddresses::hold_back(Desired& wanted, const World& world) const {
    if (entries_.empty()) return;
    bool asking = false;
    std::vector<IpAddress> absent;
    std::erase_if(wanted.addresses, [&](const netlink::Address& address) {
        const auto at = entries_.find({address.link, address.prefix.address});
        if (at == entries_.end()) return false;
        asking = asking || !at->second.holder;
        absent.push_back(address.prefix.address);
        return true;
    });
    if (absent.empty()) return;
    const auto needs_absent = [&](const netlink::Route& route) {
        return route.source && std::find(absent.begin(), absent.end(), *route.source) != absent.end();
    };
    std::erase_if(wanted.routes, needs_absent);
    if (!asking) return;
    std::erase_if(wanted.routes, [&](const netlink::Route& route) { return !world.find(route); });
    std::erase_if(wanted.rules, [&](const netlink::Rule& rule) { return !world.find(rule); });
}

std::optional<MacAddress> AbsentAddresses::holder(const Place& place) const {
    const auto at = entries_.find(place);
    return at == entries_.end() ? std::nullopt : at->second.holder;
}

std::vector<AbsentAddresses::Held> AbsentAddresses::answered(IfIndex on, const proto::AddressClaim& claim,
                                                             Instant now) {
    std::vector<Held> news;
    for (auto& [place, entry] : entries_) {
        if (entry.asked_on != on || place.address != claim.address || entry.resting) continue;
        const bool asked = entry.rounds_left < rounds;
        if (!entry.holder)
            entry.pause = first_pause;
        else if (asked)
            entry.pause = std::min(2 * entry.pause, longest_pause);
        entry.rounds_left = rounds;
        entry.at = now + entry.pause;
        if (entry.holder != claim.mac) news.push_back({place, claim.mac});
        entry.holder = claim.mac;
    }
    return news;
}

AbsentAddresses::Due AbsentAddresses::step(const World& world, Instant now) {
    Due due;
    for (auto at = entries_.begin(); at != entries_.end();)
        at = look_at(at->first, at->second, world, now, due) ? entries_.erase(at) : std::next(at);
    return due;
}

// Whether it is absent no more.
bool AbsentAddresses::look_at(const Place& place, Entry& entry, const World& world, Instant now, Due& due) {
    if (entry.resting) return false;
    if (world.holds(place.address)) {  // somebody put it on this host by hand
        due.free.push_back({place, false});
        return true;
    }
    const auto* on = world.link(entry.asked_on);
    entry.waits = !on || !on->usable();
    if (entry.waits) entry.rounds_left = rounds;  // silence there says nothing
    if (entry.waits || now < entry.at) return false;
    if (entry.rounds_left == 0) {
        due.free.push_back({place, entry.holder.has_value()});
        return true;
    }
    if (due.questions.size() == questions_a_turn) return false;
    due.questions.push_back({entry.asked_on, place.address});
    --entry.rounds_left;
    entry.at = now + round;
    return false;
}

Deadline AbsentAddresses::next_deadline() const {
    Deadline next;
    for (const auto& [place, entry] : entries_)
        if (!entry.resting && !entry.waits) next = earlier(next, entry.at);
    return next;
}

void AbsentAddresses::review(const std::function<Wanted(const Place&)>& judge, Instant now) {
    for (auto at = entries_.begin(); at != entries_.end();) {
        auto& entry = at->second;
        const auto wanted = judge(at->first);
        if (entry.resting && wanted == Wanted::now) entry = {.asked_on = entry.asked_on, .at = now};
        entry.resting = wanted != Wanted::now;
        at = wanted == Wanted::never ? entries_.erase(at) : std::next(at);
    }
}

}  // namespace vrrpd::engine
