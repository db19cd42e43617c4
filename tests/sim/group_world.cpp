#include "tests/sim/group_world.hpp"

#include <string>
#include <utility>

#include "tests/proto/text.hpp"

namespace vrrpd::sim {

using namespace proto;
using News = SyncGroup::News;

GroupWorld::GroupWorld(std::uint64_t seed, std::size_t lans, const Timing& timing, std::ostream* trace)
    : Timeline(seed, trace), lans_(lans), timing_(timing) {}

void GroupWorld::add(const RouterParameters& parameters) {
    Host host;
    host.address = IpAddress::v4(10, 12, 14, static_cast<std::uint8_t>(hosts_.size() + 2));
    host.parameters = parameters;
    host.parameters.grouped = true;
    host.members.assign(lans_, Place(host.parameters));
    hosts_.push_back(std::move(host));
}

void GroupWorld::say(std::size_t host, const std::string& what) {
    Timeline::say("host " + std::to_string(host) + ": " + what);
}

std::vector<std::size_t> GroupWorld::active(std::size_t lan) const {
    std::vector<std::size_t> result;
    for (std::size_t host = 0; host < hosts_.size(); ++host)
        if (hosts_[host].up && router(host, lan).role() == Role::active) result.push_back(host);
    return result;
}

// ---- what may happen -----------------------------------------------------------------------------------

void GroupWorld::start(std::size_t index) {
    auto& host = hosts_[index];
    if (host.up) return;
    say(index, "starts");
    host.up = true;
    ++host.life;
    host.group = proto::SyncGroup();
    host.stalled_until = now_;
    host.wake.reset();
    host.queued.clear();
    for (auto& member : host.members) {
        member.router = VirtualRouter(host.parameters);
        member.holds = false;
    }
    for (std::size_t lan = 0; lan < lans_; ++lan) drive(index, lan, ReadinessChanged{host.ready});
    for (std::size_t lan = 0; lan < lans_; ++lan) news(index, lan, News::looked_at);
    look(index);
}

void GroupWorld::power_off(std::size_t index) {
    auto& host = hosts_[index];
    say(index, "power off");
    host.up = false;
    ++host.life;
    for (auto& member : host.members) member.holds = false;
}

void GroupWorld::stop(std::size_t index) {
    auto& host = hosts_[index];
    if (!host.up) return;
    say(index, "stops");
    for (std::size_t lan = 0; lan < lans_; ++lan) drive(index, lan, Stop{});
    news(index, 0, News::stopped);
    for (const auto& member : host.members)
        if (member.holds) violated("an address stayed after a clean stop");
    host.up = false;
    ++host.life;
}

void GroupWorld::stall(std::size_t index, Duration time) {
    auto& host = hosts_[index];
    if (!host.up) return;
    say(index, "stalls for " + text(time));
    host.stalled_until = std::max(host.stalled_until, now_ + time);
    later(time, [this, index, life = host.life] {
        if (hosts_[index].life == life) serve(index);
    });
}

void GroupWorld::change_priority(std::size_t index, Priority priority) {
    say(index, "priority becomes " + std::to_string(priority.value()));
    hosts_[index].parameters.priority = priority;
    for (std::size_t lan = 0; hosts_[index].up && lan < lans_; ++lan)
        drive(index, lan, Reconfigured{hosts_[index].parameters});
}

void GroupWorld::set_ready(std::size_t index, bool ready) {
    hosts_[index].ready = ready;
    for (std::size_t lan = 0; hosts_[index].up && lan < lans_; ++lan) drive(index, lan, ReadinessChanged{ready});
}

void GroupWorld::fail_claim(std::size_t index, std::size_t lan) {
    if (!hosts_[index].up || !at(index, lan).holds) return;
    say(index, "cannot add the address on LAN " + std::to_string(lan));
    drive(index, lan, ClaimFailed{});
    look(index);
}

void GroupWorld::set_cable(std::size_t index, std::size_t lan, bool plugged) {
    at(index, lan).plugged = plugged;
    if (!hosts_[index].up || stalled(index)) return;
    say(index, (plugged ? "cable in, LAN " : "cable out, LAN ") + std::to_string(lan));
    news(index, lan, News::looked_at);
    look(index);
}

void GroupWorld::heal() {
    loss_ = 0;
    for (std::size_t host = 0; host < hosts_.size(); ++host)
        for (std::size_t lan = 0; lan < lans_; ++lan) {
            at(host, lan).mute = at(host, lan).deaf = false;
            if (!at(host, lan).plugged) set_cable(host, lan, true);
        }
}

// ---- one host's turn -----------------------------------------------------------------------------------

void GroupWorld::drive(std::size_t index, std::size_t lan, const Event& event) {
    auto& router = at(index, lan).router;
    const auto before = router.role();
    bool wants = false;
    for (const auto& action : router.step(now_, event)) {
        perform(index, lan, action);
        wants |= std::holds_alternative<Wants>(action);
    }
    if (wants) news(index, lan, News::wants);
    if (before == Role::active && router.role() == Role::backup) news(index, lan, News::lost);
    arm(index);
}

void GroupWorld::news(std::size_t index, std::size_t lan, News what) {
    auto& host = hosts_[index];
    if (host.moving) return;
    std::vector<SyncGroup::Member> members;
    for (const auto& [router, plugged, mute, deaf, holds] : host.members)
        members.push_back({router.role(), plugged, router.wants(), router.follows()});
    host.moving = true;
    for (const auto& action : host.group.step(members, lan, what))
        if (const auto* order = std::get_if<SyncGroup::Tell>(&action)) obey(index, *order);
    host.moving = false;
}

void GroupWorld::obey(std::size_t index, const SyncGroup::Tell& order) {
    switch (order.order) {
        case SyncGroup::Order::start:
            return drive(index, order.member, Start{});
        case SyncGroup::Order::promote:
            return drive(index, order.member, GroupPromotes{});
        case SyncGroup::Order::yield:
            return drive(index, order.member, GroupYields{});
        case SyncGroup::Order::fault:
            return drive(index, order.member, Fault{});
    }
}

// Between its turns a host is whole: it is in the same role on all LANs.
void GroupWorld::look(std::size_t index) {
    const auto& host = hosts_[index];
    for (const auto& member : host.members)
        if (host.up && member.router.role() != host.members.front().router.role())
            violated("host " + std::to_string(index) + " has two roles");
}

void GroupWorld::serve(std::size_t index) {
    if (!hosts_[index].up || stalled(index)) return;
    for (std::size_t lan = 0; lan < lans_; ++lan) news(index, lan, News::looked_at);  // cables, while it stood still
    const auto queued = std::exchange(hosts_[index].queued, {});
    for (const auto& [lan, advert] : queued) arrive(index, lan, advert);
    for (std::size_t lan = 0; lan < lans_; ++lan) drive(index, lan, TimeReached{});
    look(index);
}

void GroupWorld::arm(std::size_t index) {
    auto& host = hosts_[index];
    Deadline next;
    for (const auto& member : host.members) next = earlier(next, member.router.next_deadline());
    if (!next || (host.wake && *host.wake <= *next)) return;
    host.wake = next;
    const auto delay = std::max(*next - now_, Duration::zero()) + rng_.up_to(timing_.late);
    later(delay, [this, index, life = host.life, deadline = *next] {
        auto& woken = hosts_[index];
        if (woken.life != life || woken.wake != deadline) return;
        woken.wake.reset();
        serve(index);
        arm(index);
    });
}

// ---- actions and packets -------------------------------------------------------------------------------

void GroupWorld::perform(std::size_t index, std::size_t lan, const Action& action) {
    auto& place = at(index, lan);
    say(index, "LAN " + std::to_string(lan) + " " + text(action));
    if (const auto* advert = std::get_if<SendAdvert>(&action)) send(index, lan, advert->priority);
    if (std::holds_alternative<Transition>(action)) ++role_changes_;
    if (std::holds_alternative<Claim>(action)) {
        if (std::exchange(place.holds, true)) violated("claimed twice");
    }
    if (std::holds_alternative<Release>(action)) {
        if (!std::exchange(place.holds, false)) violated("released what was not held");
    }
}

void GroupWorld::send(std::size_t index, std::size_t lan, Priority priority) {
    const auto& sender = at(index, lan);
    if (!sender.plugged || sender.mute) return;
    for (std::size_t to = 0; to < hosts_.size(); ++to) {
        if (to == index || rng_.chance(loss_)) continue;
        const Received advert{priority, sender.router.parameters().advert_interval, hosts_[index].address,
                              hosts_[to].address};
        later(rng_.up_to(timing_.delay), [this, to, lan, advert] {
            if (!at(to, lan).plugged || at(to, lan).deaf || !hosts_[to].up) return;
            if (stalled(to)) return hosts_[to].queued.emplace_back(lan, advert), void();
            arrive(to, lan, advert);
            look(to);
        });
    }
}

void GroupWorld::arrive(std::size_t index, std::size_t lan, const Received& advert) {
    auto& router = at(index, lan).router;
    if (router.role() == Role::initialize) return;
    drive(index, lan, advert);
    if (hosts_[index].group.role() == Role::active && router.follows()) news(index, lan, News::heard);
}

}  // namespace vrrpd::sim
