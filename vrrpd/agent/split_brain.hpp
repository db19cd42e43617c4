// Two members that are both Active for one gateway while they can talk: found from what they say of themselves. Pure.
// A take-over makes that true for a moment on its way, so it counts only when it lasts; and a peer that died as the
// gateway said so last, so only what it says after we took over counts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vrrpd/base/ip.hpp"
#include "vrrpd/base/time.hpp"

namespace vrrpd::agent {

inline constexpr Duration split_patience = std::chrono::seconds(1);  // news travel in a fifth of it

class SplitBrain {
public:
    // As far as the winner is concerned: a higher effective priority, then a higher address, as in VRRP.
    struct Candidate {
        std::string name;
        int priority = 0;
        IpAddress address;
    };
    struct Notice {
        enum class What : std::uint8_t { began, ended, link_lost };  // the latter: what the peer is now, nobody knows
        What what;
        std::string gateway;
        std::string peer;
        Instant since;
        bool we_stay = false;  // ours is the better claim
    };

    // Our own part in a gateway; nullopt: not Active.
    void we_are(const std::string& gateway, std::optional<Candidate> active);
    [[nodiscard]] bool is_ours(const std::string& gateway) const { return ours_.contains(gateway); }
    // A connected peer's part, as often as it is told.
    void peer_is(const std::string& gateway, const std::string& peer, std::optional<Candidate> active);
    void peer_lost(const std::string& peer);

    // What began or ended, each once.
    [[nodiscard]] std::vector<Notice> step(Instant now);
    [[nodiscard]] Deadline next_deadline() const;

    // Of one gateway: the peers with whom it is split now.
    [[nodiscard]] std::vector<Notice> ongoing(const std::string& gateway) const;

private:
    using Key = std::pair<std::string, std::string>;  // gateway, peer
    struct Pair {
        std::optional<Candidate> peer;
        bool repeated = false;  // ... and said so since we are Active
        bool lost = false;
        Deadline both_since{};
        bool said = false;
    };
    [[nodiscard]] Notice notice(Notice::What what, const Key& key, const Pair& pair) const;

    std::map<std::string, Candidate> ours_;  // Active
    std::map<Key, Pair> pairs_;
};

}  // namespace vrrpd::agent
