// What the replicated table holds of one address: usually one version. Several stand side by side when their authors
// did not know of each other (a partition with two Actives); none of them may then push out another, or a client that
// holds its address rightly would be forgotten. Merging is what makes all nodes equal in the end: it gives the same
// result in whatever order, and how often, versions arrive.
//
// The rule is that of dotted version vectors: a version goes only if somebody who knew it has something else
// instead. Pure functions over values; for the replica, its messages and its image.
#pragma once

#include <optional>
#include <vector>

#include "dhcpsync/core/knowledge.hpp"
#include "dhcpsync/core/lease.hpp"

namespace dhcpsync {

struct Version {
    Stamp stamp;
    std::optional<Lease> lease;  // none: a tombstone, the address was given back
    // Until then this version is needed, even if its own lease ended: whoever was away may still hold one of those
    // that it replaced.
    WallTime kept_until = never;

    [[nodiscard]] bool live(WallTime now) const { return lease && lease->live(now); }
    bool operator==(const Version&) const = default;
};

using Versions = std::vector<Version>;  // the greatest stamp first
inline constexpr std::size_t most_versions = 8;

struct Cell {
    IpAddress address;
    Versions versions;

    bool operator==(const Cell&) const = default;
};

using Table = std::map<IpAddress, Versions>;
// Of all addresses: twice what a server may hold, for tombstones. So a peer gone mad costs at most some 200 MB, and
// what it said can still be read back from the disk.
inline constexpr std::size_t most_versions_held = 2 * most_leases;

// A node's clock may be behind: for so long after their end versions still count.
inline constexpr Seconds grace{60};
// And ours may be ahead, until NTP has set it right: by hours, where local time was taken for UTC. So what has lapsed
// is kept, and counts again if the clock is found to have been wrong.
inline constexpr Seconds memory{24 * 3600};

// In order, each stamp once, at most most_versions.
[[nodiscard]] Versions settled(Versions versions);

[[nodiscard]] Versions merge(const Versions& ours, const Knowledge& we_know, const Versions& theirs,
                             const Knowledge& they_know);

// The lease that counts: that of the live version with the greatest stamp; of what was promised to its client, the
// client believes the longest.
[[nodiscard]] const Lease* holder(const Versions& versions, WallTime now);

// Several leases live: the holder may change without a message, when one ends.
[[nodiscard]] bool contested(const Versions& versions, WallTime now);

// Two machines hold live leases of the one address: it must not be offered to a third before that time, when the
// last of those who are not the holder lets go.
[[nodiscard]] std::optional<WallTime> quarantined_until(const Versions& versions, WallTime now);

// Nothing of it counts any more, as if nobody had ever heard of the address.
[[nodiscard]] bool lapsed(const Versions& versions, WallTime now);
// ... whatever the clock may be found to have been.
[[nodiscard]] bool forgettable(const Versions& versions, WallTime now);

}  // namespace dhcpsync
