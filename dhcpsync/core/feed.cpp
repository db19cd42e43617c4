// Which D-Bus calls are to be made; see feed.hpp.
#include "dhcpsync/core/feed.hpp"

#include <algorithm>

#include "dhcpsync/core/lease_text.hpp"

namespace dhcpsync {

namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
}

// dnsmasq learns a client id that it had not; any other difference stays unless the lease is made anew.
bool learnable(const Client& server, const Client& wanted) {
    const auto *has = std::get_if<Client4>(&server), *should = std::get_if<Client4>(&wanted);
    return server == wanted || (has && should && has->id.empty() && has->hardware == should->hardware);
}

bool must_be_cleared(const Lease& server, const Lease& wanted) {
    return !learnable(server.client, wanted.client) || (!server.host_name.empty() && wanted.host_name.empty());
}

// 0 would be for ever, and so would 0xffffffff.
std::uint32_t remaining(const Lease& lease, WallTime now) {
    if (lease.expires == never) return for_ever;
    const auto seconds = (lease.expires - now).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 1, for_ever - 1));
}

// In steps: thousands of calls must not each wake us up.
Instant lag_end(Instant now) {
    constexpr Duration step = std::chrono::milliseconds(250);
    return Instant(((now + file_lag).time_since_epoch() + step - Duration(1)) / step * step);
}

Bytes terminated(const std::string& name) {
    Bytes bytes(name.begin(), name.end());
    if (!bytes.empty()) bytes.push_back(0);
    return bytes;
}

}  // namespace

Calls Feed::step(Moment now, const FeedEvent& event) {
    std::visit([&](const auto& one) { on(now, one); }, event);
    Calls calls;
    while (!away_ && calling_.size() < limits_.most_calls) {
        const auto address = next_address();
        if (!address) break;
        consider(*address, now);  // time has passed since it was last
        if (next_address() == address) calls.push_back(make_call(*address, now.wall));
    }
    return calls;
}

Deadline Feed::next_deadline() const { return due_.empty() ? Deadline() : Deadline(due_.begin()->first); }

std::size_t Feed::missing() const {
    return static_cast<std::size_t>(
        std::count_if(open_.begin(), open_.end(), [](const auto& one) { return one.second.need == Need::add; }));
}

std::size_t Feed::late(Instant now) const {
    if (limits_.most_leases == 0) return 0;
    return static_cast<std::size_t>(std::count_if(open_.begin(), open_.end(), [&](const auto& one) {
        return one.second.need != Need::add && one.second.since + late_after <= now;
    }));
}

std::size_t Feed::refused() const { return full() ? todo_[static_cast<std::size_t>(Need::add)].size() : 0; }

// ---- events -------------------------------------------------------------------------------------

void Feed::on(Moment now, const Wanted& event) {
    for (const auto& change : event.changes) {
        want(change);
        consider(change.address, now);
    }
}

void Feed::on(Moment now, const ServerHas& event) {
    for (const auto& change : event.changes) {
        want(change);
        if (change.forgotten) consider(change.address, now);
    }
    had_ = std::max(had_, event.leases.size());
    auto leases = event.leases;
    if (!event.whole && file_) leases.insert(file_->begin(), file_->end());
    file_ = std::move(leases);
    rebuild(now);
}

void Feed::on(Moment now, const ServerLeads& event) {
    leads_ = event.leads;
    rebuild(now);
}

void Feed::on(Moment now, const Answered& event) {
    auto call = calling_.extract(event.address);
    if (call.empty()) return;
    const auto at = event.ok ? lag_end(now.instant) : now.instant + retry_pause;
    if (event.ok) {
        set(event.address, call.mapped());
        recent_[event.address] = {std::move(call.mapped()), at};
    } else {
        retry_[event.address] = at;
    }
    due_.emplace(at, event.address);
    consider(event.address, now);
}

void Feed::on(Moment now, const Interrupted& event) {
    away_ = !event.back;
    while (!calling_.empty()) on(now, Answered{calling_.begin()->first, false});
    if (!event.back) return;
    file_.reset();
    had_ = 0;
    recent_.clear();
    retry_.clear();
    due_.clear();
    std::erase_if(open_, [this](const auto& one) { return !wanted_.contains(one.first); });
}

// Only what is due: the table may be large, and calls many. Of a call that failed nobody knows what it made, until it
// is made again.
void Feed::on(Moment now, const RetryDue&) {
    for (; !due_.empty() && due_.begin()->first <= now.instant; due_.erase(due_.begin())) {
        const auto& address = due_.begin()->second;
        const auto retry = retry_.find(address);
        if (retry != retry_.end() && retry->second <= now.instant) retry_.erase(retry);
        const auto recent = recent_.find(address);
        if (recent != recent_.end() && recent->second.until <= now.instant) recent_.erase(recent);
        if (!calling_.contains(address) && !recent_.contains(address)) set(address, in_file(address));
        consider(address, now);
    }
}

