// Looking words up in the tables, and offering the nearest.
#include "vrrpd/config/keywords.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

namespace vrrpd::config {
namespace {

struct Table {
    std::string_view name;
    std::span<const Keyword> (*keywords)();
};

// In the order of Block.
constexpr std::array tables = {
    Table{"the top level", root_keywords},
    Table{"global_defs", global_keywords},
    Table{"vrrp_instance", instance_keywords},
    Table{"authentication", authentication_keywords},
    Table{"auth_hmac", auth_hmac_keywords},
    Table{"vrrp_sync_group", sync_group_keywords},
    Table{"vrrp_script", script_keywords},
    Table{"vrrp_track_process", track_process_keywords},
    Table{"track_file", track_file_keywords},
    Table{"bfd_instance", bfd_keywords},
    Table{"garp_group", garp_group_keywords},
    Table{"track_group", track_group_keywords},
    Table{"gateway", gateway_keywords},
    Table{"wan", wan_keywords},
    Table{"nat", nat_keywords},
    Table{"while_active", while_active_keywords},
    Table{"peer_link", peer_link_keywords},
    Table{"dns_failover", dns_failover_keywords},
    Table{"dhcp_sync", dhcp_sync_keywords},
    Table{"dnsmasq", dnsmasq_keywords},
};
static_assert(tables.size() == static_cast<std::size_t>(last_block) + 1);

// Levenshtein's, with a swap of neighbours as one step.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

}  // namespace

std::string_view name(Block block) { return tables[static_cast<std::size_t>(block)].name; }

std::span<const Keyword> keywords(Block block) { return tables[static_cast<std::size_t>(block)].keywords(); }

const Keyword* find_keyword(Block block, std::string_view word) {
    const auto table = keywords(block);
    const auto found = std::find_if(table.begin(), table.end(), [&](const Keyword& k) { return k.name == word; });
    return found == table.end() ? nullptr : &*found;
}

// Asked of every line: gathered once.
bool takes_command(std::string_view word) {
    static const auto names = [] {
        std::vector<std::string_view> all;
        for (const auto& table : tables)
            for (const auto& keyword : table.keywords())
                if (keyword.shape == Shape::command) all.push_back(keyword.name);
        return all;
    }();
    return std::find(names.begin(), names.end(), word) != names.end();
}

std::string_view nearest(std::span<const std::string_view> names, std::string_view word) {
    constexpr std::size_t longest = 40;  // no keyword is as long; and the search stays cheap on junk
    if (word.size() > longest || word.size() < 2) return {};
    const std::size_t near_enough = word.size() <= 3 ? 1 : word.size() <= 7 ? 2 : 3;
    std::string_view best;
    std::size_t best_distance = near_enough + 1;
    for (const auto candidate : names) {
        const auto steps = distance(word, candidate);
        if (steps >= best_distance) continue;
        best = candidate;
        best_distance = steps;
    }
    return best;
}

std::string did_you_mean(std::span<const std::string_view> names, std::string_view word) {
    const auto near = nearest(names, word);
    return near.empty() ? std::string() : fmt::format(" (did you mean {}?)", near);
}

std::string_view nearest_keyword(Block block, std::string_view word) {
    std::vector<std::string_view> names;
    for (const auto& keyword : keywords(block)) names.push_back(keyword.name);
    return nearest(names, word);
}

}  // namespace vrrpd::config
