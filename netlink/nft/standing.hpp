// What stands in one of our tables in the kernel, read back, and the way from there to what is wanted.
// For Tables.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "netlink/nft/connection.hpp"

namespace netlink::nft {

struct StandingChain {
    std::string type, device;  // empty without a hook
    std::uint32_t hook = 0, policy = 0;
    std::int32_t priority = 0;
    std::uint64_t handle = 0;
    std::vector<std::string> rules;  // handle and instructions, without counters (a replaced rule keeps its handle)
    bool operator==(const StandingChain&) const = default;
};

struct StandingSet {
    SetShape shape;
    std::uint64_t handle = 0;
    std::vector<Element> elements;  // sorted; none of a timed set, whose content is state
    bool operator==(const StandingSet&) const = default;
};

struct Standing {
    bool exists = false;
    std::uint32_t flags = 0;  // NFT_TABLE_F_DORMANT
    std::map<std::string, StandingChain> chains;
    std::map<std::string, StandingSet> sets;
    bool operator==(const Standing&) const = default;
};

[[nodiscard]] Result<Standing> read(Connection& connection, const TableId& table);

// Elements of a timed set with what is left of their time.
using TimedElements = std::vector<std::pair<Bytes, std::chrono::milliseconds>>;
[[nodiscard]] Result<TimedElements> read_timed(Connection& connection, const TableId& table, const std::string& set);

// Whether `standing` is what installing `wanted` gives, as far as can be told without having seen it
// installed: its marker, its chains and their number of rules, its sets and their elements.
[[nodiscard]] bool looks_like(const Standing& standing, const std::optional<Table>& wanted);

// Adds to `batch` what turns `standing` into `wanted`. Chains and sets that stay are kept (a NAT hook that goes and
// comes back costs packets); with `rebuild`, or where one cannot be kept, the table is made anew. Names the open sets
// that it made, which are empty.
[[nodiscard]] std::vector<std::string> plan(Batch& batch, const TableId& table, const Standing& standing,
                                            const std::optional<Table>& wanted, bool rebuild);

}  // namespace netlink::nft
