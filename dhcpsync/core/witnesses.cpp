// See witnesses.hpp.
#include "dhcpsync/core/witnesses.hpp"

namespace dhcpsync {

bool Witnesses::says(NodeId member, const Testimony& testimony, Instant now) {
    auto& word = words_[member];
    const auto& [offers, term, could_serve] = word.testimony;
    const bool news = testimony.offers == Offers::withheld && (offers != Offers::withheld || term != testimony.term);
    if (news) word = {testimony, now, false};
    word.testimony = testimony;
    return news;
}

void Witnesses::gone(NodeId member, Instant now) {
    const auto at = words_.find(member);
    if (at == words_.end()) return;
    const auto said = at->second.testimony;
    words_.erase(at);
    if (said.offers != Offers::given) return;
    for (auto& [other, word] : words_) {
        const auto& [offers, term, could_serve] = word.testimony;
        if (offers == Offers::withheld && term == said.term && word.withheld_since + looked_again <= now)
            word.refuted = true;
    }
}

Offers Witnesses::verdict(Term term) const {
    auto result = Offers::unknown;
    for (const auto& [member, word] : words_) {
        const auto& [offers, of, could_serve] = word.testimony;
        if (of != term) continue;
        if (offers == Offers::given) return Offers::given;
        if (offers == Offers::withheld && could_serve && !word.refuted) result = Offers::withheld;
    }
    return result;
}

}  // namespace dhcpsync
