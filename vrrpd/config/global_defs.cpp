// The block global_defs: its keywords.
#include <fmt/format.h>

#include "vrrpd/config/handlers.hpp"
#include "vrrpd/config/process_words.hpp"

namespace vrrpd::config {
namespace {

void set_router_id(Reader& reader, const Statement& s) { reader.draft().config.router_id = s.word(1); }

void set_usual_version(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s)) reader.draft().globals.version = static_cast<proto::Version>(*value);
}

void set_group(Reader& reader, const Statement& s, Family family, std::optional<IpAddress>& group) {
    const auto value = reader.address(s);
    if (!value) return;
    if (value->family() == family && value->is_multicast()) {
        group = value;
    } else {
        reader.fault(Severity::error, s.place(1),
                     fmt::format("{} '{}' is not an IPv{} multicast address: the standard group is used",
                                 s.keyword.name, s.word(1), static_cast<int>(family)));
    }
}
void set_group4(Reader& reader, const Statement& s) {
    set_group(reader, s, Family::ipv4, reader.draft().globals.group4);
}
void set_group6(Reader& reader, const Statement& s) {
    set_group(reader, s, Family::ipv6, reader.draft().globals.group6);
}

// Interfaces may always come and go; keepalived has one word that may follow.
void judge_dynamic_interfaces(Reader& reader, const Statement& s) {
    if (s.size() > 1 && s.word(1) != "allow_if_changes")
        reader.fault(
            Severity::error, s.place(1),
            fmt::format("unknown word '{}' after dynamic_interfaces: write allow_if_changes, or nothing", s.word(1)));
}

void set_default_interface(Reader& reader, const Statement& s) { reader.draft().globals.default_interface = s.word(1); }

void set_usual_down_timer_adverts(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s))
        reader.draft().globals.down_timer_adverts = static_cast<std::uint8_t>(*value);
}

template <auto Field>
void set_pacing(Reader& reader, const Statement& s) {
    if (const auto value = reader.millionths(s)) reader.draft().config.*Field = from_millionths(*value);
}

void set_global_extra(Reader& reader, const Statement& s) {
    set_extra_announcements(reader, s, reader.draft().globals.announce);
}

void set_json_version(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s)) reader.draft().config.json_version = static_cast<unsigned>(*value);
}

void set_startup_delay(Reader& reader, const Statement& s) {
    if (const auto value = reader.millionths(s)) reader.draft().config.startup_delay = from_millionths(*value);
}

void set_delay_after_boot(Reader& reader, const Statement& s) {
    if (const auto value = reader.millionths(s)) reader.draft().config.delay_after_boot = from_millionths(*value);
}

// Beyond the range it is held to it, as keepalived does.
void set_realtime(Reader& reader, const Statement& s) {
    const auto value = parse_integer(s.word(1));
    if (!value || *value < 0) return (void)reader.integer(s);
    if (*value < s.keyword.low || *value > s.keyword.high) (void)reader.integer(s);
    auto& config = reader.draft().config;
    config.realtime = true;
    const auto priority = static_cast<int>(std::min(std::max(*value, s.keyword.low), s.keyword.high));
    config.realtime_priority = std::max(config.realtime_priority, priority);
}

void set_lost_address(Reader& reader, const Statement& s) {
    if (reader.choice(s)) reader.draft().config.gives_up_over_loss = s.word(1) == "give_up_role";
}

void set_log_unknown(Reader& reader, const Statement&) { reader.draft().config.log_unknown_vrids = true; }
void set_no_swap(Reader& reader, const Statement&) { reader.draft().config.lock_memory = true; }

// Room for a number, a dot and a VRID must be left behind it.
template <auto Field>
void set_prefix(Reader& reader, const Statement& s) {
    if (!is_device_name(s.word(1) + "99.255")) {
        reader.fault(Severity::warning, s.place(1),
                     fmt::format("{} '{}': at most 9 characters that a device name may have; it is ignored",
                                 s.keyword.name, s.word(1)));
        return;
    }
    reader.draft().globals.*Field = s.word(1);
}

// ---- scripts and FIFOs

