// See server_watch.hpp.
#include "dhcpsync/core/server_watch.hpp"

#include <utility>

namespace dhcpsync {

void ServerWatch::saw(ServerSign sign, bool good) {
    auto& state = signs_[static_cast<std::size_t>(sign)];
    if (good == state.good) {
        state.against = 0;
        return;
    }
    if (++state.against < (state.good ? fall : rise)) return;
    state = {good, 0};
}

std::optional<ServerSign> ServerWatch::dead() const {
    for (std::size_t i = 0; i < server_signs; ++i) {
        if (!signs_[i].good) return static_cast<ServerSign>(i);
    }
    return std::nullopt;
}

HealthChange ServerWatch::health() const {
    static constexpr std::array<const char*, server_signs> words{
        "it left the D-Bus", "it does not answer over the D-Bus", "it does not listen on the DHCP server's port"};
    const auto sign = dead();
    if (!sign) return {};
    return {false, words[static_cast<std::size_t>(*sign)]};
}

void OfferWatch::start(Instant now, Duration after_an_answer) {
    after_an_answer_ = after_an_answer;
    if (!due_) due_ = now + interval;
}

void OfferWatch::stop() { *this = {}; }

OfferWatch::Action OfferWatch::offered() {
    if (!std::exchange(asked_, false)) return Action::none;
    *due_ += after_an_answer_ - patience;
    unanswered_ = 0;
    return std::exchange(said_, true) == true ? Action::none : Action::say_answered;
}

OfferWatch::Action OfferWatch::step(Instant now) {
    if (!due_ || now < *due_) return Action::none;
    if (!asked_) {
        asked_ = true;
        due_ = now + patience;
        return Action::ask;
    }
    asked_ = false;
    due_ = now + interval - patience;
    if (++unanswered_ < fall) return Action::none;
    return std::exchange(said_, false) == false ? Action::none : Action::say_silent;
}

}  // namespace dhcpsync
