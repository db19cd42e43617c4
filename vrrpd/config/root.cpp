// The top level, and the blocks that only have to be known so far: trackers and groups.
#include <fmt/format.h>

#include "vrrpd/config/handlers.hpp"
#include "vrrpd/config/process_words.hpp"

namespace vrrpd::config {
namespace {

void open_group(Reader& reader, const Statement& s) {
    for (const auto& group : reader.draft().groups) {
        if (group.name != s.word(1)) continue;
        reader.fault(Severity::error, s.place(1),
                     fmt::format("vrrp_sync_group {} stands twice: this one is skipped", s.word(1)));
        return reader.skip(s);
    }
    reader.draft().groups.emplace_back();
    reader.group().name = s.word(1);
    reader.group().place = s.place();
    reader.enter(s);
}

void group_member(Reader& reader, const Statement& s) {
    for (const auto& word : s.line.words) reader.group().members.push_back(word.text);
}

void keep_group_weights(Reader& reader, const Statement&) { reader.group().tracking_weight = true; }

void deprecate_global_tracking(Reader& reader, const Statement& s) {
    reader.fault(
        Severity::error, s.place(),
        "global_tracking is deprecated and does nothing: take it out; where members shall keep weights of their "
        "own, write sync_group_tracking_weight");
}

constexpr Keyword root_table[] = {
    {"global_defs", 'A', Support::acted, Shape::block, enter_block, 0, 0, {}, Block::global_defs},
    {"vrrp_instance", 'A', Support::acted, Shape::named_block, open_instance, 0, 0, {}, Block::vrrp_instance},
    {"vrrp_sync_group", 'A', Support::acted, Shape::named_block, open_group, 0, 0, {}, Block::sync_group},
    {"vrrp_script", 'A', Support::acted, Shape::named_block, open_vrrp_script, 0, 0, {}, Block::script},
    {"vrrp_track_process", 'B', Support::acted, Shape::named_block, open_track_process, 0, 0, {}, Block::track_process},
    {"track_file", 'B', Support::acted, Shape::named_block, open_track_file, 0, 0, {}, Block::track_file},
    {"vrrp_track_file", 'B', Support::acted, Shape::named_block, open_track_file, 0, 0, {}, Block::track_file},
    {"bfd_instance", 'B', Support::acted, Shape::named_block, open_bfd_instance, 0, 0, {}, Block::bfd},
    {"static_ipaddress", 'B', Support::acted, Shape::items, read_static_address},
    {"static_routes", 'B', Support::acted, Shape::items, read_static_route},
    {"static_rules", 'C', Support::acted, Shape::items, read_static_rule},
    {"track_group", 'C', Support::acted, Shape::named_block, open_track_group, 0, 0, {}, Block::track_group},
    {"garp_group", 'C', Support::acted, Shape::block, open_garp_group, 0, 0, {}, Block::garp_group},
    {"linkbeat_interfaces", 'C', Support::unsupported, Shape::items},
    {"interface_up_down_delays", 'C', Support::acted, Shape::items, read_interface_delay},
    {"linkbeat_use_polling", 'C', Support::unsupported, Shape::nothing},
    {"net_namespace", 'B', Support::acted, Shape::word, set_process_identity<&ProcessSettings::net_namespace>},
    {"net_namespace_ipvs", 'L', Support::lvs, Shape::optional_words},
    {"namespace_with_ipsets", 'C', Support::unsupported, Shape::nothing},
    {"instance", 'B', Support::acted, Shape::word, set_process_identity<&ProcessSettings::instance>},
    {"use_pid_dir", 'C', Support::acted, Shape::nothing, set_process_switch<&ProcessSettings::use_pid_dir>},
    usually("5", {"child_wait_time", 'C', Support::acted, Shape::integer, set_child_wait, 0, any}),
    {"virtual_server", 'L', Support::lvs, Shape::skip_block},
    {"virtual_server_group", 'L', Support::lvs, Shape::skip_block},
    {"SSL", 'L', Support::lvs, Shape::skip_block},
    {"gateway", 'O', Support::acted, Shape::named_block, open_gateway, 0, 0, {}, Block::gateway},
    {"peer_link", 'O', Support::acted, Shape::block, open_peer_link, 0, 0, {}, Block::peer_link},
    {"dhcp_sync", 'O', Support::acted, Shape::block, open_dhcp_sync, 0, 0, {}, Block::dhcp_sync},
    {"dns_failover", 'O', Support::acted, Shape::block, open_dns_failover, 0, 0, {}, Block::dns_failover},
};

constexpr Keyword sync_group_table[] = {
    {"group", 'A', Support::acted, Shape::items, group_member},
    {"track_interface", 'A', Support::acted, Shape::items, read_tracked_interface},
    {"track_dns", 'O', Support::acted, Shape::items, read_tracked_dns},
    {"track_script", 'A', Support::acted, Shape::items, read_tracked_script},
    {"track_file", 'B', Support::acted, Shape::items, read_tracked_file},
    {"track_process", 'B', Support::acted, Shape::items, read_tracked_process},
    {"track_bfd", 'B', Support::acted, Shape::items, read_tracked_bfd},
    {"notify", 'A', Support::acted, Shape::command, read_notify<&Notify::any>},
    {"notify_master", 'A', Support::acted, Shape::command, read_notify<&Notify::master>},
    {"notify_backup", 'A', Support::acted, Shape::command, read_notify<&Notify::backup>},
    {"notify_fault", 'A', Support::acted, Shape::command, read_notify<&Notify::fault>},
    {"notify_stop", 'A', Support::acted, Shape::command, read_notify<&Notify::stop>},
    usually("(smtp_alert_vrrp)", {"smtp_alert", 'B', Support::acted, Shape::optional_switch, read_mail_switch}),
    usually("(the global one)",
            {"notify_priority_changes", 'C', Support::acted, Shape::optional_switch, read_priority_changes}),
    {"sync_group_tracking_weight", 'B', Support::acted, Shape::nothing, keep_group_weights},
    {"global_tracking", 'C', Support::accepted, Shape::nothing, deprecate_global_tracking},
};

constexpr Keyword track_group_table[] = {
    {"group", 'C', Support::acted, Shape::items, read_track_group_member},
};

}  // namespace

std::span<const Keyword> root_keywords() { return root_table; }
std::span<const Keyword> sync_group_keywords() { return sync_group_table; }
std::span<const Keyword> track_group_keywords() { return track_group_table; }

}  // namespace vrrpd::config
