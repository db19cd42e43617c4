// notify and its kin, FIFOs, and who runs scripts.
#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::notification_test {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

Config clean(const std::string& lines, const std::string& globals = "") {
    auto parsed = parse_instance(lines, "enable_script_security\n" + globals);
    EXPECT_EQ(errors(parsed.faults), Words{}) << lines << globals;
    return std::move(parsed.config);
}

TEST(Notify, the_command_is_one_word_and_user_and_group_follow) {
    const auto config = clean(
        "notify \"/n.sh 'a b' c\" nobody adm\nnotify_master /m.sh\nnotify_backup /b.sh\nnotify_fault /f.sh\n"
        "notify_stop /s.sh who\nnotify_master_rx_lower_pri /l.sh\nnotify_deleted");
    const auto& n = *config.instances[0].notify;
    EXPECT_EQ(n.any, (Script{{"/n.sh", "a b", "c"}, "nobody", "adm"}));
    EXPECT_EQ(n.master, (Script{{"/m.sh"}, "", ""}));
    EXPECT_EQ(n.backup.words, Words{"/b.sh"});
    EXPECT_EQ(n.fault.words, Words{"/f.sh"});
    EXPECT_EQ(n.stop, (Script{{"/s.sh"}, "who", ""}));
    EXPECT_EQ(n.lower_priority.words, Words{"/l.sh"});
    EXPECT_TRUE(n.deleted_state);
    EXPECT_FALSE(n.deleted.is_given()) << "the word alone only names the state";
    EXPECT_FALSE(n.priority_changes);
    EXPECT_EQ(clean("notify_deleted \"/d.sh x\"").instances[0].notify->deleted.words, (Words{"/d.sh", "x"}));
    EXPECT_EQ(*clean("").instances[0].notify, Notify{});
}

TEST(Notify, the_first_of_a_kind_counts) {
    const auto parsed = parse_instance("notify /a\nnotify /b", "enable_script_security");
    EXPECT_TRUE(says(parsed.faults, "notify is given twice: the first one counts"));
    EXPECT_EQ(parsed.config.instances[0].notify->any.words, Words{"/a"});
    EXPECT_TRUE(says(parse_instance("notify \"\"", "enable_script_security").faults, "notify names no script"));
}

TEST(Notify, priority_changes_come_from_the_instance_the_group_or_everywhere) {
    const auto changes = [](const std::string& own, const std::string& globals) {
        return clean(own, globals).instances[0].notify->priority_changes;
    };
    EXPECT_TRUE(changes("notify_priority_changes", ""));
    EXPECT_TRUE(changes("", "vrrp_notify_priority_changes"));
    EXPECT_FALSE(changes("notify_priority_changes no", "vrrp_notify_priority_changes"));
    const auto parsed = parse_text(
        "vrrp_sync_group G {\ngroup {\nV\n}\nnotify_priority_changes\nnotify_master /g.sh\n}\nvrrp_instance V {\n"
        "interface eth0\nvirtual_router_id 7\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n");
    EXPECT_TRUE(parsed.config.instances[0].notify->priority_changes);
    EXPECT_FALSE(parsed.config.instances[0].notify->master.is_given()) << "the group's script is the group's";
}

TEST(Notify, fifos_and_their_readers) {
    const auto all = clean("",
                           "notify_fifo /run/n.fifo nobody adm\nnotify_fifo_script \"/r.sh a\" x y\n"
                           "vrrp_notify_fifo /run/v.fifo\nfifo_write_vrrp_states_on_reload");
    ASSERT_EQ(all.notification.fifos.size(), 2U);
    EXPECT_EQ(all.notification.fifos[0], (Fifo{"/run/n.fifo", "nobody", "adm", {{"/r.sh", "a"}, "x", "y"}, true}));
    EXPECT_EQ(all.notification.fifos[1], (Fifo{"/run/v.fifo", "", "", {}}));
    EXPECT_TRUE(all.notification.states_on_reload);
    const auto parsed = parse_instance("", "enable_script_security\nvrrp_notify_fifo_script /r.sh");
    EXPECT_TRUE(says(parsed.faults, "vrrp_notify_fifo_script has no FIFO to read from"));
    EXPECT_TRUE(parsed.config.notification.fifos.empty());
}

TEST(Notify, who_runs_scripts_and_what_runs_once) {
    const auto config = clean("",
                              "script_user nobody :adm\nuse_symlink_paths\nset_supplementary_groups\n"
                              "startup_script \"/up.sh 1\"\nshutdown_script /down.sh\nshutdown_script_timeout 3");
    EXPECT_EQ(config.script_policy, (ScriptPolicy{"nobody", "adm", true, true, true}));
    EXPECT_EQ(config.notification.startup.words, (Words{"/up.sh", "1"}));
    EXPECT_EQ(config.notification.shutdown.words, Words{"/down.sh"});
    EXPECT_EQ(config.notification.startup_limit, 10s);
    EXPECT_EQ(config.notification.shutdown_limit, 3s);
}

}  // namespace
}  // namespace vrrpd::config::notification_test
