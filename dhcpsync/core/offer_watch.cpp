// See offer_watch.hpp.
#include "dhcpsync/core/offer_watch.hpp"

#include <algorithm>
#include <utility>

namespace dhcpsync {

void OfferWatch::start(Instant now, Duration after_an_answer) {
    after_an_answer_ = after_an_answer;
    if (!due_) due_ = now + pace();
}

void OfferWatch::stop() { *this = {}; }

void OfferWatch::moved(Instant now) {
    answered_ = false;
    unanswered_ = 0;
    asked_at_.reset();
    if (due_) due_ = now + std::min(after_an_answer_, doubt_interval);
}

void OfferWatch::doubt(Instant now) {
    if (due_ && !asked_at_ && answered_ && unanswered_ == 0) due_ = now;
}

void OfferWatch::excused(Instant now) {
    asked_at_.reset();
    due_ = now + std::min(after_an_answer_, interval);
}

Duration OfferWatch::pace() const {
    if (answered_ && unanswered_ == 0) return after_an_answer_;
    return std::min(after_an_answer_, offers() == Offers::given ? doubt_interval : interval);
}

OfferWatch::Action OfferWatch::offered() {
    const auto asked_at = std::exchange(asked_at_, std::nullopt);
    if (!asked_at) return Action::none;
    answered_ = true;
    unanswered_ = 0;
    due_ = *asked_at + pace();
    return std::exchange(said_, true) == true ? Action::none : Action::say_answered;
}

OfferWatch::Action OfferWatch::step(Instant now) {
    if (!due_ || now < *due_) return Action::none;
    if (!asked_at_) {
        asked_at_ = now;
        due_ = now + std::min(after_an_answer_, patience);
        return Action::ask;
    }
    ++unanswered_;
    due_ = *std::exchange(asked_at_, std::nullopt) + pace();
    if (unanswered_ < fall) return Action::none;
    return std::exchange(said_, false) == false ? Action::none : Action::say_silent;
}

Offers OfferWatch::offers() const {
    if (!answered_) return Offers::unknown;
    return unanswered_ < fall ? Offers::given : Offers::withheld;
}

}  // namespace dhcpsync