// ---- what is wanted -----------------------------------------------------------------------------

void Feed::want(const Change& change) {
    auto& wanted = wanted_[change.address];
    if (wanted) release_name(*wanted);
    wanted = change.lease;
    if (wanted) claim_name(*wanted);
    if (change.forgotten) wanted_.erase(change.address);
}

// dnsmasq moves a name to who is given it last; two leases that want it would take it from each other for ever.
void Feed::claim_name(const Lease& lease) {
    if (lease.host_name.empty()) return;
    const auto [at, free] = names_.try_emplace(lower(lease.host_name), lease.address);
    if (!free && wanted_[at->second]->expires < lease.expires) at->second = lease.address;
}

void Feed::release_name(const Lease& lease) {
    if (owns_its_name(lease)) names_.erase(lower(lease.host_name));
}

bool Feed::owns_its_name(const Lease& lease) const {
    const auto at = names_.find(lower(lease.host_name));
    return at != names_.end() && at->second == lease.address;
}

// ---- what the server has ------------------------------------------------------------------------

// The file, and over it what it may not show yet. A removal under way counts as not done: the table must never be
// taken for emptier than it is.
void Feed::rebuild(Moment now) {
    if (!file_) return;
    server_ = *file_;
    std::erase_if(recent_, [&](const auto& one) { return one.second.until <= now.instant; });
    for (const auto& [address, recent] : recent_) set(address, recent.lease);
    for (const auto& [address, lease] : calling_) {
        if (lease) set(address, lease);
    }
    for (const auto& [address, lease] : wanted_) consider(address, now);
}

std::optional<Lease> Feed::in_file(const IpAddress& address) const {
    if (!file_) return std::nullopt;
    const auto at = file_->find(address);
    return at == file_->end() ? std::nullopt : std::optional(at->second);
}

void Feed::set(const IpAddress& address, const std::optional<Lease>& lease) {
    if (lease)
        server_.insert_or_assign(address, *lease);
    else
        server_.erase(address);
}

// ---- what is to be done -------------------------------------------------------------------------

void Feed::consider(const IpAddress& address, Moment now) {
    for (auto& addresses : todo_) addresses.erase(address);
    if (calling_.contains(address) || retry_.contains(address)) return;
    const auto what = need(address, now.wall);
    if (what == Need::none) {
        open_.erase(address);
        return;
    }
    todo_[static_cast<std::size_t>(what)].insert(address);
    open_.try_emplace(address, Open{what, now.instant}).first->second.need = what;
}

Feed::Need Feed::need(const IpAddress& address, WallTime now) const {
    const auto wanted = wanted_.find(address);
    if (wanted == wanted_.end()) return Need::none;
    const auto server = server_.find(address);
    const bool there = server != server_.end();
    const auto& lease = wanted->second;
    const bool live = lease && lease->live(now);
    if (live && !there) return Need::add;
    if (leads_) return live && extends(server->second, *lease) ? Need::change : Need::none;
    if (!live) return there ? Need::remove : Need::none;
    if (must_be_cleared(server->second, *lease)) return Need::remove;
    return differs(server->second, *lease) ? Need::change : Need::none;
}

bool Feed::extends(const Lease& server, const Lease& wanted) {
    return server.client == wanted.client && server.expires < wanted.expires &&
           !about_equal(server.expires, wanted.expires);
}

bool Feed::differs(const Lease& server, const Lease& wanted) const {
    if (server.client != wanted.client || !about_equal(server.expires, wanted.expires)) return true;
    return server.host_name != wanted.host_name && owns_its_name(wanted);
}

std::optional<IpAddress> Feed::next_address() const {
    if (!file_ || limits_.most_leases == 0) return std::nullopt;
    for (std::size_t i = 0; i < needs; ++i) {
        if (static_cast<Need>(i) == Need::add && full()) break;
        if (!todo_[i].empty()) return *todo_[i].begin();
    }
    return std::nullopt;
}

Call Feed::make_call(const IpAddress& address, WallTime now) {
    const bool remove = need(address, now) == Need::remove;
    for (auto& addresses : todo_) addresses.erase(address);
    if (remove) {
        calling_[address] = std::nullopt;
        return DeleteDhcpLease{address};
    }
    const auto& lease = *wanted_.at(address);
    calling_[address] = lease;
    set(address, lease);
    return add(lease, now);
}

AddDhcpLease Feed::add(const Lease& lease, WallTime now) const {
    const auto name = owns_its_name(lease) ? terminated(lease.host_name) : Bytes{};
    const auto seconds = remaining(lease, now);
    if (const auto* client = std::get_if<Client6>(&lease.client)) {
        return {lease.address, "", name, client->duid, seconds, client->iaid.value, client->temporary};
    }
    const auto& client = std::get<Client4>(lease.client);
    return {lease.address, hardware_text(client.hardware), name, client.id, seconds, 0, false};
}

}  // namespace dhcpsync
