// Does the DHCP server on this host live? Several things are looked at once a second; a look may err (a restart, a
// busy moment), so a state changes only after some that agree. Pure; for LeaseService, which looks.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "dhcpsync/core/moment.hpp"

namespace dhcpsync {

// What is known of the DHCP server on this host.
struct HealthChange {
    bool alive = true;
    std::string why;  // for people, where it is not: "it does not listen on the DHCP server's port"
    bool operator==(const HealthChange&) const = default;
};

enum class ServerSign : std::uint8_t {
    on_bus,     // its name on the D-Bus has an owner; for a server that was there before
    answers,    // a question over the D-Bus came back in time
    listening,  // it, or somebody where nobody can say who, has the DHCP server's port
};
inline constexpr std::size_t server_signs = 3;

class ServerWatch {
public:
    static constexpr Duration pace = std::chrono::seconds(1);
    static constexpr unsigned fall = 3, rise = 2;

    void saw(ServerSign sign, bool good);
    // It cannot be looked at now: no bus. What is not known does not count against the server.
    void cannot_see(ServerSign sign) { signs_[static_cast<std::size_t>(sign)] = {}; }

    [[nodiscard]] HealthChange health() const;

private:
    struct State {
        bool good = true;
        unsigned against = 0;  // looks in a row that say otherwise
    };

    [[nodiscard]] std::optional<ServerSign> dead() const;

    std::array<State, server_signs> signs_;
};

// Does the LAN's DHCP server answer? A stand-in asks as a client would, seldom: while dnsmasq pings the address that it
// is about to offer it hears nobody else, for 3 s. Where it was answered last it can wait even longer, if other signs
// tell of a server that dies.
class OfferWatch {
public:
    static constexpr Duration interval = std::chrono::seconds(60), patience = std::chrono::seconds(10);
    static constexpr Duration long_interval = std::chrono::minutes(10);
    static constexpr unsigned fall = 3;

    enum class Action : std::uint8_t { none, ask, say_answered, say_silent };

    // `after_an_answer`: when it asks again then.
    void start(Instant now, Duration after_an_answer = interval);
    void stop();
    [[nodiscard]] Action offered();
    [[nodiscard]] Action step(Instant now);
    [[nodiscard]] Deadline next_deadline() const { return due_; }

private:
    Deadline due_;
    Duration after_an_answer_ = interval;
    bool asked_ = false;
    unsigned unanswered_ = 0;
    std::optional<bool> said_;
};

}  // namespace dhcpsync
