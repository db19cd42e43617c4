// See sync_group.hpp for the contract.
#include "vrrpd/proto/sync_group.hpp"

#include <algorithm>
#include <utility>

#include "vrrpd/base/assert.hpp"

namespace vrrpd::proto {

namespace {

using Member = SyncGroup::Member;

bool runs(const Member& member) { return member.role != Role::initialize; }
bool waits(const Member& member) { return member.role == Role::initialize; }
bool is_active(const Member& member) { return member.role == Role::active; }
bool wants(const Member& member) { return member.role == Role::backup && member.wants; }
bool active_or_wants(const Member& member) { return is_active(member) || wants(member); }

}  // namespace

SyncGroup::Actions SyncGroup::in_order(std::span<const Member> members, std::size_t about, Order order,
                                       bool (*concerned)(const Member&)) {
    Actions result;
    if (concerned(members[about])) result.emplace_back(Tell{about, order});
    for (std::size_t i = 0; i < members.size(); ++i)
        if (i != about && concerned(members[i])) result.emplace_back(Tell{i, order});
    return result;
}

SyncGroup::Actions SyncGroup::then(Actions orders, std::optional<Role> role) {
    const auto before = std::exchange(role_, role);
    if (before == role) return orders;
    const Moved moved{before, role};
    // Measured: keepalived tells of the group last; but first when it starts whole and no script is waited for.
    const bool first = !before && role != Role::initialize && !waits_for_scripts_;
    orders.insert(first ? orders.begin() : orders.end(), moved);
    return orders;
}

SyncGroup::Actions SyncGroup::step(std::span<const Member> members, std::size_t about, News news) {
    ASSERT(about < members.size());
    if (news == News::stopped) return then({}, std::nullopt);
    if (!std::all_of(members.begin(), members.end(), [](const Member& member) { return member.able; }))
        return then(in_order(members, about, Order::fault, runs), Role::initialize);

    const bool any_active = std::any_of(members.begin(), members.end(), is_active);
    if (std::any_of(members.begin(), members.end(), waits)) {
        // One that joins an Active group takes the role by its own timer; nobody gives it up for that.
        return then(in_order(members, about, Order::start, waits), any_active ? Role::active : Role::backup);
    }
    const bool obeys = members[about].follows && news != News::wants;
    if (any_active && (news == News::lost || obeys))
        return then(in_order(members, about, Order::yield, is_active), Role::backup);
    if (std::all_of(members.begin(), members.end(), active_or_wants))
        return then(in_order(members, about, Order::promote, wants), Role::active);
    return then({}, any_active ? Role::active : Role::backup);
}

}  // namespace vrrpd::proto
