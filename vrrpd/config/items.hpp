// Values that occur in several kinds of list items. Internal to vrrpd/config.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "vrrpd/config/reader.hpp"

namespace vrrpd::config {

// global, site, link, host, nowhere or 0..255.
[[nodiscard]] std::optional<std::uint8_t> parse_scope(std::string_view text);
// A number, or main, local or default. Other names are numbers by then (route_names.cpp).
[[nodiscard]] std::optional<std::uint32_t> parse_table(std::string_view text);

// What stands behind the name of something that is tracked: [weight W [reverse | noreverse]]. A fault and nullopt if
// it is anything else.
struct WeightWords {
    std::optional<int> weight;
    std::optional<bool> reverse;
};
[[nodiscard]] std::optional<WeightWords> read_tracked_weight(Reader& reader, const Statement& s, std::int64_t most);

// Every word that may stand in an item of each kind, for who holds the manual page to them.
[[nodiscard]] std::vector<std::string_view> address_words();
[[nodiscard]] std::vector<std::string_view> route_words();
[[nodiscard]] std::vector<std::string_view> rule_words();
[[nodiscard]] std::vector<std::string_view> peer_words();
template <class Table>
void append_names(std::vector<std::string_view>& words, const Table& table) {
    for (const auto& entry : table) words.push_back(entry.name);
}

}  // namespace vrrpd::config
