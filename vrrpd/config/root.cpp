// The top level: what may stand outside of all blocks.
#include "vrrpd/config/handlers.hpp"
#include "vrrpd/config/process_words.hpp"

namespace vrrpd::config {
namespace {

constexpr Keyword root_table[] = {
    {"global_defs", 'A', Support::acted, Shape::block, enter_block, 0, 0, {}, Block::global_defs},
    {"vrrp_instance", 'A', Support::acted, Shape::named_block, open_instance, 0, 0, {}, Block::vrrp_instance},
    {"vrrp_sync_group", 'A', Support::acted, Shape::named_block, open_sync_group, 0, 0, {}, Block::sync_group},
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

}  // namespace

std::span<const Keyword> root_keywords() { return root_table; }

}  // namespace vrrpd::config
