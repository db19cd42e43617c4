// Does the gateway's DHCP server answer on the LAN? A stand-in asks as a client would, seldom: while dnsmasq pings the
// address that it is about to offer it hears nobody else, for 3 s. Pure; for LeaseService, which asks.
#pragma once

#include <cstdint>
#include <optional>

#include "dhcpsync/core/moment.hpp"

namespace dhcpsync {

// What a stand-in gets from one gateway.
enum class Offers : std::uint8_t {
    unknown,   // none yet: perhaps none is meant for it
    given,     // the last question was answered, or it is too early to say otherwise
    withheld,  // they were given, and several questions in a row found no answer
};

class OfferWatch {
public:
    static constexpr Duration interval = std::chrono::seconds(60), patience = std::chrono::seconds(5);
    // Where other signs tell of a server that dies, one that answered need not be asked so soon.
    static constexpr Duration long_interval = std::chrono::minutes(10);
    // One question may meet a server that pings for somebody else; three so far apart do not.
    static constexpr Duration doubt_interval = std::chrono::seconds(20);
    static constexpr unsigned fall = 3;

    enum class Action : std::uint8_t { none, ask, say_answered, say_silent };

    // `after_an_answer`: when it asks again then, and at the latest otherwise.
    void start(Instant now, Duration after_an_answer = interval);
    void stop();
    // The role moved: what the gateway before gave says nothing of this one.
    void moved(Instant now);
    // Somebody else gets none: one that was answered looks at once.
    void doubt(Instant now);
    // It was to ask, and did not, since no answer could be expected.
    void excused(Instant now);
    [[nodiscard]] Action offered();
    [[nodiscard]] Action step(Instant now);
    [[nodiscard]] Deadline next_deadline() const { return due_; }

    // From this gateway.
    [[nodiscard]] Offers offers() const;

private:
    [[nodiscard]] Duration pace() const;

    Deadline due_;
    Duration after_an_answer_ = interval;
    Deadline asked_at_;  // while an answer is awaited
    bool answered_ = false;
    unsigned unanswered_ = 0;
    std::optional<bool> said_;
};

}  // namespace dhcpsync
