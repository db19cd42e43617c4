// What a configuration says of the daemon itself: each word, its range, and what comes of a wrong value.
#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"
#include "vrrpd/config/umask.hpp"

namespace vrrpd::config::process_test {
namespace {

Parsed parse_globals(const std::string& body) { return parse_text("global_defs {\n" + body + "\n}\n"); }

TEST(ProcessSettings, as_a_whole) {
    const auto parsed = parse_text(
        "instance one\nnet_namespace blue\nuse_pid_dir\nchild_wait_time 7\nglobal_defs {\n"
        "process_names\nprocess_name parent\nvrrp_process_name engine\nvrrp_priority -5\nvrrp_cpu_affinity 0 2\n"
        "vrrp_rlimit_rttime 20000\nmax_auto_priority 30\nmin_auto_priority_delay 5000\numask "
        "022\ndata_use_instance\nstate_dump_file /a\nstats_dump_file "
        "/b\njson_dump_file /c\n"
        "reload_check_config /log\nreload_time_file /time\nreload_repeat\nreload_file /marker\n}\n");
    EXPECT_EQ(errors(parsed.faults), std::vector<std::string>{});
    ProcessSettings expected;
    expected.instance = "one";
    expected.net_namespace = "blue";
    expected.use_pid_dir = true;
    expected.child_wait = std::chrono::seconds(7);
    expected.process_names = true;
    expected.process_name = "parent";
    expected.engine_name = "engine";
    expected.nice = -5;
    expected.cpus = {0, 2};
    expected.cpu_limit = std::chrono::milliseconds(20);
    expected.max_auto_priority = 30;
    expected.min_auto_delay = std::chrono::milliseconds(5);
    expected.umask = 022;
    expected.dump_names_tell = true;
    expected.data_file = "/a";
    expected.stats_file = "/b";
    expected.json_file = "/c";
    expected.check_reload = true;
    expected.check_log = "/log";
    expected.reload_time_file = "/time";
    expected.reload_repeat = true;
    expected.reload_marker = "/marker";
    EXPECT_EQ(*parsed.config.process, expected);
}

TEST(ProcessSettings, what_may_be_left_out) {
    EXPECT_EQ(parse_globals("max_auto_priority").config.process->max_auto_priority, 99);
    EXPECT_EQ(parse_globals("max_auto_priority -1").config.process->max_auto_priority, -1);
    const auto parsed = parse_globals("reload_check_config\nreload_file");
    EXPECT_TRUE(parsed.config.process->check_reload);
    EXPECT_EQ(parsed.config.process->check_log, "");
    EXPECT_EQ(parsed.config.process->reload_marker, "");
    EXPECT_EQ(*parse_globals("router_id x").config.process, ProcessSettings{});
}

TEST(ProcessSettings, wrong_values_are_named_and_nothing_is_set) {
    for (const char* const line :
         {"umask 01000", "umask 8x", "umask IRWXU|NONE", "vrrp_cpu_affinity -1", "vrrp_cpu_affinity x",
          "vrrp_priority 20", "max_auto_priority 100", "min_auto_priority_delay 0",
          "vrrp_process_name a_name_of_sixteen", "vrrp_rlimit_rttime 0"}) {
        const auto parsed = parse_globals(line);
        EXPECT_EQ(errors(parsed.faults).size(), 1U) << line;
        if (std::string(line).find("name") == std::string::npos) {
            EXPECT_EQ(*parsed.config.process, ProcessSettings{}) << line;
        }
    }
    EXPECT_EQ(errors(parse_text("instance a/b\n").faults).size(), 1U);
}

TEST(Umask, numbers_with_prefixes_and_names) {
    EXPECT_EQ(parse_umask("0177"), 0177U);
    EXPECT_EQ(parse_umask("18"), 18U);
    EXPECT_EQ(parse_umask("0x3F"), 0x3FU);
    EXPECT_EQ(parse_umask("0"), 0U);
    EXPECT_EQ(parse_umask("IRWXG|IRWXO"), 077U);
    EXPECT_EQ(parse_umask("IWGRP|IWOTH"), 022U);
    for (const char* const text : {"", "0x", "08", "1777", "|", "irwxg"}) EXPECT_FALSE(parse_umask(text)) << text;
}

// Engine::followed takes the first gateway of an instance; the second one would be inert.
TEST(Gateways, two_may_not_follow_one_instance) {
    const std::string instance =
        "vrrp_instance LAN {\ninterface lan0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.12.14.1/24\n}\n}\n";
    const auto second = [&](const std::string& follows) {
        return parse_text(instance +
                          "vrrp_sync_group G {\ngroup {\nLAN\n}\n}\n"
                          "gateway A {\nfollows LAN\nlan lan0 10.12.14.0/24\n}\n"
                          "gateway B {\nfollows " +
                          follows + "\nlan lan1 10.12.14.0/24\n}\n");
    };
    for (const char* const follows : {"LAN", "G"}) {
        const auto parsed = second(follows);
        EXPECT_FALSE(parsed.can_start());
        bool said = false;
        for (const auto& line : errors(parsed.faults))
            said = said || line.find("gateway A follows LAN already: write the lan lines of both in one") != line.npos;
        EXPECT_TRUE(said) << follows;
    }
}

}  // namespace
}  // namespace vrrpd::config::process_test
