// The command line as keepalived's users type it.
#include "vrrpd/supervisor/options.hpp"

#include <gtest/gtest.h>
#include <syslog.h>

#include <csignal>

#include "vrrpd/supervisor/log_sink.hpp"

namespace vrrpd::supervisor::options_test {
namespace {

CommandLine parse(std::vector<std::string> words, const std::string& name = "vrrpd") {
    words.insert(words.begin(), name);
    return parse_command_line(words);
}

Options good(const std::vector<std::string>& words, const std::string& name = "vrrpd") {
    auto line = parse(words, name);
    EXPECT_EQ(line.error, "");
    return line.options;
}

TEST(Options, defaults_are_ours) {
    const auto options = good({});
    EXPECT_EQ(options.action, Action::run);
    EXPECT_EQ(options.config_file, "/etc/vrrpd/vrrpd.conf");
    EXPECT_EQ(options.pid_file, "/run/vrrpd/vrrpd.pid");
    EXPECT_EQ(options.engine_pid_file, "/run/vrrpd/engine.pid");
    EXPECT_FALSE(options.as_keepalived);
}

TEST(Options, called_as_keepalived_paths_are_keepalived_s) {
    const auto options = good({}, "/usr/sbin/keepalived");
    EXPECT_TRUE(options.as_keepalived);
    EXPECT_EQ(options.config_file, "/etc/keepalived/keepalived.conf");
    EXPECT_EQ(options.pid_file, "/run/keepalived.pid");
    EXPECT_EQ(options.engine_pid_file, "/run/vrrp.pid");
    EXPECT_EQ(options.runtime_dir, "/run/vrrpd");
}

TEST(Options, pid_files_follow_the_runtime_directory) {
    EXPECT_EQ(good({"--runtime-dir", "/tmp/a"}).pid_file, "/tmp/a/vrrpd.pid");
    EXPECT_EQ(good({"--runtime-dir=/tmp/a", "-p", "/tmp/b"}).pid_file, "/tmp/b");
}

TEST(Options, separate_attached_and_long_values) {
    for (const auto& words : std::vector<std::vector<std::string>>{
             {"-f", "a.conf"}, {"-fa.conf"}, {"--use-file", "a.conf"}, {"--use-file=a.conf"}, {"--use-f", "a.conf"}})
        EXPECT_EQ(good(words).config_file, "a.conf") << words.front();
}

TEST(Options, short_options_stick_together) {
    const auto options = good({"-nlDDdf", "a.conf"});
    EXPECT_TRUE(options.foreground);
    EXPECT_TRUE(options.log_console);
    EXPECT_TRUE(options.detail);
    EXPECT_TRUE(options.dump_config);
    EXPECT_EQ(options.config_file, "a.conf");
}

TEST(Options, an_optional_argument_is_only_taken_attached) {
    EXPECT_EQ(good({"-tFILE"}).report_file, "FILE");
    EXPECT_EQ(good({"--config-test=FILE"}).report_file, "FILE");
    for (const auto* const word : {"-t", "--config-test"}) {
        const auto options = good({word, "FILE"});
        EXPECT_EQ(options.action, Action::test);
        EXPECT_EQ(options.report_file, "");
        EXPECT_EQ(options.remarks, std::vector<std::string>{"unexpected word: FILE"});
    }
    const auto options = good({"-t", "-f", "a.conf"});
    EXPECT_EQ(options.report_file, "");
    EXPECT_EQ(options.config_file, "a.conf");
}

TEST(Options, left_over_words_are_reported_and_ignored) {
    const auto options = good({"stray", "-n", "--", "-x"});
    EXPECT_TRUE(options.foreground);
    EXPECT_EQ(options.remarks, (std::vector<std::string>{"unexpected word: stray", "unexpected word: -x"}));
}

TEST(Options, unknown_option_missing_and_empty_argument_are_errors) {
    for (const auto& words : std::vector<std::vector<std::string>>{
             {"--nonsense"}, {"-Z"}, {"-f"}, {"--pid"}, {"--pid="}, {"--runtime-dir"}})
        EXPECT_NE(parse(words).error, "") << words.front();
}

TEST(Options, nixos_start_line_starts) {
    const auto options = good({"-f", "/nix/store/x.conf", "-p", "/run/keepalived.pid", "--snmp"}, "keepalived");
    EXPECT_EQ(options.action, Action::run);
    EXPECT_EQ(options.config_file, "/nix/store/x.conf");
    EXPECT_EQ(options.remarks,
              std::vector<std::string>{
                  "option --snmp: there is no SNMP agent here; vrrpctl status and the dumps tell the same"});
}

TEST(Options, every_option_of_keepalived_is_known) {
    for (const auto& words : std::vector<std::vector<std::string>>{{"-P"},
                                                                   {"-B"},
                                                                   {"--all"},
                                                                   {"-g"},
                                                                   {"-gFILE"},
                                                                   {"--flush-log-file"},
                                                                   {"-G"},
                                                                   {"-u", "022"},
                                                                   {"-X"},
                                                                   {"-V"},
                                                                   {"-I"},
                                                                   {"-R"},
                                                                   {"-c", "F"},
                                                                   {"-b", "F"},
                                                                   {"-e"},
                                                                   {"-x"},
                                                                   {"-A", "a"},
                                                                   {"-a"},
                                                                   {"-m"},
                                                                   {"-M"},
                                                                   {"-S", "local3"},
                                                                   {"--ignore-sigint"},
                                                                   {"--log-facility", "1"}})
        EXPECT_EQ(parse(words).error, "") << words.front();
}

TEST(Options, keepalived_s_own_say_what_they_do) {
    const auto options = good({"-R", "-V", "-a", "-m", "-u", "0133", "-gFILE", "-s", "blue"});
    EXPECT_FALSE(options.respawn);
    EXPECT_TRUE(options.keep_addresses);
    EXPECT_TRUE(options.watch_addresses);
    EXPECT_TRUE(options.core_dump);
    EXPECT_EQ(options.umask, 0133U);
    EXPECT_EQ(options.log_file, "FILE");
    EXPECT_EQ(options.net_namespace, "blue");
    EXPECT_EQ(options.remarks, std::vector<std::string>{});
    EXPECT_EQ(good({"-g"}).log_file, "/tmp/keepalived.log");
    for (const auto& words :
         std::vector<std::vector<std::string>>{{"-c", "F"}, {"-b", "F"}, {"-x"}, {"-M"}, {"-u", "8x"}})
        EXPECT_EQ(good(words).remarks.size(), 1U) << words.front();
    EXPECT_TRUE(good({"-M"}).core_dump);
}

TEST(Options, handoff) {
    EXPECT_EQ(good({"--handoff"}).action, Action::handoff);
    EXPECT_EQ(good({"--handoff-from", "3"}).predecessor, 3);
}

TEST(Options, what_would_do_the_opposite_is_refused) {
    for (const auto& words : std::vector<std::vector<std::string>>{{"-C"}, {"-T"}, {"--config-fd", "3"}})
        EXPECT_NE(parse(words).error.find("refused"), std::string::npos) << words.front();
}

TEST(Options, actions) {
    EXPECT_EQ(good({"-v"}).action, Action::version);
    EXPECT_EQ(good({"--help"}).action, Action::help);
    EXPECT_EQ(good({"--fence"}).action, Action::fence);
    EXPECT_EQ(good({"--unfence"}).action, Action::unfence);
    EXPECT_EQ(good({"--sweep"}).action, Action::sweep);
    EXPECT_TRUE(good({"--observe"}).observe);
    EXPECT_EQ(good({"-i", "H001"}).id, "H001");
}

TEST(Options, signal_numbers_are_keepalived_s) {
    EXPECT_EQ(good({"--signum=JSON"}).signal_name, "JSON");
    EXPECT_EQ(signal_number("STOP"), SIGTERM);
    EXPECT_EQ(signal_number("RELOAD"), SIGHUP);
    EXPECT_EQ(signal_number("DATA"), SIGUSR1);
    EXPECT_EQ(signal_number("STATS"), SIGUSR2);
    EXPECT_EQ(signal_number("STATS_CLEAR"), 63);
    EXPECT_EQ(signal_number("JSON"), 36);
    EXPECT_EQ(signal_number("nonsense"), std::nullopt);
}

TEST(Options, help_names_every_step_and_version_reads_like_keepalived_s) {
    const auto text = usage(good({}));
    for (const auto* const needed : {"-f, --use-file FILE", "--observe", "-t, --config-test[=FILE]", "-n -l",
                                     "/etc/vrrpd/vrrpd.conf", "--runtime-dir DIR"})
        EXPECT_NE(text.find(needed), std::string::npos) << needed;
    EXPECT_EQ(version_text(good({})).rfind("vrrpd v", 0), 0u);
    const auto as_keepalived = version_text(good({}, "keepalived"));
    EXPECT_EQ(as_keepalived.rfind("Keepalived v2.2.7 (vrrpd ", 0), 0u);
    EXPECT_NE(as_keepalived.find("\nconfigure options: --enable-json "), std::string::npos) << "exporters look for it";
    EXPECT_EQ(version_text(good({})).find("configure options"), std::string::npos);
}

// ---- where the log goes ---------------------------------------------------------------------------------

LogTargets targets(const std::vector<std::string>& words, LogSurroundings surroundings) {
    return choose_targets(good(words), surroundings);
}
constexpr LogSurroundings terminal{true, false, true};
constexpr LogSurroundings journal{false, true, true};
constexpr LogSurroundings redirected{false, false, true};
constexpr LogSurroundings container{false, false, false};

TEST(LogTargets, in_the_foreground_stderr_where_somebody_reads_it) {
    EXPECT_TRUE(targets({"-n"}, terminal).standard_error);
    EXPECT_FALSE(targets({"-n"}, terminal).syslog);
    EXPECT_TRUE(targets({"-n"}, container).standard_error);
    EXPECT_TRUE(targets({"-n", "-l"}, redirected).standard_error);
    EXPECT_FALSE(targets({"-n"}, redirected).standard_error);
    EXPECT_TRUE(targets({"-n"}, redirected).syslog);
}

TEST(LogTargets, the_journal_gets_levels_and_every_line_once) {
    const auto chosen = targets({"-n", "-l"}, journal);
    EXPECT_TRUE(chosen.standard_error);
    EXPECT_TRUE(chosen.journal_levels);
    EXPECT_FALSE(chosen.syslog);
}

TEST(LogTargets, a_daemon_logs_to_syslog_and_tells_its_terminal_what_went_wrong) {
    const auto chosen = targets({}, terminal);
    EXPECT_FALSE(chosen.standard_error);
    EXPECT_TRUE(chosen.error_until_started);
    EXPECT_TRUE(chosen.syslog);
    EXPECT_FALSE(targets({}, journal).error_until_started);
    EXPECT_FALSE(targets({"-G"}, terminal).syslog);
}

TEST(LogTargets, a_facility_that_syslog_does_not_have_is_said_and_daemon_used) {
    for (const auto* name : {"3", "local7", "user", "daemon"})
        EXPECT_EQ(targets({"-S", name}, terminal).unknown_facility, "") << name;
    EXPECT_EQ(targets({"-S", "local7"}, terminal).facility, LOG_LOCAL7);
    for (const auto* name : {"8", "local8", "local", "kern", "Daemon"}) {
        const auto chosen = targets({"-S", name}, terminal);
        EXPECT_EQ(chosen.unknown_facility, name);
        EXPECT_EQ(chosen.facility, LOG_DAEMON);
    }
}

TEST(LogTargets, detail_is_debugging) {
    EXPECT_EQ(targets({}, terminal).threshold, LogLevel::info);
    EXPECT_EQ(targets({"-D"}, terminal).threshold, LogLevel::debug);
    EXPECT_EQ(targets({"-DD"}, terminal).threshold, LogLevel::debug);
}

std::string logged(LogTargets chosen) {
    testing::internal::CaptureStderr();
    LogSink sink(chosen);
    sink.debug("d");
    sink.notice("n");
    sink.error("e");
    sink.let_go_of_stderr();
    sink.error("late");
    return testing::internal::GetCapturedStderr();
}

TEST(LogSink, journal_lines_carry_their_level) {
    LogTargets chosen;
    chosen.standard_error = chosen.journal_levels = true;
    EXPECT_EQ(logged(chosen), "<5>n\n<3>e\n<3>late\n");
}

TEST(LogSink, an_unknown_facility_is_said) {
    LogTargets chosen;
    chosen.standard_error = chosen.journal_levels = true;
    chosen.unknown_facility = "8";
    EXPECT_EQ(logged(chosen).find("<4>-S 8: syslog has no such facility, daemon is used: write "), 0u);
}

TEST(LogSink, a_daemon_s_stderr_is_for_what_goes_wrong_while_starting) {
    LogTargets chosen;
    chosen.error_until_started = true;
    EXPECT_EQ(logged(chosen), "error: e\n");
}

}  // namespace
}  // namespace vrrpd::supervisor::options_test
