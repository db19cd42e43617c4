// When to look at the lease file and what to believe; see follower.hpp.
#include "dhcpsync/core/follower.hpp"

#include <algorithm>
#include <utility>

namespace dhcpsync {

namespace {

bool has_its_end(const std::string& text) { return !text.empty() && text.back() == '\n'; }

}  // namespace

FileActions Follower::step(Moment now, FileEvent event) {
    return std::visit([&](auto& one) { return on(now, one); }, event);
}

FileActions Follower::on(Moment now, const Changed&) {
    if (looking_) overtaken_ = true;
    if (!since_) since_ = now.instant;
    const auto soon = now.instant + quiet;
    if (looking_) return {};
    look_at_ = seen_ ? std::min(look_at_.value_or(soon), soon) : std::min(soon, *since_ + longest_wait);
    return {};
}

FileActions Follower::on(Moment now, const LookDue&) {
    if (!look_at_ || now.instant < *look_at_) return {};
    look_at_.reset();
    looking_ = true;
    return {LookNow{}};
}

FileActions Follower::on(Moment now, Content& content) {
    looking_ = false;
    if (!since_) since_ = now.instant;
    if (seen_ && seen_->text == content.text) {
        if (now.instant < seen_->due) {
            look_at_ = seen_->due;
            return {};
        }
        auto actions = believe(has_its_end(content.text));
        rest(now);
        return actions;
    }
    const bool restless_now = seen_ && *since_ + restless <= now.instant;
    auto read = read_leases(content.text, {expiry_, now.wall});
    const auto due = now.instant + patience(read);
    seen_ = Seen{std::move(content.text), std::move(read), due};
    look_at_ = due;
    if (!restless_now) return {};
    since_ = now.instant;
    return believe(false);
}

FileActions Follower::on(Moment now, const Unreadable&) {
    rest(now);
    return {};
}

FileActions Follower::believe(bool whole) {
    const auto& read = seen_->read;
    if (whole) believed_ = read.book.leases.size();
    return {Believed{read.book, read.faults, whole}};
}

Duration Follower::patience(const LeaseText& read) const {
    return read.book.leases.size() < believed_ ? look_again_shrunk : look_again;
}

// A change that came while the last look was taken may have missed it.
void Follower::rest(Moment now) {
    looking_ = false;
    seen_.reset();
    since_.reset();
    look_at_.reset();
    if (!std::exchange(overtaken_, false)) return;
    since_ = now.instant;
    look_at_ = now.instant + quiet;
}

}  // namespace dhcpsync
