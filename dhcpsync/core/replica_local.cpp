// What the local DHCP server did becomes writes to the table, while we are Active; see replica.hpp.
#include <algorithm>
#include <utility>

#include "dhcpsync/core/replica_step.hpp"

namespace dhcpsync {

namespace {

const Lease* find(const Leases& leases, const IpAddress& address) {
    const auto at = leases.find(address);
    return at == leases.end() ? nullptr : &at->second;
}

void leave_out_lost(std::optional<Leases>& before, const Leases& after) {
    if (before) std::erase_if(*before, [&](const auto& one) { return !after.contains(one.first); });
}

}  // namespace

void ReplicaStep::on(LocalLeases& event) {
    auto leases = std::move(event.book.leases);
    if (!event.whole && r_.local_ && !r_.server_is_new_) leases.insert(r_.local_->begin(), r_.local_->end());
    auto before = std::exchange(r_.local_, std::move(leases));
    if (r_.server_is_new_) {
        leave_out_lost(before, *r_.local_);
        leave_out_lost(r_.taken_over_, *r_.local_);
        r_.server_is_new_ = !event.whole;
    }
    if (!event.book.server_duid.empty()) r_.local_duid_ = std::move(event.book.server_duid);
    if (!r_.author_) return;
    if (r_.adopted_)
        publish(*before, *r_.local_);
    else
        adopt(*r_.local_);
    found(r_.local_duid_);
}

// The first look at the local leases in a term: there is no "before" that tells what is new and what is old.
void ReplicaStep::adopt(const Leases& leases) {
    r_.adopted_ = true;
    for (const auto& [address, lease] : leases) {
        if (lease.live(now_.wall) && adopts(lease)) granted(lease, nullptr);
    }
    found(r_.local_duid_);
}

// Nobody has heard of the address, or of a renewal; or this file is the truth anyway.
bool ReplicaStep::adopts(const Lease& lease) const {
    const auto& versions = at(lease.address);
    if (r_.resumed_ || counts_for_nothing(versions)) return true;
    const auto* known = holder(versions, now_.wall);
    return known && known->client == lease.client && known->expires < lease.expires;
}

void ReplicaStep::publish(const Leases& before, const Leases& after) {
    for (const auto& [address, lease] : before) {
        if (!after.contains(address)) given_back(lease);
    }
    for (const auto& [address, lease] : after) {
        const auto* earlier = find(before, address);
        if (!earlier || *earlier != lease) granted(lease, earlier);
    }
}

// What the server had and now has for longer, it renewed: while it leads it is only fed what it lacks. That is written
// even if it changes little, for elsewhere the lease may have been given back meanwhile.
void ReplicaStep::granted(const Lease& lease, const Lease* before) {
    const bool renewed = before && before->client == lease.client && before->expires < lease.expires;
    if (!lease.live(now_.wall) || (!renewed && is_echo(lease))) return;
    write(lease.address, lease, unaffected(lease.address, &lease, before));
}

// One that is over ended by itself, as it does everywhere. What outlives it is a renewal that this server was not told
// of before the role came: somebody believes in that.
void ReplicaStep::given_back(const Lease& before) {
    if (!before.live(now_.wall)) return;
    const auto& versions = at(before.address);
    auto kept = unaffected(before.address, nullptr, &before);
    const auto live = [this](const Version& version) { return version.live(now_.wall); };
    if (std::count_if(versions.begin(), versions.end(), live) == std::count_if(kept.begin(), kept.end(), live)) return;
    write(before.address, std::nullopt, std::move(kept));
}

// Leases of other machines that our server cannot have ended, for it never had them: another Active gave them. They
// stay, and if the address is held here too, that is the conflict which quarantines it.
Versions ReplicaStep::unaffected(const IpAddress& address, const Lease* after, const Lease* before) const {
    Versions kept;
    for (const auto& version : at(address)) {
        if (!version.live(now_.wall)) continue;
        const auto& client = version.lease->client;
        const bool ours = (after && same_machine(client, after->client)) ||
                          (before && same_machine(client, before->client)) ||
                          (!before && version.stamp.author.node == r_.self_);
        if (!ours) kept.push_back(version);
    }
    return kept;
}

// What was fed into our server comes back from its file.
bool ReplicaStep::is_echo(const Lease& lease) const {
    const auto& versions = at(lease.address);
    return std::any_of(versions.begin(), versions.end(), [&](const Version& version) {
        return version.lease && version.lease->client == lease.client && version.lease->host_name == lease.host_name &&
               about_equal(version.lease->expires, lease.expires);
    });
}

void ReplicaStep::write(const IpAddress& address, std::optional<Lease> lease, Versions kept) {
    Version version{sign(), std::move(lease), WallTime::min()};
    if (version.lease) version.kept_until = version.lease->expires;
    for (const auto& old : at(address)) version.kept_until = std::max(version.kept_until, old.kept_until);
    kept.push_back(std::move(version));
    replace(address, settled(std::move(kept)));
}

void ReplicaStep::found(const Bytes& server_duid) {
    if (server_duid.empty() || r_.server_duid_) return;
    join(ServerDuid{sign(), server_duid});
}

Stamp ReplicaStep::sign() {
    r_.written_.value++;
    r_.knowledge_.learn(*r_.author_, r_.written_);
    return {*r_.author_, r_.written_};
}

}  // namespace dhcpsync