void set_script_user(Reader& reader, const Statement& s) {
    auto& policy = reader.draft().config.script_policy;
    policy.user = s.word(1);
    policy.group = s.size() > 2 ? group_name(s.word(2)) : std::string();
}

template <auto Field>
void switch_policy(Reader& reader, const Statement& s) {
    const auto value = s.keyword.shape == Shape::optional_switch ? reader.boolean(s) : std::optional<bool>(true);
    if (value) reader.draft().config.script_policy.*Field = *value;
}

template <auto Field>
void read_script(Reader& reader, const Statement& s) {
    set_notify(reader, s, reader.draft().config.notification.*Field);
}

template <auto Field>
void set_limit(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s)) reader.draft().config.notification.*Field = std::chrono::seconds(*value);
}

template <auto Field>
void read_fifo(Reader& reader, const Statement& s) {
    auto& fifo = (reader.draft().*Field).value;
    if (fifo) {
        reader.fault(Severity::error, s.place(),
                     fmt::format("{} is given twice: the first one counts", s.keyword.name));
        return;
    }
    fifo = Fifo{s.word(1), s.size() > 2 ? s.word(2) : "", s.size() > 3 ? group_name(s.word(3)) : "", {}};
}

template <auto Field>
void read_fifo_script(Reader& reader, const Statement& s) {
    (reader.draft().*Field).place = s.place();
    set_notify(reader, s, (reader.draft().*Field).reader);
}

void set_states_on_reload(Reader& reader, const Statement&) {
    reader.draft().config.notification.states_on_reload = true;
}

template <auto Field>
void switch_mail(Reader& reader, const Statement& s) {
    if (const auto value = reader.boolean(s)) reader.draft().globals.*Field = *value;
}

// 2.2.7 looks at no word behind it: other routers with this file may enforce what this one does not.
void set_strict(Reader& reader, const Statement& s) {
    const auto value = reader.boolean(s);
    if (!value) return;
    reader.draft().globals.strict = *value;
    if (!*value)
        reader.fault(Severity::note, s.place(1),
                     "vrrp_strict is off; keepalived up to 2.2 takes it for on, whatever follows");
}

constexpr std::int64_t longest_mail_timeout = 4294;  // keepalived's: 32 bits of microseconds

constexpr std::string_view one_process =
    "BFD is spoken by the process of vrrp_priority, vrrp_cpu_affinity and their kin";
constexpr std::string_view own_tables = "packet rules are always nftables', in tables named vrrpd";

constexpr Keyword unsupported(std::string_view consequence, Keyword keyword) {
    keyword.consequence = consequence;
    return keyword;
}
constexpr Keyword of_snmp(Keyword keyword) {
    keyword.part_of = "SNMP";
    return unsupported("there is no SNMP agent", keyword);
}
constexpr Keyword of_bus(Keyword keyword) {
    keyword.part_of = "D-Bus";
    return unsupported("there is no D-Bus service", keyword);
}

