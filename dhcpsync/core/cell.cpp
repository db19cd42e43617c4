// Merging what two nodes hold of one address; see cell.hpp.
#include "dhcpsync/core/cell.hpp"

#include <algorithm>
#include <utility>

namespace dhcpsync {

namespace {

const Version* find(const Versions& versions, const Stamp& stamp) {
    const auto at = std::find_if(versions.begin(), versions.end(), [&](const auto& v) { return v.stamp == stamp; });
    return at == versions.end() ? nullptr : &*at;
}

bool ended_for(Seconds time, const Versions& versions, WallTime now) {
    return std::all_of(versions.begin(), versions.end(),
                       [&](const auto& v) { return v.kept_until != never && v.kept_until + time <= now; });
}

// Of one side, what the other side still holds or never knew.
void append_surviving(Versions& result, const Versions& side, const Versions& other, const Knowledge& other_knows) {
    for (const auto& version : side) {
        if (!other_knows.knows(version.stamp) || find(other, version.stamp)) result.push_back(version);
    }
}

}  // namespace

Versions settled(Versions versions) {
    std::sort(versions.begin(), versions.end(), [](const auto& a, const auto& b) { return b.stamp < a.stamp; });
    versions.erase(
        std::unique(versions.begin(), versions.end(), [](const auto& a, const auto& b) { return a.stamp == b.stamp; }),
        versions.end());
    if (versions.size() > most_versions) versions.resize(most_versions);
    return versions;
}

Versions merge(const Versions& ours, const Knowledge& we_know, const Versions& theirs, const Knowledge& they_know) {
    Versions result;
    append_surviving(result, ours, theirs, they_know);
    append_surviving(result, theirs, ours, we_know);
    return settled(std::move(result));
}

const Lease* holder(const Versions& versions, WallTime now) {
    const Lease* result = nullptr;
    for (const auto& version : versions) {
        if (!version.live(now)) continue;
        const auto& lease = *version.lease;
        if (!result || (lease.client == result->client && result->expires < lease.expires)) result = &lease;
    }
    return result;
}

bool contested(const Versions& versions, WallTime now) {
    return std::count_if(versions.begin(), versions.end(), [&](const auto& v) { return v.live(now); }) > 1;
}

std::optional<WallTime> quarantined_until(const Versions& versions, WallTime now) {
    const auto* lease = holder(versions, now);
    std::optional<WallTime> until;
    for (const auto& version : versions) {
        if (!version.live(now) || same_machine(version.lease->client, lease->client)) continue;
        until = std::max(until.value_or(WallTime::min()), version.lease->expires);
    }
    return until;
}

bool lapsed(const Versions& versions, WallTime now) { return ended_for(grace, versions, now); }

bool forgettable(const Versions& versions, WallTime now) { return ended_for(memory, versions, now); }

}  // namespace dhcpsync
