// See knowledge.hpp.
#include "dhcpsync/core/knowledge.hpp"

#include <algorithm>
#include <iterator>

namespace dhcpsync {

bool Knowledge::knows(const Stamp& stamp) const {
    if (stamp.author <= floor_) return true;
    const auto at = authors_.find(stamp.author);
    return at != authors_.end() && stamp.sequence <= at->second;
}

bool Knowledge::covers(const Knowledge& other) const {
    return other.floor_ <= floor_ && std::all_of(other.authors_.begin(), other.authors_.end(), [&](const auto& entry) {
               return knows({entry.first, entry.second});
           });
}

void Knowledge::learn(const Author& author, Sequence up_to) {
    if (author <= floor_) return;
    auto& known = authors_[author];
    known = std::max(known, up_to);
    if (authors_.size() > most_authors) forget_below(authors_.begin()->first);
}

void Knowledge::forget_below(const Author& floor) {
    floor_ = std::max(floor_, floor);
    authors_.erase(authors_.begin(), authors_.upper_bound(floor_));
}

void Knowledge::merge(const Knowledge& other) {
    forget_below(other.floor_);
    for (const auto& [author, sequence] : other.authors_) learn(author, sequence);
}

Knowledge Knowledge::beyond(const Knowledge& there) const {
    Knowledge more;
    more.floor_ = floor_;
    std::copy_if(authors_.begin(), authors_.end(), std::inserter(more.authors_, more.authors_.end()),
                 [&](const auto& entry) {
                     return !there.knows({entry.first, entry.second});
                 });
    return more;
}

Term Knowledge::newest_term() const { return authors_.empty() ? floor_.term : authors_.rbegin()->first.term; }

}  // namespace dhcpsync