constexpr Keyword global_table[] = {
    // identity, mail, processes
    goes_on({"router_id", 'A', Support::acted, Shape::word, set_router_id}),
    {"notification_email", 'B', Support::acted, Shape::items, add_mail_recipients},
    goes_on({"notification_email_from", 'B', Support::acted, Shape::word, set_mail_sender}),
    {"smtp_server", 'B', Support::acted, Shape::word, set_mail_server},
    usually("(the host)", goes_on({"smtp_helo_name", 'C', Support::acted, Shape::word, set_mail_helo})),
    usually("30",
            {"smtp_connect_timeout", 'B', Support::acted, Shape::integer, set_mail_timeout, 0, longest_mail_timeout}),
    usually("off", {"smtp_alert", 'B', Support::acted, Shape::optional_switch, switch_mail<&Globals::mail>}),
    usually("(smtp_alert)",
            {"smtp_alert_vrrp", 'B', Support::acted, Shape::optional_switch, switch_mail<&Globals::mail_vrrp>}),
    {"smtp_alert_checker", 'L', Support::lvs, Shape::optional_switch},
    {"no_email_faults", 'B', Support::acted, Shape::nothing, forbid_mail_of_faults},
    {"process_names", 'C', Support::acted, Shape::nothing, set_process_switch<&ProcessSettings::process_names>},
    {"process_name", 'C', Support::acted, Shape::word, set_process_name},
    {"vrrp_process_name", 'C', Support::acted, Shape::word, set_engine_name},
    unsupported(one_process, {"bfd_process_name", 'C', Support::unsupported, Shape::word}),
    {"checker_process_name", 'L', Support::lvs, Shape::word},
    {"lvs_process_name", 'L', Support::lvs, Shape::word},
    goes_on({"startup_script", 'C', Support::acted, Shape::command, read_script<&Notification::startup>}),
    goes_on({"shutdown_script", 'C', Support::acted, Shape::command, read_script<&Notification::shutdown>}),
    usually("10", goes_on({"startup_script_timeout", 'C', Support::acted, Shape::integer,
                           set_limit<&Notification::startup_limit>, 1, 1000})),
    usually("10", goes_on({"shutdown_script_timeout", 'C', Support::acted, Shape::integer,
                           set_limit<&Notification::shutdown_limit>, 1, 1000})),
    usually("0", {"max_auto_priority", 'B', Support::acted, Shape::optional_integer, set_max_auto_priority, -1, 99}),
    usually("1000000", goes_on({"min_auto_priority_delay", 'C', Support::acted, Shape::integer, set_min_auto_delay, 1,
                                10'000'000})),
    usually("(as started)", goes_on({"vrrp_priority", 'B', Support::acted, Shape::integer, set_nice, -20, 19})),
    unsupported(one_process, goes_on({"bfd_priority", 'C', Support::unsupported, Shape::integer, nullptr, -20, 19})),
    goes_on({"checker_priority", 'L', Support::lvs, Shape::integer, nullptr, -20, 19}),
    usually("(no SCHED_RR)", goes_on({"vrrp_rt_priority", 'B', Support::acted, Shape::integer, set_realtime, 1, 99})),
    usually("(no SCHED_RR)", goes_on({"bfd_rt_priority", 'C', Support::acted, Shape::integer, set_realtime, 1, 99})),
    goes_on({"checker_rt_priority", 'L', Support::lvs, Shape::integer, nullptr, 1, 99}),
    {"vrrp_no_swap", 'B', Support::acted, Shape::nothing, set_no_swap},
    {"bfd_no_swap", 'C', Support::acted, Shape::nothing, set_no_swap},
    {"checker_no_swap", 'L', Support::lvs, Shape::nothing},
    goes_on({"vrrp_cpu_affinity", 'C', Support::acted, Shape::word, set_cpus}),
    unsupported(one_process, goes_on({"bfd_cpu_affinity", 'C', Support::unsupported, Shape::word})),
    goes_on({"checker_cpu_affinity", 'L', Support::lvs, Shape::word}),
    usually("(none)", {"vrrp_rlimit_rttime", 'C', Support::acted, Shape::integer, set_cpu_limit, 1, any}),
    usually("(none)", {"vrrp_rlimit_rtime", 'C', Support::acted, Shape::integer, set_cpu_limit, 1, any}),
    unsupported(one_process, {"bfd_rlimit_rttime", 'C', Support::unsupported, Shape::integer, nullptr, 1, any}),
    unsupported(one_process, {"bfd_rlimit_rtime", 'C', Support::unsupported, Shape::integer, nullptr, 1, any}),
    {"checker_rlimit_rttime", 'L', Support::lvs, Shape::integer, nullptr, 1, any},
    {"checker_rlimit_rtime", 'L', Support::lvs, Shape::integer, nullptr, 1, any},
    usually("0177", {"umask", 'C', Support::acted, Shape::word, set_umask}),
    {"config_save_dir", 'C', Support::unsupported, Shape::word},
    goes_on({"tmp_config_directory", 'C', Support::accepted, Shape::word}),
    {"reload_check_config", 'B', Support::acted, Shape::optional_words, set_reload_check},
    goes_on(
        {"reload_time_file", 'C', Support::acted, Shape::word, set_process_word<&ProcessSettings::reload_time_file>}),
    {"reload_repeat", 'C', Support::acted, Shape::nothing, set_process_switch<&ProcessSettings::reload_repeat>},
    {"reload_file", 'C', Support::acted, Shape::optional_words, set_reload_marker},
    {"include_check", 'C', Support::acted, Shape::optional_words},
    usually("(another each start)", {"random_seed", 'C', Support::accepted, Shape::integer, nullptr, 0, any}),
    goes_on({"iproute_usr_dir", 'C', Support::unsupported, Shape::word}),
    goes_on({"iproute_etc_dir", 'C', Support::unsupported, Shape::word}),
    {"disable_local_igmp", 'C', Support::unsupported, Shape::nothing},
    {"debug", 'C', Support::unsupported, Shape::optional_words},
    // scripts, FIFOs, dumps
    goes_on({"script_user", 'A', Support::acted, Shape::command, set_script_user}),
    {"enable_script_security", 'A', Support::acted, Shape::nothing, switch_policy<&ScriptPolicy::security>},
    usually("off", {"use_symlink_paths", 'C', Support::acted, Shape::optional_switch,
                    switch_policy<&ScriptPolicy::keep_links>}),
    usually("off", {"set_supplementary_groups", 'C', Support::acted, Shape::optional_switch,
                    switch_policy<&ScriptPolicy::supplementary_groups>}),
    goes_on({"notify_fifo", 'B', Support::acted, Shape::command, read_fifo<&Draft::fifo>}),
    goes_on({"vrrp_notify_fifo", 'B', Support::acted, Shape::command, read_fifo<&Draft::vrrp_fifo>}),
    goes_on({"lvs_notify_fifo", 'L', Support::lvs, Shape::command}),
    goes_on({"lvs_notify_fifo_script", 'L', Support::lvs, Shape::command}),
    goes_on({"notify_fifo_script", 'B', Support::acted, Shape::command, read_fifo_script<&Draft::fifo>}),
    goes_on({"vrrp_notify_fifo_script", 'B', Support::acted, Shape::command, read_fifo_script<&Draft::vrrp_fifo>}),
    usually("off", {"vrrp_notify_priority_changes", 'B', Support::acted, Shape::optional_switch,
                    switch_global<&Globals::priority_changes>}),
    {"fifo_write_vrrp_states_on_reload", 'C', Support::acted, Shape::nothing, set_states_on_reload},
    usually("off", {"data_use_instance", 'C', Support::acted, Shape::optional_switch,
                    set_process_switch<&ProcessSettings::dump_names_tell>}),
    usually("1", {"json_version", 'B', Support::acted, Shape::integer, set_json_version, 1, 2}),
    {"state_dump_file", 'C', Support::acted, Shape::word, set_process_word<&ProcessSettings::data_file>},
    {"stats_dump_file", 'C', Support::acted, Shape::word, set_process_word<&ProcessSettings::stats_file>},
    {"json_dump_file", 'C', Support::acted, Shape::word, set_process_word<&ProcessSettings::json_file>},
    // VRRP defaults
    usually("2", {"vrrp_version", 'A', Support::acted, Shape::integer, set_usual_version, 2, 3}),
    usually("eth0", goes_on({"default_interface", 'B', Support::acted, Shape::word, set_default_interface})),
    {"dynamic_interfaces", 'B', Support::acted, Shape::optional_words, judge_dynamic_interfaces},
    usually("224.0.0.18", {"vrrp_mcast_group4", 'B', Support::acted, Shape::address, set_group4}),
    usually("ff02::12", {"vrrp_mcast_group6", 'B', Support::acted, Shape::address, set_group6}),
    usually("5", {"vrrp_garp_master_delay", 'A', Support::acted, Shape::integer,
                  set_global_announce<&AnnounceDraft::delay>, 0, longest_delay}),
    usually("5", {"vrrp_garp_master_repeat", 'A', Support::acted, Shape::integer,
                  set_global_announce_count<&AnnounceDraft::repeat>, 0, any}),
    usually("0", {"vrrp_garp_master_refresh", 'A', Support::acted, Shape::integer,
                  set_global_announce<&AnnounceDraft::refresh>, 0, any}),
    usually("1", {"vrrp_garp_master_refresh_repeat", 'B', Support::acted, Shape::integer,
                  set_global_announce_count<&AnnounceDraft::refresh_repeat>, 0, any}),
    usually("(vrrp_garp_master_delay)", {"vrrp_garp_lower_prio_delay", 'B', Support::acted, Shape::integer,
                                         set_global_announce<&AnnounceDraft::lower_delay>, 0, longest_delay}),
    usually("(vrrp_garp_master_repeat)", {"vrrp_garp_lower_prio_repeat", 'B', Support::acted, Shape::integer,
                                          set_global_announce<&AnnounceDraft::lower_repeat>, 0, any}),
    usually("(none)", {"vrrp_garp_interval", 'B', Support::acted, Shape::decimal, set_pacing<&Config::garp_interval>, 1,
                       any_time}),
    usually("(none)",
            {"vrrp_gna_interval", 'B', Support::acted, Shape::decimal, set_pacing<&Config::gna_interval>, 1, any_time}),
    usually("off", {"vrrp_min_garp", 'B', Support::acted, Shape::optional_switch, switch_global<&Globals::min_garp>}),
    usually("(off)", {"vrrp_garp_extra_if", 'C', Support::acted, Shape::optional_words, set_global_extra, 1, day}),
    usually("(off)", {"vrrp_vmac_garp_intvl", 'C', Support::acted, Shape::optional_words, set_global_extra, 1, day}),
    usually("3",
            {"vrrp_down_timer_adverts", 'B', Support::acted, Shape::integer, set_usual_down_timer_adverts, 1, 100}),
    usually("off", {"vrrp_lower_prio_no_advert", 'B', Support::acted, Shape::optional_switch,
                    switch_global<&Globals::lower_prio_no_advert>}),
    usually("(off; on with a gateway)", {"vrrp_higher_prio_send_advert", 'C', Support::acted, Shape::optional_switch,
                                         switch_global<&Globals::higher_prio_send_advert>}),
    usually("off", {"vrrp_owner_ignore_adverts", 'C', Support::acted, Shape::optional_switch,
                    switch_global<&Globals::owner_ignores_adverts>}),
    {"vrrp_check_unicast_src", 'B', Support::acted, Shape::nothing, switch_global<&Globals::check_unicast_source>},
    usually("(always so)", {"vrrp_skip_check_adv_addr", 'B', Support::accepted, Shape::optional_switch,
                            switch_global<&Globals::skips_address_check>}),
    usually("off", {"vrrp_strict", 'A', Support::acted, Shape::optional_switch, set_strict}),
    {"v3_checksum_as_v2", 'C', Support::acted, Shape::optional_words, switch_global<&Globals::v3_checksum_as_v2>},
    usually("(none)", {"vrrp_startup_delay", 'B', Support::acted, Shape::decimal, set_startup_delay, 1000, any_time}),
    usually("(none)",
            {"vrrp_delay_after_boot", 'C', Support::acted, Shape::decimal, set_delay_after_boot, 1000, any_time}),
    usually("put_back",
            {"lost_address", 'O', Support::acted, Shape::choice, set_lost_address, 0, 0, "put_back give_up_role"}),
    {"log_unknown_vrids", 'B', Support::acted, Shape::nothing, set_log_unknown},
    goes_on({"vrrp_rx_bufs_policy", 'C', Support::unsupported, Shape::word}),
    goes_on({"vrrp_rx_bufs_multiplier", 'C', Support::unsupported, Shape::integer, nullptr, 1, any}),
    usually("vrrp", {"vmac_prefix", 'C', Support::acted, Shape::word, set_prefix<&Globals::virtual_prefix>}),
    usually("(vmac_prefix)",
            {"vmac_addr_prefix", 'C', Support::acted, Shape::word, set_prefix<&Globals::virtual_address_prefix>}),
    goes_on({"vrrp_netlink_cmd_rcv_bufs", 'C', Support::unsupported, Shape::integer, nullptr, 0, any}),
    {"vrrp_netlink_cmd_rcv_bufs_force", 'C', Support::unsupported, Shape::optional_switch},
    goes_on({"vrrp_netlink_monitor_rcv_bufs", 'C', Support::unsupported, Shape::integer, nullptr, 0, any}),
    {"vrrp_netlink_monitor_rcv_bufs_force", 'C', Support::unsupported, Shape::optional_switch},
    goes_on({"process_monitor_rcv_bufs", 'C', Support::unsupported, Shape::integer, nullptr, 0, any}),
    {"process_monitor_rcv_bufs_force", 'C', Support::unsupported, Shape::optional_switch},
    unsupported(own_tables, {"vrrp_iptables", 'C', Support::unsupported, Shape::optional_words}),
    unsupported(own_tables, {"vrrp_ipsets", 'C', Support::unsupported, Shape::optional_words}),
    unsupported(own_tables, {"nftables", 'B', Support::unsupported, Shape::optional_words}),
    unsupported(own_tables, {"nftables_priority", 'C', Support::unsupported, Shape::integer, nullptr, -any, any}),
    unsupported(own_tables, {"nftables_ifindex", 'C', Support::unsupported, Shape::nothing}),
    unsupported(own_tables, {"nftables_counters", 'C', Support::unsupported, Shape::nothing}),
    {"nftables_ipvs", 'L', Support::lvs, Shape::optional_words},
    {"nftables_ipvs_priority", 'L', Support::lvs, Shape::integer, nullptr, -any, any},
    {"nftables_ipvs_start_fwmark", 'L', Support::lvs, Shape::optional_words},
    {"lvs_sync_daemon", 'L', Support::lvs, Shape::optional_words},
    {"lvs_timeouts", 'L', Support::lvs, Shape::optional_words},
    {"lvs_flush", 'L', Support::lvs, Shape::nothing},
    {"lvs_flush_on_stop", 'L', Support::lvs, Shape::optional_words},
    {"lvs_flush_onstop", 'L', Support::lvs, Shape::optional_words},
    goes_on({"lvs_netlink_cmd_rcv_bufs", 'L', Support::lvs, Shape::integer, nullptr, 0, any}),
    {"lvs_netlink_cmd_rcv_bufs_force", 'L', Support::lvs, Shape::optional_switch},
    goes_on({"lvs_netlink_monitor_rcv_bufs", 'L', Support::lvs, Shape::integer, nullptr, 0, any}),
    {"lvs_netlink_monitor_rcv_bufs_force", 'L', Support::lvs, Shape::optional_switch},
    {"rs_init_notifies", 'L', Support::lvs, Shape::nothing},
    {"no_checker_emails", 'L', Support::lvs, Shape::nothing},
    {"checker_log_all_failures", 'L', Support::lvs, Shape::optional_switch},
    {"snmp_vs_stats_update_interval", 'L', Support::lvs, Shape::integer, nullptr, 0, any},
    {"snmp_rs_stats_update_interval", 'L', Support::lvs, Shape::integer, nullptr, 0, any},
    of_snmp({"enable_snmp_vrrp", 'B', Support::unsupported, Shape::nothing}),
    of_snmp({"enable_snmp_keepalived", 'B', Support::unsupported, Shape::nothing}),
    of_snmp({"enable_snmp_rfcv2", 'B', Support::unsupported, Shape::nothing}),
    of_snmp({"enable_snmp_rfcv3", 'B', Support::unsupported, Shape::nothing}),
    of_snmp({"enable_snmp_rfc", 'B', Support::unsupported, Shape::nothing}),
    of_snmp({"enable_snmp_checker", 'L', Support::unsupported, Shape::nothing}),
    of_snmp({"enable_traps", 'B', Support::unsupported, Shape::nothing}),
    of_snmp(goes_on({"snmp_socket", 'B', Support::unsupported, Shape::word})),
    of_bus({"enable_dbus", 'C', Support::unsupported, Shape::nothing}),
    of_bus(goes_on({"dbus_service_name", 'C', Support::unsupported, Shape::word})),
    of_bus({"dbus_no_interface_name", 'C', Support::unsupported, Shape::nothing}),
};

}  // namespace

std::span<const Keyword> global_keywords() { return global_table; }

}  // namespace vrrpd::config
