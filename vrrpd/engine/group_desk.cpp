#include "vrrpd/engine/group_desk.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "vrrpd/base/assert.hpp"

namespace vrrpd::engine {

using proto::SyncGroup;

namespace {

// It has not begun: a script that it tracks has no result yet.
bool is_awaited(const Router& router) {
    return router.waits && router.machine.role() == proto::Role::initialize && router.troubles->faults.empty();
}

// Whose first result it waits for, as keepalived has it.
bool awaits_scripts(const config::Instance& instance) {
    return std::any_of(instance.tracks.begin(), instance.tracks.end(), [](const config::Track& track) {
        return track.kind == config::Track::Kind::script && track.weight == 0;
    });
}

// It became faulty, or whole.
bool brings_change(const Router& router) { return router.fault_is_new != router.troubles->faults.empty(); }

SyncGroup::Member member(const Router& router) {
    if (is_awaited(router))
        return {proto::Role::backup, true, false, false};  // nobody waits to be started, nobody wants
    return {router.machine.role(), router.troubles->faults.empty(), router.machine.wants(), router.machine.follows()};
}

ipc::Notice::Event event_of(std::optional<proto::Role> role) {
    if (!role) return ipc::Notice::Event::stop;
    switch (*role) {
        case proto::Role::active:
            return ipc::Notice::Event::master;
        case proto::Role::backup:
            return ipc::Notice::Event::backup;
        case proto::Role::initialize:
            break;
    }
    return ipc::Notice::Event::fault;
}

}  // namespace

// A group that stays, by its name, goes on from what it was.
void GroupDesk::form(bool adopts) {
    std::vector<Group> groups;
    for (const auto& config : routers_.config().sync_groups) {
        const auto known =
            std::find_if(groups_.begin(), groups_.end(), [&](const Group& group) { return group.name == config.name; });
        groups.push_back(known != groups_.end() ? *known : formed(config, adopts));
        groups.back().config = &config;
    }
    groups_ = std::move(groups);
}

// One that a reload makes of routers that run begins with what they are, and tells nobody.
GroupDesk::Group GroupDesk::formed(const config::SyncGroup& config, bool adopts) const {
    std::optional<proto::Role> role;  // none: its members have none yet
    auto since = loop_.now();
    bool scripted = false;
    for (const auto number : config.members) {
        const auto& router = routers_[number];
        scripted = scripted || awaits_scripts(*router.config);
        if (router.machine.role() == proto::Role::initialize) continue;
        since = role ? std::max(since, router.since) : router.since;
        role = std::max(role, std::optional(router.machine.role()));
    }
    return {config.name, SyncGroup(scripted, role), since, nullptr, adopts};
}

GroupDesk::Group& GroupDesk::group_of(const Router& router) {
    ASSERT(router.config->sync_group && *router.config->sync_group < groups_.size());
    return groups_[*router.config->sync_group];
}

void GroupDesk::news(Router& router, SyncGroup::News news) {
    auto& group = group_of(router);
    if (group.moving) return;  // it obeys
    const auto& numbers = group.config->members;
    // Silent before the first result of every script.
    const bool awaited =
        std::any_of(numbers.begin(), numbers.end(), [this](auto number) { return is_awaited(routers_[number]); });
    if (awaited && !group.machine.role()) return;
    std::vector<SyncGroup::Member> members;
    members.reserve(numbers.size());
    for (const auto number : numbers) members.push_back(member(routers_[number]));
    const bool able = std::all_of(members.begin(), members.end(), [](const auto& one) { return one.able; });
    if (!group.machine.role() && able && std::exchange(group.adopts, false)) return adopt(group);

    // Of those that were looked at together the one that brings the change.
    auto at = numbers.end();
    if (news == SyncGroup::News::looked_at)
        at = std::find_if(numbers.begin(), numbers.end(),
                          [this](auto number) { return brings_change(routers_[number]); });
    if (at == numbers.end()) at = std::find(numbers.begin(), numbers.end(), routers_.number_of(router));
    ASSERT(at != numbers.end());
    auto& about = routers_[*at];
    group.moving = true;
    group.others_said = false;
    for (const auto& action : group.machine.step(members, static_cast<std::size_t>(at - numbers.begin()), news))
        std::visit([&](const auto& what) { perform(group, about, what); }, action);
    group.moving = false;
}

// Each member goes on as it was, if it may; then the group is looked at.
void GroupDesk::adopt(Group& group) {
    group.moving = true;
    for (const auto number : group.config->members)
        if (routers_[number].machine.role() == proto::Role::initialize) orders_.begin(routers_[number]);
    group.moving = false;
    news(routers_[group.config->members.front()], SyncGroup::News::looked_at);
}

void GroupDesk::stepped(Router& router, proto::Role before, const proto::Actions& actions) {
    const bool wants = std::any_of(actions.begin(), actions.end(), [](const proto::Action& action) {
        return std::holds_alternative<proto::Wants>(action);
    });
    if (wants) news(router, SyncGroup::News::wants);
    if (before == proto::Role::active && router.machine.role() == proto::Role::backup)
        news(router, SyncGroup::News::lost);
    if (wants && !router.active())
        log_.info("({}) would enter MASTER STATE: waiting for the others of VRRP_Group({})", router.config->name,
                  group_of(router).name);
}

void GroupDesk::heard(Router& router) {
    if (group_of(router).machine.role() == proto::Role::active && router.machine.follows())
        news(router, SyncGroup::News::heard);
}

void GroupDesk::perform(Group& group, Router& about, const SyncGroup::Tell& action) {
    auto& router = routers_[group.config->members[action.member]];
    const bool first = &router != &about && !std::exchange(group.others_said, true);
    const auto say = [&](const char* state) {
        if (first) log_.notice("VRRP_Group({}) Syncing instances to {} state", group.name, state);
    };
    switch (action.order) {
        case SyncGroup::Order::start:
            say("BACKUP");
            return orders_.begin(router);
        case SyncGroup::Order::promote:
            say("MASTER");
            return orders_.drive(router, proto::GroupPromotes{});
        case SyncGroup::Order::yield:
            say("BACKUP");
            return orders_.drive(router, proto::GroupYields{});
        case SyncGroup::Order::fault:
            say("FAULT");
            router.fault_is_new = router.troubles->faults.empty();  // the transition tells of it
            return orders_.drive(router, proto::Fault{});
    }
}

// The group as a whole, after its members: for whoever follows it by its name.
void GroupDesk::perform(Group& group, Router&, const SyncGroup::Moved& action) {
    group.since = {};  // its last member moved; an engine before may have been there
    for (const auto number : group.config->members) group.since = std::max(group.since, routers_[number].since);
    if (!action.from && action.to == proto::Role::initialize)  // the first look: nobody has moved, nobody says why
        for (const auto number : group.config->members) orders_.say_fault(routers_[number]);
    herald_.tell(*group.config, event_of(action.to));
}

void GroupDesk::stop() {
    for (auto& group : groups_) {
        const std::vector<SyncGroup::Member> members(group.config->members.size());
        auto& first = routers_[group.config->members.front()];
        for (const auto& action : group.machine.step(members, 0, SyncGroup::News::stopped))
            std::visit([&](const auto& what) { perform(group, first, what); }, action);
    }
}

}  // namespace vrrpd::engine
