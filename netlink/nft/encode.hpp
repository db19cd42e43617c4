// From our values to libnftnl's objects: what a statement is in the kernel's own instructions. Used by Batch.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "netlink/nft/handles.hpp"
#include "netlink/nft/ruleset.hpp"
#include "vrrpd/base/bytes.hpp"

namespace netlink::nft {

using vrrpd::Bytes;

struct TableId {
    TableFamily family;
    std::string name;
    bool operator==(const TableId&) const = default;
};
[[nodiscard]] std::uint16_t family_number(TableFamily family);  // NFPROTO_*

[[nodiscard]] RuleHandle encode(const TableId& table, const std::string& chain, const Rule& rule);
[[nodiscard]] ChainHandle encode(const TableId& table, const Chain& chain);
[[nodiscard]] SetHandle encode(const TableId& table, const Set& set);  // without its elements

// What tells two base chains or two sets of one name apart; the kernel cannot change it in place.
[[nodiscard]] std::uint32_t hook_number(Hook hook);
[[nodiscard]] const char* type_name(ChainType type);
struct SetShape {
    std::uint32_t key_type = 0, key_size = 0, data_type = 0, data_size = 0, flags = 0;
    bool operator==(const SetShape&) const = default;
};
[[nodiscard]] SetShape shape_of(const Set& set);

// Key and data of a set's elements as the kernel keeps them; data is empty unless it is a map. An OpenSet
// has none of its own.
using Element = std::pair<Bytes, Bytes>;
[[nodiscard]] std::vector<Element> elements_of(const Set& set);
[[nodiscard]] Bytes device_key(const std::string& device);

}  // namespace netlink::nft
