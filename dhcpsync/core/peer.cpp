// Talking to one peer; see peer.hpp.
#include "dhcpsync/core/peer.hpp"

#include <algorithm>
#include <utility>

namespace dhcpsync {

void Outbox::open(Instant now) {
    *this = Outbox();
    open_ = true;
    waiting_since_ = now;
    start_over();
}

// From the table's beginning; what waits is met on the way.
void Outbox::start_over() {
    if (!open_) return;
    opens_ = true;
    scan_ = IpAddress();
    waiting_.clear();
    told_ = Knowledge();
    waiting_since_ = earlier(waiting_since_, std::exchange(claimed_since_, std::nullopt));
}

void Outbox::changed(const Cell& cell, Instant now) {
    const auto known = [this](const Version& version) { return known_.knows(version.stamp); };
    if (!open_ || std::all_of(cell.versions.begin(), cell.versions.end(), known)) return;
    if (!waiting_since_) waiting_since_ = now;
    if (scan_ && *scan_ <= cell.address) return;
    waiting_.insert(cell.address);
    if (waiting_.size() > most_waiting) start_over();
}

std::optional<Update> Outbox::next(Instant now, const Contents& contents) {
    if (flight_) return repeat(now, contents.standing);
    if (!open_ || (!scan_ && waiting_.empty() && !must_speak_)) return std::nullopt;
    number_ = number_.next();
    Update update{number_, std::exchange(opens_, false), contents.standing, {}, {}, {}};
    must_speak_ = false;
    if (update.opens) update.server_duid = contents.server_duid;
    take_scanned(update, contents.table);
    take_waiting(update, contents.table);
    if (!scan_ && waiting_.empty()) claim(update, contents.knowledge);
    flight_ = Flight{update, now + patience};
    return update;
}

std::optional<Update> Outbox::repeat(Instant now, const Standing& standing) {
    if (now < flight_->repeat_at) return std::nullopt;
    if (++flight_->repeats > most_repeats) {
        flight_.reset();
        start_over();
        return std::nullopt;
    }
    flight_->repeat_at = now + patience * (1 << flight_->repeats);
    flight_->update.standing = standing;
    return flight_->update;
}

void Outbox::take_scanned(Update& update, const Table& table) {
    if (!scan_) return;
    auto at = table.lower_bound(*scan_);
    for (; at != table.end() && update.cells.size() < most_cells_in_update; ++at) {
        update.cells.push_back({at->first, at->second});
    }
    scan_ = at == table.end() ? std::nullopt : std::optional(at->first);
}

void Outbox::take_waiting(Update& update, const Table& table) {
    while (!waiting_.empty() && update.cells.size() < most_cells_in_update) {
        const auto at = table.find(waiting_.extract(waiting_.begin()).value());
        if (at != table.end()) update.cells.push_back({at->first, at->second});
    }
}

void Outbox::claim(Update& update, const Knowledge& knowledge) {
    update.claim = knowledge.beyond(told_);
    told_ = knowledge;
    claimed_since_ = std::exchange(waiting_since_, std::nullopt);
}

void Outbox::acknowledged(MessageNumber number, Instant now) {
    if (!flight_ || flight_->update.number != number) return;
    if (flight_->update.claim) {
        known_.merge(*flight_->update.claim);
        if (claimed_since_) last_round_ = now - *claimed_since_;
        claimed_since_.reset();
    }
    flight_.reset();
}

Deadline Outbox::next_deadline() const { return flight_ ? Deadline(flight_->repeat_at) : std::nullopt; }

Lag Outbox::lag(Instant now) const {
    const auto oldest = earlier(claimed_since_, waiting_since_);
    return {!oldest, oldest ? now - *oldest : Duration(0), last_round_};
}

// ---- what comes ---------------------------------------------------------------------------------

Inbox::Taken Inbox::take(Update update) {
    if (update.number == received_) return gave_up_ ? Taken::ignored : Taken::again;
    const bool goes_on = !gave_up_ && received_ != MessageNumber() && update.number == received_.next();
    if (update.opens ? update.number <= received_ : !goes_on) return Taken::ignored;
    if (update.opens) void_cells();
    received_ = update.number;
    gave_up_ = false;
    for (auto& cell : update.cells) keep(cell);
    if (held_ > most_versions_held) return Taken::too_much;
    if (update.server_duid) server_duid_ = std::move(update.server_duid);
    if (!update.claim) return Taken::part;
    knowledge_.merge(*update.claim);
    return Taken::whole;
}

void Inbox::give_up() {
    void_cells();
    gave_up_ = true;
}

void Inbox::keep(Cell& cell) {
    auto& versions = cells_[cell.address];
    held_ = held_ + cell.versions.size() - versions.size();
    versions = std::move(cell.versions);
}

void Inbox::void_cells() {
    cells_.clear();
    held_ = 0;
}

}  // namespace dhcpsync
