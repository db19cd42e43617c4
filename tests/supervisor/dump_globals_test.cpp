// The global definitions of keepalived.data: line by line as 2.2.7 writes them for the same configuration, but for what
// only it has; and what is told of scripts between the supervisor, which knows whom they are run as, and the engine.
#include "vrrpd/supervisor/dump_globals.hpp"

#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::supervisor::dump_globals_test {
namespace {

std::string globals_of(const std::string& text) {
    const auto parsed = config::parse_text(text);
    return globals_text(parsed.config, parsed.globals, {{"", "", 65534, 65533}, {"joe", "", 1000, 1001}});
}

TEST(DumpedGlobals, of_a_plain_configuration) {
    EXPECT_EQ(globals_of("global_defs {\nrouter_id H003\n}\n"),
              " Router ID = H003\n Default smtp_alert = unset\n Default smtp_alert_vrrp = unset\n"
              " No test config before reload\n Dynamic interfaces = true\n Allow interface changes = true\n"
              " Default interface = eth0\n FIFO write vrrp states on reload = false\n"
              " VRRP notify priority changes = false\n VRRP IPv4 mcast group = 224.0.0.18\n"
              " VRRP IPv6 mcast group = ff02::12\n Gratuitous ARP delay = 5\n Gratuitous ARP repeat = 5\n"
              " Gratuitous ARP refresh timer = 0\n Gratuitous ARP refresh repeat = 1\n"
              " Gratuitous ARP lower priority delay = 5\n Gratuitous ARP lower priority repeat = 5\n"
              " Num adverts before down = 3\n Gratuitous ARP for each secondary VMAC = 0s\n"
              " Send advert after receive lower priority advert = true\n"
              " Send advert after receive higher priority advert = false\n Gratuitous ARP interval = 0.000000\n"
              " Gratuitous NA interval = 0.000000\n VRRP default protocol version = 2\n"
              " VRRP check unicast_src = false\n VRRP skip check advert addresses = false\n VRRP strict mode = false\n"
              " Max auto priority = 0\n Min auto priority delay = 1000000 usecs\n"
              " VRRP process priority = 0\n VRRP don't swap = false\n VRRP realtime priority = 0\n"
              " Script security disabled\n Default script uid:gid 65534:65533\n umask = 0177\n");
}

TEST(DumpedGlobals, say_what_was_written) {
    EXPECT_EQ(
        globals_of("instance foo\nglobal_defs {\nrouter_id H003\nprocess_name ppp\nvrrp_process_name vvv\n"
                   "notification_email {\na@example.org\nb@example.org\n}\nnotification_email_from me@example.org\n"
                   "smtp_server 127.0.0.1 2525\nsmtp_helo_name foo\nsmtp_connect_timeout 7\nsmtp_alert on\n"
                   "smtp_alert_vrrp off\nno_email_faults\nreload_check_config /rl.log\nreload_time_file /rt\n"
                   "reload_repeat\nreload_file /rf\ndata_use_instance\nstartup_script \"/s x\" joe\n"
                   "shutdown_script /t\nshutdown_script_timeout 3\ndefault_interface wan0\nnotify_fifo /f1 joe\n"
                   "notify_fifo_script \"/r x\"\nvrrp_notify_fifo /f2\nfifo_write_vrrp_states_on_reload\n"
                   "vrrp_notify_priority_changes\nvrrp_mcast_group4 224.0.0.19\nvrrp_mcast_group6 ff02::13\n"
                   "vrrp_garp_master_delay 3\nvrrp_garp_lower_prio_delay 9\nvrrp_garp_lower_prio_repeat 2\n"
                   "vrrp_gna_interval 0.002\nvrrp_min_garp\nvrrp_garp_extra_if all 12\nvrrp_lower_prio_no_advert\n"
                   "vrrp_higher_prio_send_advert on\nvrrp_check_unicast_src\nvrrp_down_timer_adverts 5\n"
                   "vrrp_version 3\nvrrp_skip_check_adv_addr\nvrrp_strict\nvmac_prefix vx\nvmac_addr_prefix "
                   "vy\nvrrp_rt_priority 12\n"
                   "max_auto_priority 7\nmin_auto_priority_delay 300000\nvrrp_no_swap\nvrrp_priority "
                   "-3\nvrrp_rlimit_rttime 20000\nvrrp_cpu_affinity 0 1\n"
                   "enable_script_security\numask 027\nvrrp_startup_delay 1.5\nlog_unknown_vrids\n}\n"),
        " Instance name = foo\n Parent process name = ppp\n VRRP process name = vvv\n Router ID = H003\n"
        " Smtp server = 127.0.0.1\n Smtp server port = 2525\n Smtp HELO name = foo\n"
        " Smtp server connection timeout = 7\n Email notification from = me@example.org\n Email notification to:\n"
        "   a@example.org\n   b@example.org\n Default smtp_alert = on\n Default smtp_alert_vrrp = off\n"
        " Test config before reload, log to /rl.log\n Reload time file = /rt (repeat)\n Reload_file = /rf\n"
        " Use instance name in data dumps\n Startup script = '/s' 'x', uid:gid 1000:1001, timeout 10\n"
        " Shutdown script = '/t', uid:gid 65534:65533 timeout 3\n Dynamic interfaces = true\n"
        " Allow interface changes = true\n Send emails for fault transitions = off\n Default interface = wan0\n"
        " Global notify fifo = /f1, uid:gid 1000:1001\n Global notify fifo script = '/r' 'x' '/f1', uid:gid "
        "65534:65533\n"
        " VRRP notify fifo = /f2, uid:gid 65534:65533\n FIFO write vrrp states on reload = true\n"
        " VRRP notify priority changes = true\n VRRP IPv4 mcast group = 224.0.0.19\n"
        " VRRP IPv6 mcast group = ff02::13\n Gratuitous ARP delay = 3\n Gratuitous ARP repeat = 1\n"
        " Gratuitous ARP refresh timer = 0\n Gratuitous ARP refresh repeat = 1\n"
        " Gratuitous ARP lower priority delay = 9\n Gratuitous ARP lower priority repeat = 2\n"
        " Num adverts before down = 5\n Gratuitous ARP for each secondary i/f = 12s\n"
        " Send advert after receive lower priority advert = false\n"
        " Send advert after receive higher priority advert = true\n Gratuitous ARP interval = 0.000000\n"
        " Gratuitous NA interval = 0.002000\n VRRP default protocol version = 3\n VRRP check unicast_src = true\n"
        " VRRP skip check advert addresses = true\n VRRP strict mode = true\n"
        " Max auto priority = 7\n Min auto priority delay = 300000 usecs\n VRRP process priority = -3\n"
        " VRRP don't swap = true\n VRRP realtime priority = 12\n VRRP CPU Affinity = 0 1\n"
        " VRRP realtime limit = 20000\n Script security enabled\n Default script uid:gid 65534:65533\n umask = 027\n"
        " vrrp_startup_delay = 1.5\n log_unknown_vrids\n VMAC prefix = vx\n VMAC address prefix = vy\n");
}

TEST(DumpedGlobals, begin_with_where_we_are) {
    EXPECT_EQ(globals_heading(""), "------< Global definitions >------\n Network namespace = (default)\n");
    EXPECT_EQ(globals_heading("blue"), "------< Global definitions >------\n Network namespace = blue\n");
}

TEST(KnownScripts, come_as_they_were_sent) {
    const ipc::KnownScripts known{
        {{"chk", ipc::ScriptState::Run::running, 1, 990, 991, "'/bin/x' 'a\tb'"}, {"idle", {}, 0, 0, 0, ""}},
        {{"", "", 65534, 65533}, {"joe", "staff", 1000, 50}}};
    EXPECT_EQ(ipc::decode_scripts(ipc::encode(known)), known);
    EXPECT_EQ(ipc::decode_scripts("s\tchk\t9\t1\t1\t1\tx\ns\tchk\ni\tx\t1\t\t\nother\n\n"), ipc::KnownScripts());
    EXPECT_EQ(ipc::identity_text(known.identities, "joe", "staff"), ", uid:gid 1000:50");
    EXPECT_EQ(ipc::identity_text(known.identities, "joe", ""), "");
}

}  // namespace
}  // namespace vrrpd::supervisor::dump_globals_test
