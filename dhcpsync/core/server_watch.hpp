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
    // What the stand-ins agree on (Witnesses); it holds until they say otherwise, or it was started anew.
    void answers_lan(bool does) { answers_lan_ = does; }

    [[nodiscard]] HealthChange health() const;

private:
    struct State {
        bool good = true;
        unsigned against = 0;  // looks in a row that say otherwise
    };

    [[nodiscard]] std::optional<ServerSign> dead() const;

    std::array<State, server_signs> signs_;
    bool answers_lan_ = true;
};

}  // namespace dhcpsync
