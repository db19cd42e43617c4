// When to announce; see announce.hpp.
#include "vrrpd/proto/announce.hpp"

#include <algorithm>
#include <utility>

#include "vrrpd/base/assert.hpp"

namespace vrrpd::proto {

namespace {

// VR-125: when a loser's own announcement may still be in some queue, and when it has surely left it.
constexpr Duration soon = std::chrono::milliseconds(50);
constexpr Duration later = std::chrono::seconds(1);

}  // namespace

void Announcer::plan(Instant at, Kind kind, unsigned rounds) {
    ASSERT(rounds <= 0xffff);
    if (rounds == 0 || all_ == 0) return;
    blocks_.push_back({at, 0, static_cast<std::uint16_t>(rounds), kind});
}

void Announcer::plan_refresh(Instant from) {
    if (policy_->refresh > Duration::zero()) plan(from + policy_->refresh, Kind::refresh, policy_->refresh_repeat);
}

void Announcer::plan_extra(Instant from) {
    if (all_ > 0 && policy_->extra > Duration::zero()) extra_at_ = from + policy_->extra;
}

void Announcer::forget(Kind kind) {
    std::erase_if(blocks_, [kind](const Block& block) { return block.kind == kind; });
}

void Announcer::start(Instant now, std::size_t arp_addresses, std::size_t na_addresses) {
    ASSERT(arp_addresses + na_addresses <= 0xffff);
    stop();
    all_ = static_cast<std::uint32_t>(arp_addresses + na_addresses);
    plan_extra(now);
    plan(now, Kind::claimed, policy_->repeat);
    if (policy_->second_block > Duration::zero()) plan(now + policy_->second_block, Kind::claimed, policy_->repeat);
    // As in keepalived, the first refresh counts from the second block.
    plan_refresh(now + policy_->second_block);
}

void Announcer::set_policy(const AnnouncePolicy& policy, Instant now) {
    const auto& before = *std::exchange(policy_, &policy);
    if (policy.refresh != before.refresh || policy.refresh_repeat != before.refresh_repeat) {
        forget(Kind::refresh);
        plan_refresh(now);
    }
    if (policy.extra != before.extra) {
        extra_at_ = Instant::max();
        plan_extra(now);
    }
}

void Announcer::again(Instant now) {
    if (all_ == 0 || policy_->lower_prio_repeat == 0) return;
    if (now < answered_round_ + soon) return;  // the round that is planned after it comes later than this loser
    const bool whole_block = now >= answered_block_ + later;
    forget(Kind::lower_priority);
    plan(now, Kind::lower_priority, whole_block ? policy_->lower_prio_repeat : 1);
    plan(now + soon, Kind::lower_priority, 1);
    plan(now + later, Kind::lower_priority, 1);
    if (policy_->lower_prio_second_block > Duration::zero()) {
        plan(now + policy_->lower_prio_second_block, Kind::lower_priority, policy_->lower_prio_repeat);
    }
    answered_round_ = now;
    if (whole_block) answered_block_ = now;
}

void Announcer::stop() {
    blocks_ = {};  // gives the memory back too
    all_ = 0;
    extra_at_ = Instant::max();
    answered_round_ = answered_block_ = Instant::min();
}

std::vector<Announcer::Block>::iterator Announcer::earliest() {
    return std::min_element(blocks_.begin(), blocks_.end(), [](const Block& a, const Block& b) { return a.at < b.at; });
}

void Announcer::finish(std::vector<Block>::iterator block, Instant now) {
    if (block->kind == Kind::refresh) {
        block->sent = 0;
        block->at += policy_->refresh;
        if (block->at <= now) block->at = now + policy_->refresh;  // late: no burst to catch up
        return;
    }
    blocks_.erase(block);
    if (blocks_.empty()) blocks_.shrink_to_fit();
}

std::vector<std::size_t> Announcer::due(Instant now) {
    std::vector<std::size_t> indexes;
    while (!blocks_.empty()) {
        const auto block = earliest();
        if (block->at > now) break;
        indexes.push_back(block->sent % all_);
        if (++block->sent == all_ * block->rounds) finish(block, now);
    }
    return indexes;
}

bool Announcer::extra_is_due(Instant now) {
    if (now < extra_at_) return false;
    extra_at_ += policy_->extra;
    if (extra_at_ <= now) extra_at_ = now + policy_->extra;  // late: no burst to catch up
    return true;
}

Deadline Announcer::next_deadline() const {
    Instant first = extra_at_;
    for (const auto& block : blocks_) first = std::min(first, block.at);
    return first == Instant::max() ? Deadline() : Deadline(first);
}

}  // namespace vrrpd::proto
