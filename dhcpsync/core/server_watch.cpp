// See server_watch.hpp.
#include "dhcpsync/core/server_watch.hpp"

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
    if (const auto sign = dead()) return {false, words[static_cast<std::size_t>(*sign)]};
    if (!answers_lan_)
        return {false,
                "the stand-ins get no offer from it any more (does a firewall drop UDP port 67?); so it counts as dead "
                "until it is started anew, or answers them"};
    return {};
}

}  // namespace dhcpsync
