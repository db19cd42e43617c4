// See repair.hpp.
#include "dhcpsync/core/repair.hpp"

#include <algorithm>
#include <utility>

namespace dhcpsync {

namespace {

std::uint32_t number(const IpAddress& address) {
    const auto bytes = address.bytes();
    return static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
           static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
}

IpAddress address_of(std::uint32_t value) {
    const auto octet = [value](unsigned shift) { return static_cast<std::uint8_t>(value >> shift & 0xff); };
    return IpAddress::v4(octet(24), octet(16), octet(8), octet(0));
}

std::size_t size(const Pool& pool) { return std::size_t{number(pool.last)} - number(pool.first) + 1; }

Lease short_lease(const IpAddress& address, const vrrpd::MacAddress& mac, WallTime now) {
    return {address, Client4{{1, Bytes(mac.bytes.begin(), mac.bytes.end())}, {}}, "", now + Repair::lease_length};
}

}  // namespace

// DHCPv6 pools are too large to be asked through.
Repair::Repair(const std::vector<Pool>& pools, std::set<IpAddress> reserved) : reserved_(std::move(reserved)) {
    for (const auto& pool : pools) {
        if (!pool.first.is_v4() || !pool.last.is_v4() || pool.last < pool.first) continue;
        std::uint64_t first = number(pool.first);
        const std::uint64_t last = number(pool.last);
        for (; first <= last; first += largest_scan) {
            const auto end = std::min<std::uint64_t>(last, first + largest_scan - 1);
            scans_.push_back(
                {address_of(static_cast<std::uint32_t>(first)), address_of(static_cast<std::uint32_t>(end))});
        }
    }
}

RepairActions Repair::step(Moment now, const RepairEvent& event, const Known& known) {
    if (scans_.empty()) return {};
    std::visit([&](const auto& one) { on(now, one, known); }, event);
    return std::exchange(actions_, {});
}

bool Repair::has_room(const HasLease& has_lease) const {
    if (scans_.empty()) return true;
    return std::any_of(scans_.begin(), scans_.end(), [&](const Pool& scan) {
        for (std::uint64_t at = number(scan.first); at <= number(scan.last); ++at) {
            const auto address = address_of(static_cast<std::uint32_t>(at));
            if (!reserved_.contains(address) && !has_lease(address)) return true;
        }
        return false;
    });
}

std::vector<Lease> Repair::leases(Moment now, const Known& known) const {
    std::vector<Lease> result;
    for (const auto& [address, seen] : seen_) {
        if (needs(address, seen, now.instant, known)) result.push_back(short_lease(address, seen.mac, now.wall));
    }
    return result;
}

// ---- events -------------------------------------------------------------------------------------

void Repair::on(Moment now, const StandsIn&, const Known&) {
    repairing_ = false;
    if (std::exchange(standing_in_, true)) return;
    next_ = 0;
    due_ = now.instant;
}

void Repair::on(Moment now, const TookOver&, const Known& known) {
    standing_in_ = false;
    due_.reset();
    repairing_ = true;
    for (const auto& scan : scans_) actions_.emplace_back(ScanPool{scan.first, scan.last, fast_pace});
    for (auto& lease : leases(now, known)) actions_.emplace_back(Protect{std::move(lease)});
}

void Repair::on(Moment now, const HostSeen& event, const Known& known) {
    if (!in_pool(event.address) || event.mac.is_zero()) return;
    note(event, now.instant);
    name(event, now.instant, known);
    if (!repairing_) return;
    const auto& seen = seen_.at(event.address);
    if (needs(event.address, seen, now.instant, known))
        actions_.emplace_back(Protect{short_lease(event.address, seen.mac, now.wall)});
}

void Repair::on(Moment now, const ScanDue&, const Known&) {
    if (!standing_in_ || !due_ || now.instant < *due_) return;
    scan_next(now.instant);
}

void Repair::scan_next(Instant now) {
    std::size_t all = 0;
    for (const auto& scan : scans_) all += size(scan);
    const auto pace = std::clamp<Duration>(gentle_round / static_cast<std::int64_t>(all), fast_pace, gentlest_pace);
    const auto& scan = scans_[next_];
    next_ = (next_ + 1) % scans_.size();
    actions_.emplace_back(ScanPool{scan.first, scan.last, pace});
    due_ = now + pace * static_cast<std::int64_t>(size(scan));
}

// ---- who was seen -------------------------------------------------------------------------------

void Repair::note(const HostSeen& event, Instant now) {
    const auto [at, fresh] = seen_.try_emplace(event.address, Seen{event.mac, now});
    if (!fresh && at->second.mac != event.mac) addresses_[at->second.mac].erase(event.address);
    at->second = {event.mac, now};
    addresses_[event.mac].insert(event.address);
}

void Repair::name(const HostSeen& event, Instant now, const Known& known) {
    if (known.is_anothers(event.address, event.mac)) {
        if (take_anothers_.insert(event.mac).second) actions_.emplace_back(TakesAnothers{event.mac, event.address});
    } else if (lacks_lease(event.address, seen_.at(event.address), now, known) && has_several(event.mac, now, known)) {
        if (have_several_.insert(event.mac).second) actions_.emplace_back(HasSeveral{event.mac, event.address});
    }
}

bool Repair::in_pool(const IpAddress& address) const {
    return std::any_of(scans_.begin(), scans_.end(),
                       [&](const Pool& scan) { return scan.first <= address && address <= scan.last; });
}

// Who is on a reserved address: its owner, who cannot lose it, or somebody whom a lease would help to keep it.
bool Repair::lacks_lease(const IpAddress& address, const Seen& seen, Instant now, const Known& known) const {
    return now <= seen.at + remembered && !reserved_.contains(address) && !known.has_lease(address);
}

bool Repair::has_several(const vrrpd::MacAddress& mac, Instant now, const Known& known) const {
    const auto& its = addresses_.at(mac);
    const auto lately = std::count_if(
        its.begin(), its.end(), [&](const IpAddress& address) { return now <= seen_.at(address).at + remembered; });
    return lately > 1 || known.has_another(mac);
}

bool Repair::needs(const IpAddress& address, const Seen& seen, Instant now, const Known& known) const {
    return lacks_lease(address, seen, now, known) && !has_several(seen.mac, now, known);
}

}  // namespace dhcpsync
