// The keywords, written down once: the parser, the check of arguments, the nearest-word suggestion and the
// listing of what is supported (vrrpd/man) are all made from these tables. Each block's table stands beside its
// handlers (global_defs.cpp, instance.cpp, ...). Internal to vrrpd/config, and for what writes the manual page.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vrrpd::config {

enum class Block : std::uint8_t {
    root,
    global_defs,
    vrrp_instance,
    authentication,
    auth_hmac,
    sync_group,
    script,
    track_process,
    track_file,
    bfd,
    garp_group,
    track_group,
    // From here on they are ours.
    gateway,
    wan,
    nat,
    while_active,
    peer_link,
    dns_failover,
    dhcp_sync,
    dnsmasq,
};
inline constexpr Block last_block = Block::dnsmasq;
[[nodiscard]] std::string_view name(Block block);
// Unknown words in these stop a start.
[[nodiscard]] constexpr bool is_ours(Block block) { return block >= Block::gateway; }

// What follows the keyword. `optional_*`: may be absent.
enum class Shape : std::uint8_t {
    nothing,
    word,
    optional_words,
    integer,           // low..high
    optional_integer,  // low..high
    decimal,           // low..high in millionths of a second
    milliseconds,      // low..high in millionths of a millisecond
    optional_switch,   // on true yes off false no
    address,
    choice,   // one of `choices`, separated by blanks
    command,  // SCRIPT [USER [GROUP]]
    block,    // { keywords of `opens` }
    named_block,
    items,       // { one item per line }
    skip_block,  // [words] { anything, balanced }
};

enum class Support : std::uint8_t {
    acted,        // does what it says
    accepted,     // nothing to do: we are always so
    unsupported,  // one warning
    lvs,          // belongs to keepalived's load balancer: skipped, one warning
};

class Reader;
struct Statement;
using Handler = void (*)(Reader&, const Statement&);

struct Keyword {
    std::string_view name;
    char tier;  // keepalived's: A and B are acted on, C is rare, L is LVS; O is our own
    Support support;
    Shape shape;
    Handler handle = nullptr;  // for items: called for every item
    std::int64_t low = 0, high = 0;
    std::string_view choices = {};
    Block opens = Block::root;
    std::string_view consequence = {};  // what it means that it is not acted on
    Handler open = nullptr;             // for items: called once, before the first item
    bool repeats = false;               // may stand several times in a block of ours
    // Where the value is missing keepalived says so and goes on; of most keywords it ends at once.
    bool survives_without_value = false;
    // What holds if it is not given, for the manual page: as it would be written, which a test tries; or, in
    // parentheses, where that comes from.
    std::string_view usual = {};
    // What is missing as a whole, as SNMP: of all its keywords the first one is told. Empty: each is told by its name.
    std::string_view part_of = {};
};
[[nodiscard]] constexpr bool is_our_own(const Keyword& keyword) { return keyword.tier == 'O'; }
[[nodiscard]] constexpr Keyword repeatable(Keyword keyword) {
    keyword.repeats = true;
    return keyword;
}
[[nodiscard]] constexpr Keyword goes_on(Keyword keyword) {
    keyword.survives_without_value = true;
    return keyword;
}
[[nodiscard]] constexpr Keyword usually(std::string_view value, Keyword keyword) {
    keyword.usual = value;
    return keyword;
}

[[nodiscard]] std::span<const Keyword> keywords(Block block);
[[nodiscard]] const Keyword* find_keyword(Block block, std::string_view word);
// Whether a keyword of this name, in whichever block, is followed by a command.
[[nodiscard]] bool takes_command(std::string_view word);
// The keyword of this block that is meant, if one is near enough to be offered; empty: none.
[[nodiscard]] std::string_view nearest_keyword(Block block, std::string_view word);
[[nodiscard]] std::string_view nearest(std::span<const std::string_view> names, std::string_view word);
// To follow a name that is not known: " (did you mean X?)", or nothing if none is near.
[[nodiscard]] std::string did_you_mean(std::span<const std::string_view> names, std::string_view word);
template <class Named>
[[nodiscard]] std::string did_you_mean(const std::vector<Named>& known, std::string_view word) {
    std::vector<std::string_view> names;
    for (const auto& one : known) names.push_back(one.name);
    return did_you_mean(std::span<const std::string_view>(names), word);
}

// The tables, one per block.
[[nodiscard]] std::span<const Keyword> root_keywords();
[[nodiscard]] std::span<const Keyword> global_keywords();
[[nodiscard]] std::span<const Keyword> instance_keywords();
[[nodiscard]] std::span<const Keyword> authentication_keywords();
[[nodiscard]] std::span<const Keyword> auth_hmac_keywords();
[[nodiscard]] std::span<const Keyword> sync_group_keywords();
[[nodiscard]] std::span<const Keyword> script_keywords();
[[nodiscard]] std::span<const Keyword> track_process_keywords();
[[nodiscard]] std::span<const Keyword> track_file_keywords();
[[nodiscard]] std::span<const Keyword> bfd_keywords();
[[nodiscard]] std::span<const Keyword> garp_group_keywords();
[[nodiscard]] std::span<const Keyword> track_group_keywords();
[[nodiscard]] std::span<const Keyword> gateway_keywords();
[[nodiscard]] std::span<const Keyword> wan_keywords();
[[nodiscard]] std::span<const Keyword> nat_keywords();
[[nodiscard]] std::span<const Keyword> while_active_keywords();
[[nodiscard]] std::span<const Keyword> peer_link_keywords();
[[nodiscard]] std::span<const Keyword> dns_failover_keywords();
[[nodiscard]] std::span<const Keyword> dhcp_sync_keywords();
[[nodiscard]] std::span<const Keyword> dnsmasq_keywords();

}  // namespace vrrpd::config
