// Other people's rules, read back and followed for one imagined packet. For obstacles.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "netlink/nft/connection.hpp"

namespace netlink::nft {

enum class VerdictKind : std::uint8_t { accept, drop, jump, go_to, back, other };
struct Verdict {
    VerdictKind kind = VerdictKind::other;
    std::string chain;  // of jump and go_to
};

struct ForeignSet {
    bool exact = true;  // plain keys: no intervals, nothing that a packet's value must be searched in
    std::map<Bytes, std::optional<Verdict>> elements;
};

struct ForeignChain {
    std::uint16_t family = 0;
    std::string table, name;
    std::optional<std::uint32_t> hook;  // base chains
    bool drops_by_policy = false;
    std::vector<RuleHandle> rules;
};

// All tables but ours.
struct ForeignRules {
    using Place = std::tuple<std::uint16_t, std::string, std::string>;  // family, table, chain or set
    std::map<Place, ForeignChain> chains;
    std::map<Place, ForeignSet> sets;
};
[[nodiscard]] Result<ForeignRules> read_foreign(Connection& connection);

// A packet as far as it is known; what a rule asks beyond it may or may not hold.
struct Imagined {
    Family family = Family::ipv4;
    std::string in, out;  // device names; no out device on input
    std::uint8_t protocol = 0;
    std::uint32_t ct_state = 0, ct_status = 0;
    std::optional<IpAddress> destination;
    std::optional<std::uint16_t> port;  // it is sent to
};

// Whether this base chain drops such a packet, for certain as far as rules are understood: a rule that accepts under
// conditions that we cannot judge is given the benefit of the doubt, and a drop under such is not counted.
[[nodiscard]] bool drops(const ForeignRules& rules, const ForeignChain& base, const Imagined& packet);

}  // namespace netlink::nft
