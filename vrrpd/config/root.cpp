// The top level, and the blocks that only have to be known so far: trackers and groups (surface 3.1, 3.8 - 3.12).
#include <fmt/format.h>

#include "vrrpd/config/handlers.hpp"

namespace vrrpd::config {
namespace {

void open_tracker(Reader& reader, const Statement& s, const char* kind) {
    const auto key = fmt::format("{} {}", kind, s.word(1));
    const auto [entry, is_new] =
        reader.draft().trackers.try_emplace(key, TrackerDraft{kind, s.word(1), s.place(), false});
    if (!is_new) {
        reader.fault(Severity::error, s.place(1),
                     fmt::format("{} {} stands twice: this one is skipped", s.keyword.name, s.word(1)));
        return reader.skip(s);
    }
    reader.open_tracker(key);
    reader.enter(s);
    if (entry->second.complete) return;
    reader.fault(Severity::error, s.place(),
                 fmt::format("{} {} does not say what to watch: it is left out", s.keyword.name, s.word(1)));
    reader.draft().trackers.erase(key);
}

void open_script(Reader& reader, const Statement& s) { open_tracker(reader, s, "script"); }
void open_process(Reader& reader, const Statement& s) { open_tracker(reader, s, "process"); }
void open_file(Reader& reader, const Statement& s) { open_tracker(reader, s, "file"); }
void open_bfd(Reader& reader, const Statement& s) { open_tracker(reader, s, "bfd"); }

void complete(Reader& reader, const Statement&) { reader.tracker().complete = true; }

void complete_address(Reader& reader, const Statement& s) {
    if (reader.address(s)) reader.tracker().complete = true;
}

// weight INT [reverse]
void read_weight(Reader& reader, const Statement& s) {
    (void)reader.integer(s);
    if (s.size() > 2 && s.word(2) != "reverse") {
        reader.fault(Severity::error, s.place(2),
                     fmt::format("unknown word '{}' after weight: write reverse", s.word(2)));
    }
}

void open_group(Reader& reader, const Statement& s) {
    for (const auto& group : reader.draft().groups) {
        if (group.name != s.word(1)) continue;
        reader.fault(Severity::error, s.place(1),
                     fmt::format("vrrp_sync_group {} stands twice: this one is skipped", s.word(1)));
        return reader.skip(s);
    }
    reader.draft().groups.push_back({s.word(1), s.place(), {}, {}, false});
    reader.enter(s);
}

void group_member(Reader& reader, const Statement& s) {
    for (const auto& word : s.line.words) reader.draft().groups.back().members.push_back(word.text);
}

void group_interface(Reader& reader, const Statement& s) {
    reader.draft().groups.back().interfaces.push_back(s.word(0));
}

void keep_group_weights(Reader& reader, const Statement&) { reader.draft().groups.back().tracking_weight = true; }

constexpr Keyword root_table[] = {
    {"global_defs", 'A', Support::acted, Shape::block, enter_block, 0, 0, {}, Block::global_defs},
    {"vrrp_instance", 'A', Support::acted, Shape::named_block, open_instance, 0, 0, {}, Block::vrrp_instance},
    {"vrrp_sync_group",
     'A',
     Support::later,
     Shape::named_block,
     open_group,
     0,
     0,
     {},
     Block::sync_group,
     "its instances move one by one"},
    {"vrrp_script", 'A', Support::later, Shape::named_block, open_script, 0, 0, {}, Block::script, "it is never run"},
    {"vrrp_track_process", 'B', Support::unsupported, Shape::named_block, open_process, 0, 0, {}, Block::track_process},
    {"track_file", 'B', Support::unsupported, Shape::named_block, open_file, 0, 0, {}, Block::track_file},
    {"vrrp_track_file", 'B', Support::unsupported, Shape::named_block, open_file, 0, 0, {}, Block::track_file},
    {"bfd_instance", 'B', Support::unsupported, Shape::named_block, open_bfd, 0, 0, {}, Block::bfd},
    {"static_ipaddress", 'B', Support::unsupported, Shape::items, read_static_address},
    {"static_routes", 'B', Support::unsupported, Shape::items, read_static_route},
    {"static_rules", 'C', Support::unsupported, Shape::items, read_static_rule},
    {"track_group", 'C', Support::unsupported, Shape::named_block, enter_block, 0, 0, {}, Block::track_group},
    {"garp_group", 'C', Support::unsupported, Shape::block, enter_block, 0, 0, {}, Block::garp_group},
    {"linkbeat_interfaces", 'C', Support::unsupported, Shape::items},
    {"interface_up_down_delays", 'C', Support::unsupported, Shape::items},
    {"linkbeat_use_polling", 'C', Support::unsupported, Shape::nothing},
    {"net_namespace",
     'B',
     Support::unsupported,
     Shape::word,
     nullptr,
     0,
     0,
     {},
     {},
     "start vrrpd inside the namespace"},
    {"net_namespace_ipvs", 'L', Support::lvs, Shape::optional_words},
    {"namespace_with_ipsets", 'C', Support::unsupported, Shape::nothing},
    {"instance", 'B', Support::unsupported, Shape::word, nullptr, 0, 0, {}, {}, "give --runtime-dir instead"},
    {"use_pid_dir", 'C', Support::unsupported, Shape::nothing},
    {"child_wait_time", 'C', Support::unsupported, Shape::integer, nullptr, 0, any},
    {"virtual_server", 'L', Support::lvs, Shape::skip_block},
    {"virtual_server_group", 'L', Support::lvs, Shape::skip_block},
    {"SSL", 'L', Support::lvs, Shape::skip_block},
    {"gateway", 'O', Support::acted, Shape::named_block, open_gateway, 0, 0, {}, Block::gateway},
    {"peer_link", 'O', Support::acted, Shape::block, open_peer_link, 0, 0, {}, Block::peer_link},
    {"dhcp_sync", 'O', Support::acted, Shape::block, open_dhcp_sync, 0, 0, {}, Block::dhcp_sync},
    {"dns_failover", 'O', Support::acted, Shape::block, open_dns_failover, 0, 0, {}, Block::dns_failover},
};

constexpr Keyword script_table[] = {
    {"script", 'A', Support::later, Shape::command, complete},
    {"interval", 'A', Support::accepted, Shape::decimal, nullptr, 0, any_time},
    {"timeout", 'A', Support::accepted, Shape::decimal, nullptr, 0, any_time},
    {"weight", 'A', Support::accepted, Shape::integer, read_weight, -254, 254},
    {"rise", 'A', Support::accepted, Shape::integer, nullptr, 1, any},
    {"fall", 'A', Support::accepted, Shape::integer, nullptr, 1, any},
    {"user", 'A', Support::accepted, Shape::command},
    {"init_fail", 'B', Support::accepted, Shape::nothing},
};

constexpr Keyword track_process_table[] = {
    {"process", 'B', Support::accepted, Shape::command, complete},
    {"param_match", 'C', Support::accepted, Shape::optional_words},
    {"weight", 'B', Support::accepted, Shape::integer, read_weight, -254, 254},
    {"quorum", 'B', Support::accepted, Shape::integer, nullptr, 1, 65'535},
    {"quorum_max", 'B', Support::accepted, Shape::integer, nullptr, 0, 65'535},
    {"delay", 'C', Support::accepted, Shape::decimal, nullptr, 1, 3600 * second},
    {"fork_delay", 'C', Support::accepted, Shape::decimal, nullptr, 1, 3600 * second},
    {"terminate_delay", 'C', Support::accepted, Shape::decimal, nullptr, 1, 3600 * second},
    {"full_command", 'C', Support::accepted, Shape::nothing},
};

constexpr Keyword track_file_table[] = {
    {"file", 'B', Support::accepted, Shape::word, complete},
    {"weight", 'B', Support::accepted, Shape::integer, read_weight, -254, 254},
    {"init_file", 'B', Support::accepted, Shape::optional_words},
};

constexpr Keyword bfd_table[] = {
    {"neighbor_ip", 'B', Support::accepted, Shape::address, complete_address},
    {"neighbour_ip", 'B', Support::accepted, Shape::address, complete_address},
    {"source_ip", 'B', Support::accepted, Shape::address},
    {"min_rx", 'B', Support::accepted, Shape::decimal, nullptr, 1 * second, any_time},
    {"min_tx", 'B', Support::accepted, Shape::decimal, nullptr, 1 * second, any_time},
    {"idle_tx", 'C', Support::accepted, Shape::decimal, nullptr, 1000 * second, any_time},
    {"multiplier", 'B', Support::accepted, Shape::integer, nullptr, 1, 255},
    {"passive", 'C', Support::accepted, Shape::nothing},
    {"ttl", 'C', Support::accepted, Shape::integer, nullptr, 1, 255},
    {"hoplimit", 'C', Support::accepted, Shape::integer, nullptr, 1, 255},
    {"max_hops", 'C', Support::accepted, Shape::integer, nullptr, -1, 255},
    {"multihop", 'C', Support::accepted, Shape::optional_switch},
    {"weight", 'B', Support::accepted, Shape::integer, read_weight, -253, 253},
    {"vrrp", 'C', Support::accepted, Shape::nothing},
    {"checker", 'C', Support::accepted, Shape::nothing},
};

constexpr Keyword sync_group_table[] = {
    {"group", 'A', Support::accepted, Shape::items, group_member},
    {"track_interface", 'A', Support::accepted, Shape::items, group_interface},
    {"track_dns", 'O', Support::accepted, Shape::items, read_tracked_dns},
    {"track_script", 'A', Support::later, Shape::items, read_tracked_script},
    {"track_file", 'B', Support::unsupported, Shape::items, read_tracked_file},
    {"track_process", 'B', Support::unsupported, Shape::items, read_tracked_process},
    {"track_bfd", 'B', Support::unsupported, Shape::items, read_tracked_bfd},
    {"notify", 'A', Support::later, Shape::command, read_command, 0, 0, {}, {}, "the script is never run"},
    {"notify_master", 'A', Support::later, Shape::command, read_command, 0, 0, {}, {}, "the script is never run"},
    {"notify_backup", 'A', Support::later, Shape::command, read_command, 0, 0, {}, {}, "the script is never run"},
    {"notify_fault", 'A', Support::later, Shape::command, read_command, 0, 0, {}, {}, "the script is never run"},
    {"notify_stop", 'A', Support::later, Shape::command, read_command, 0, 0, {}, {}, "the script is never run"},
    {"smtp_alert", 'B', Support::unsupported, Shape::optional_switch},
    {"notify_priority_changes", 'C', Support::unsupported, Shape::optional_switch},
    {"sync_group_tracking_weight", 'B', Support::accepted, Shape::nothing, keep_group_weights},
    {"global_tracking", 'C', Support::unsupported, Shape::nothing},
};

constexpr Keyword garp_group_table[] = {
    {"garp_interval", 'C', Support::accepted, Shape::decimal, nullptr, 1, any_time},
    {"gna_interval", 'C', Support::accepted, Shape::decimal, nullptr, 1, any_time},
    {"interface", 'C', Support::accepted, Shape::word},
    {"interfaces", 'C', Support::accepted, Shape::items},
};

constexpr Keyword track_group_table[] = {
    {"group", 'C', Support::accepted, Shape::items},
};

}  // namespace

std::span<const Keyword> root_keywords() { return root_table; }
std::span<const Keyword> script_keywords() { return script_table; }
std::span<const Keyword> track_process_keywords() { return track_process_table; }
std::span<const Keyword> track_file_keywords() { return track_file_table; }
std::span<const Keyword> bfd_keywords() { return bfd_table; }
std::span<const Keyword> sync_group_keywords() { return sync_group_table; }
std::span<const Keyword> garp_group_keywords() { return garp_group_table; }
std::span<const Keyword> track_group_keywords() { return track_group_table; }

}  // namespace vrrpd::config
