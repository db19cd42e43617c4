#include "vrrpd/agent/split_brain.hpp"

#include <tuple>

namespace vrrpd::agent {

namespace {

bool better(const SplitBrain::Candidate& a, const SplitBrain::Candidate& b) {
    return std::tie(a.priority, a.address) > std::tie(b.priority, b.address);
}

}  // namespace

void SplitBrain::we_are(const std::string& gateway, std::optional<Candidate> active) {
    if (!active) {
        ours_.erase(gateway);
        return;
    }
    const auto [own, is_new] = ours_.insert_or_assign(gateway, std::move(*active));
    if (!is_new) return;
    for (auto& [key, pair] : pairs_)
        if (key.first == gateway) pair.repeated = false;
}

void SplitBrain::peer_is(const std::string& gateway, const std::string& peer, std::optional<Candidate> active) {
    const Key key(gateway, peer);
    if (!active && !pairs_.contains(key)) return;
    auto& pair = pairs_[key];
    pair.peer = std::move(active);
    pair.repeated = true;
    pair.lost = false;
}

void SplitBrain::peer_lost(const std::string& peer) {
    for (auto& [key, pair] : pairs_) {
        if (key.second != peer) continue;
        pair.peer.reset();
        pair.lost = true;
    }
}

std::vector<SplitBrain::Notice> SplitBrain::step(Instant now) {
    std::vector<Notice> notices;
    for (auto at = pairs_.begin(); at != pairs_.end();) {
        auto& [key, pair] = *at;
        const bool both = pair.peer && pair.repeated && ours_.contains(key.first);
        if (both && !pair.both_since) pair.both_since = now;
        if (both && !pair.said && now - *pair.both_since >= split_patience) {
            pair.said = true;
            notices.push_back(notice(Notice::What::began, key, pair));
        }
        if (!both && pair.said)
            notices.push_back(notice(pair.lost ? Notice::What::link_lost : Notice::What::ended, key, pair));
        if (!both) {
            pair.said = false;
            pair.both_since.reset();
        }
        at = pair.peer ? std::next(at) : pairs_.erase(at);
    }
    return notices;
}

Deadline SplitBrain::next_deadline() const {
    Deadline due;
    for (const auto& [key, pair] : pairs_)
        if (pair.both_since && !pair.said) due = earlier(due, *pair.both_since + split_patience);
    return due;
}

std::vector<SplitBrain::Notice> SplitBrain::ongoing(const std::string& gateway) const {
    std::vector<Notice> result;
    for (const auto& [key, pair] : pairs_)
        if (key.first == gateway && pair.said) result.push_back(notice(Notice::What::began, key, pair));
    return result;
}

// After its end whoever is left Active stays.
SplitBrain::Notice SplitBrain::notice(Notice::What what, const Key& key, const Pair& pair) const {
    const auto own = ours_.find(key.first);
    const bool we_stay = own != ours_.end() && (!pair.peer || better(own->second, *pair.peer));
    return {what, key.first, key.second, *pair.both_since, we_stay};
}

}  // namespace vrrpd::agent
