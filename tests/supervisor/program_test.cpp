// The executable as its users call it: exit codes, what it prints, what it leaves behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/supervisor/machine.hpp"
#include "vrrpd/base/heap.hpp"

namespace vrrpd::supervisor::test::program_test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

class Program : public testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: needs root, for network namespaces";
        machine_ = std::make_unique<Machine>();
    }
    Machine& machine() { return *machine_; }
    bool has_vip() { return machine().has("10.12.14.1/24"); }
    // Started in the foreground, and Active.
    pid_t active(Words options = {"-f", "home.conf"}) {
        const pid_t pid = machine().start(std::move(options));
        EXPECT_TRUE(eventually([&] { return has_vip(); })) << machine().get("log");
        return pid;
    }
    // What stands of the fence and of the other rules.
    bool fence_stands() { return machine().nft("list tables").find("table netdev vrrpd") != std::string::npos; }
    bool fence_is_open() {
        return machine().nft("list set netdev vrrpd open_HOME").find("elements") != std::string::npos;
    }
    bool rules_stand() { return machine().nft("list tables").find("table inet vrrpd") != std::string::npos; }

private:
    std::unique_ptr<Machine> machine_;
};

std::size_t lines_in(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// ---- as a daemon ----------------------------------------------------------------------------------------

// Machine::run waits for the end of the output: nothing of the daemon may hold on to it.
TEST_F(Program, the_command_returns_when_the_daemon_is_ready) {
    const auto started = machine().daemon({"-f", "home.conf"});
    EXPECT_EQ(started.code, 0) << started.text;
    EXPECT_EQ(started.text, "");
    const pid_t daemon = machine().pid_in("run/vrrpd.pid"), engine = machine().pid_in("run/engine.pid");
    EXPECT_TRUE(alive(daemon));
    EXPECT_TRUE(alive(engine));
    EXPECT_EQ(getsid(daemon), daemon);
    EXPECT_EQ(mode_of(machine().file("run/vrrpd.pid")), 0644u);
    EXPECT_EQ(std::filesystem::read_symlink("/proc/" + std::to_string(daemon) + "/cwd"), "/");
    EXPECT_TRUE(eventually([&] { return has_vip(); }));
    kill(daemon, SIGTERM);
    EXPECT_EQ(machine().wait(daemon), 0);
    EXPECT_FALSE(alive(engine));
    EXPECT_FALSE(std::filesystem::exists(machine().file("run/vrrpd.pid")));
    EXPECT_FALSE(std::filesystem::exists(machine().file("run/engine.pid")));
}

constexpr char faulty[] = R"(
vrrp_instance LAN {
    interfase lan0
    virtual_router_id 300
}
gateway HOME {
    folows LAN
    nat {
        masqerade
    }
}
)";

TEST_F(Program, a_configuration_that_cannot_run_ends_the_command_with_2_and_every_fault) {
    machine().put("bad.conf", faulty);
    for (const auto& mode : std::vector<Words>{{}, {"-n"}}) {
        Words options{"-f", "bad.conf"};
        options.insert(options.end(), mode.begin(), mode.end());
        const auto ended = machine().vrrpd(options);
        EXPECT_EQ(ended.code, 2);
        for (const char* const fault : {"bad.conf:3:", "interfase", "bad.conf:4:", "300", "folows", "masqerade"})
            EXPECT_THAT(ended.text, HasSubstr(fault));
    }
}

TEST_F(Program, a_missing_file_ends_the_command_with_6) {
    for (const auto& options : std::vector<Words>{{"-f", "none.conf"}, {"-n", "-f", "none.conf"}}) {
        const auto ended = machine().vrrpd(options);
        EXPECT_EQ(ended.code, 6);
        EXPECT_THAT(ended.text, HasSubstr("none.conf"));
        EXPECT_EQ(lines_in(ended.text), 1u) << ended.text;
    }
    EXPECT_EQ(machine().vrrpd({"-n", "-f", "home.conf", "--gateway-file", "none.conf"}).code, 2);
}

TEST_F(Program, where_the_working_directory_was_deleted_a_relative_name_names_no_file) {
    const Words in_a_deleted_directory{"/bin/sh", "-c", "mkdir gone && cd gone && rmdir ../gone && exec \"$@\"", "sh"};
    for (const auto& options : std::vector<Words>{{"-f", "none.conf"}, {"-n", "-f", "none.conf"}}) {
        const auto ended = machine().vrrpd(options, in_a_deleted_directory);
        EXPECT_EQ(ended.code, 6) << ended.text;
        EXPECT_THAT(ended.text, HasSubstr("none.conf"));
    }
}

TEST_F(Program, without_privileges_one_line_names_the_capability) {
    // Where nobody may read and run it.
    const auto copy = machine().file("vrrpd");
    std::filesystem::copy_file(VRRPD_PROGRAM, copy);
    std::filesystem::permissions(machine().file(""), std::filesystem::perms(0755));
    const auto as_nobody = [&](const std::string& options) {
        return machine().shell("setpriv --reuid 65534 --regid 65534 --clear-groups " + copy + " " + options);
    };
    for (const char* const options : {"-f home.conf", "-n -f home.conf"}) {
        const auto ended = as_nobody(options);
        EXPECT_EQ(ended.code, 4);
        EXPECT_THAT(ended.text, HasSubstr("CAP_NET_ADMIN and CAP_NET_RAW missing"));
        EXPECT_EQ(lines_in(ended.text), 1u) << ended.text;
    }
    const auto watching = as_nobody("-n --observe -f home.conf");
    EXPECT_EQ(watching.code, 4);
    EXPECT_THAT(watching.text, HasSubstr("permission: CAP_NET_RAW missing"));
    const auto fencing = as_nobody("--fence -f home.conf");
    EXPECT_EQ(fencing.code, 4);
    EXPECT_THAT(fencing.text, HasSubstr("permission: CAP_NET_ADMIN missing"));
    EXPECT_EQ(as_nobody("-t -f home.conf").code, 0);  // judging needs none
}

TEST_F(Program, a_second_start_says_already_running) {
    const pid_t daemon = active();
    const auto who = "already running (pid " + std::to_string(daemon) + ")";
    for (const auto& options : std::vector<Words>{
             {"-f", "home.conf"}, {"-n", "-f", "home.conf"}, {"-f", "home.conf", "--runtime-dir", "elsewhere"}}) {
        const auto second = machine().vrrpd(options);
        EXPECT_EQ(second.code, 0);
        EXPECT_THAT(second.text, HasSubstr(who));
    }
    EXPECT_EQ(machine().pid_in("run/vrrpd.pid"), daemon);
    EXPECT_TRUE(alive(daemon));
    const auto sweep = machine().vrrpd({"--sweep"});
    EXPECT_EQ(sweep.code, 1);
    EXPECT_THAT(sweep.text, HasSubstr(who));
    EXPECT_TRUE(has_vip());
}

TEST_F(Program, two_run_at_once_in_two_namespaces) {
    Machine other;
    EXPECT_EQ(machine().daemon({"-f", "home.conf"}).code, 0);
    // Not with one directory, whatever the namespace.
    EXPECT_THAT(other.vrrpd({"-f", "home.conf", "--runtime-dir", machine().file("run")}).text,
                HasSubstr("already running"));
    EXPECT_EQ(other.daemon({"-f", "home.conf"}).code, 0);
    EXPECT_TRUE(eventually([&] { return has_vip() && other.has("10.12.14.1/24"); }));
    kill(machine().pid_in("run/vrrpd.pid"), SIGTERM);
    EXPECT_TRUE(eventually([&] { return !has_vip(); }));
    EXPECT_TRUE(other.has("10.12.14.1/24"));
}

// ---- -t and what is no configuration --------------------------------------------------------------------

TEST_F(Program, config_test_has_keepalived_s_exit_codes) {
    machine().put("unknown.conf", std::string(home_configuration) + "unknown_word\n");
    machine().put("missing.conf", "global_defs {\n    vrrp_garp_interval\n}\n" + std::string(home_configuration));
    EXPECT_EQ(machine().vrrpd({"-t", "-f", "home.conf"}).code, 0);
    EXPECT_EQ(machine().vrrpd({"-t", "-f", "home.conf"}).text, "");
    EXPECT_EQ(machine().vrrpd({"-t", "-f", "unknown.conf"}).code, 5);
    EXPECT_EQ(machine().vrrpd({"-t", "-f", "missing.conf"}).code, 2);
    EXPECT_EQ(machine().vrrpd({"-t", "-f", "none.conf"}).code, 6);
    const auto as_keepalived = machine().vrrpd_as("keepalived", {"-t", "-f", "none.conf"});
    EXPECT_EQ(as_keepalived.code, 0);
    EXPECT_THAT(as_keepalived.text, HasSubstr("none.conf"));
    EXPECT_FALSE(std::filesystem::exists(machine().file("run")));  // it leaves nothing behind
}

TEST_F(Program, config_test_appends_its_report_to_a_file) {
    machine().put("bad.conf", faulty);
    for (const char* const option : {"-t=report", "--config-test=report"}) {
        const auto ended = machine().vrrpd({option, "-f", "bad.conf"});
        EXPECT_EQ(ended.text, "");
        EXPECT_EQ(ended.code, 5);
    }
    const auto report = machine().get("report");
    EXPECT_NE(report.find("masqerade"), report.rfind("masqerade")) << report;
    const auto nowhere = machine().vrrpd({"-t=no/such/dir/report", "-f", "bad.conf"});
    EXPECT_EQ(nowhere.code, 1);
    EXPECT_THAT(nowhere.text, HasSubstr("no/such/dir/report: No such file or directory"));
}

TEST_F(Program, what_is_no_configuration_is_an_error_at_once) {
    std::filesystem::create_directory(machine().file("directory"));
    ASSERT_EQ(mkfifo(machine().file("fifo").c_str(), 0600), 0);
    machine().put("huge", "");
    ASSERT_EQ(truncate(machine().file("huge").c_str(), off_t{1} << 30), 0);
    machine().put("loop", "include loop2\n");
    machine().put("loop2", "include loop\n");
    for (const char* const name : {"directory", "fifo", "huge", "loop", "/dev/zero"}) {
        const auto start = machine().vrrpd({"-n", "-f", name});
        EXPECT_EQ(start.code, 2) << name;
        EXPECT_THAT(start.text, HasSubstr(name));
        EXPECT_LT(start.took, milliseconds(3000)) << name;
        EXPECT_NE(machine().vrrpd({"-t", "-f", name}).code, 0) << name;
    }
}

// ---- the fence and the sweep ----------------------------------------------------------------------------

TEST_F(Program, the_fence_is_installed_before_the_devices_exist_and_twice) {
    Machine early(Machine::Devices::absent);
    for (int i = 0; i < 2; ++i) {
        const auto done = early.vrrpd({"--fence", "-f", "home.conf"});
        EXPECT_EQ(done.code, 0);
        EXPECT_EQ(done.text, "");  // at each boot: nothing to worry about
    }
    EXPECT_THAT(early.nft("list ruleset"), HasSubstr("set open_HOME"));
    for (int i = 0; i < 2; ++i) EXPECT_EQ(early.vrrpd({"--unfence"}).code, 0);
    EXPECT_EQ(early.nft("list ruleset"), "");
}

TEST_F(Program, a_sweep_with_nothing_there_does_nothing) {
    const auto before = machine().state();
    for (int i = 0; i < 2; ++i) {
        const auto sweep = machine().vrrpd({"--sweep"});
        EXPECT_EQ(sweep.code, 0);
        EXPECT_EQ(sweep.text, "");
    }
    EXPECT_EQ(machine().state(), before);
}

TEST_F(Program, a_sweep_removes_what_killed_processes_left_and_shuts_the_fence) {
    machine().shell("ip rule add to 10.99.0.0/16 lookup 99; ip addr add 10.12.14.200/24 dev lan0");
    const auto before = machine().state();
    const pid_t daemon = active();
    ASSERT_TRUE(eventually([&] { return fence_is_open() && rules_stand(); }));
    const pid_t engine = machine().pid_in("run/engine.pid");
    kill(engine, SIGSTOP);  // or it would hand over when its supervisor goes
    kill(daemon, SIGKILL);
    kill(engine, SIGKILL);
    EXPECT_EQ(machine().wait(daemon), 128 + SIGKILL);
    ASSERT_TRUE(has_vip());
    EXPECT_EQ(machine().vrrpd({"--sweep"}).code, 0);
    EXPECT_EQ(machine().state(), before);
    EXPECT_FALSE(fence_is_open());
    EXPECT_TRUE(fence_stands());
    EXPECT_FALSE(rules_stand());
    EXPECT_FALSE(std::filesystem::exists(machine().file("run/owned")));
    const auto again = machine().vrrpd({"--sweep"});
    EXPECT_EQ(again.code, 0);
    EXPECT_EQ(again.text, "");
}

TEST_F(Program, VR_086_a_start_after_a_kill_sweeps_first) {
    const auto before = machine().state();
    const pid_t daemon = active();
    const pid_t engine = machine().pid_in("run/engine.pid");
    kill(engine, SIGSTOP);
    kill(daemon, SIGKILL);
    kill(engine, SIGKILL);
    EXPECT_EQ(machine().wait(daemon), 128 + SIGKILL);
    const pid_t second = machine().start({"-f", "home.conf"});
    EXPECT_TRUE(eventually([&] { return machine().get("log").find("swept: ") != std::string::npos; }));
    EXPECT_TRUE(eventually([&] { return has_vip(); }));
    kill(second, SIGTERM);
    EXPECT_EQ(machine().wait(second), 0);
    EXPECT_EQ(machine().state(), before);
}

// ---- signals --------------------------------------------------------------------------------------------

TEST_F(Program, a_stop_leaves_nothing_but_the_fence_and_it_can_be_run_again) {
    const auto before = machine().state();
    for (int i = 0; i < 2; ++i) {
        const pid_t daemon = active();
        ASSERT_TRUE(eventually([&] { return fence_is_open(); }));
        EXPECT_NE(machine().state(), before);
        kill(daemon, SIGTERM);
        EXPECT_EQ(machine().wait(daemon), 0);
        EXPECT_EQ(machine().state(), before);
        EXPECT_EQ(machine().nft("list tables"), "table netdev vrrpd\n");
        EXPECT_FALSE(fence_is_open());
    }
    EXPECT_THAT(machine().get("log"), HasSubstr("stopped\n"));
}

TEST_F(Program, ctrl_c_at_any_moment_of_a_start_leaves_nothing) {
    const auto before = machine().state();
    for (int delay = 0; delay < 600; delay += 30) {
        const pid_t daemon = machine().start({"-f", "home.conf"});
        usleep(static_cast<useconds_t>(delay) * 1000);
        kill(-daemon, SIGINT);
        if (delay % 60 == 0) kill(-daemon, SIGINT);  // the impatient
        const int code = machine().wait(daemon);
        EXPECT_TRUE(code == 0 || code == 128 + SIGINT) << code;
        EXPECT_TRUE(eventually([&] { return machine().state() == before; })) << delay << " ms\n"
                                                                             << machine().get("log");
        for (const char* const left : {"run/vrrpd.pid", "run/engine.pid", "run/owned"})
            EXPECT_FALSE(std::filesystem::exists(machine().file(left))) << left << " after " << delay << " ms";
    }
}

TEST_F(Program, a_reload_is_accepted_or_refused_and_the_role_is_kept) {
    const pid_t daemon = active();
    const auto logged = [&](const char* text) {
        return eventually([&] { return machine().get("log").find(text) != std::string::npos; });
    };
    std::string more = home_configuration;
    more.insert(more.find("10.12.14.1/24"), "10.12.14.77/24\n        ");
    machine().put("home.conf", more);
    kill(daemon, SIGHUP);
    EXPECT_TRUE(eventually([&] { return machine().has("10.12.14.77/24"); })) << machine().get("log");
    machine().put("home.conf", faulty);
    kill(daemon, SIGHUP);
    EXPECT_TRUE(logged("reload refused"));
    EXPECT_THAT(machine().get("log"), HasSubstr("masqerade"));
    EXPECT_TRUE(machine().has("10.12.14.77/24"));
    std::filesystem::remove(machine().file("home.conf"));
    kill(daemon, SIGHUP);
    EXPECT_TRUE(logged("the file is not there"));
    machine().put("home.conf", home_configuration);
    kill(daemon, SIGHUP);
    EXPECT_TRUE(eventually([&] { return !machine().has("10.12.14.77/24"); }));
    EXPECT_TRUE(has_vip());
    const auto log = machine().get("log");
    EXPECT_EQ(log.find("Entering MASTER"), log.rfind("Entering MASTER")) << log;
    kill(daemon, SIGTERM);
    EXPECT_EQ(machine().wait(daemon), 0);
}

TEST_F(Program, the_engine_keeps_two_capabilities) {
    active();
    const auto status = "/proc/" + std::to_string(machine().pid_in("run/engine.pid")) + "/status";
    EXPECT_EQ(line_of(status, "CapEff:"), "CapEff:\t0000000000003000");  // CAP_NET_ADMIN, CAP_NET_RAW
    EXPECT_EQ(line_of(status, "CapPrm:"), "CapPrm:\t0000000000003000");
    EXPECT_EQ(line_of(status, "CapBnd:"), "CapBnd:\t0000000000000000");
    EXPECT_EQ(line_of(status, "NoNewPrivs:"), "NoNewPrivs:\t1");
}

TEST_F(Program, an_engine_that_is_killed_comes_back_in_its_role) {
    const pid_t daemon = active();
    const pid_t engine = machine().pid_in("run/engine.pid");
    kill(engine, SIGKILL);
    EXPECT_TRUE(eventually([&] { return machine().pid_in("run/engine.pid") != engine && has_vip(); }));
    EXPECT_THAT(machine().get("log"), HasSubstr("the engine was killed by signal 9"));
    kill(daemon, SIGTERM);
    EXPECT_EQ(machine().wait(daemon), 0);
    EXPECT_FALSE(has_vip());
}

// ---- a thousand instances -------------------------------------------------------------------------------

std::string instances(int count) {
    std::string text = "global_defs {\n    vrrp_version 3\n}\n";
    for (int i = 0; i < count; ++i) {
        const auto device = std::to_string(i / 250), number = std::to_string(i % 250 + 1);
        text += "vrrp_instance I" + std::to_string(i) + " {\n    interface lan" + device + "\n    virtual_router_id " +
                number + "\n    priority 200\n    virtual_ipaddress {\n        10.5" + device + "." + number +
                ".1/32\n    }\n}\n";
    }
    return text;
}

std::size_t times(const std::string& text, const std::string& in) {
    std::size_t found = 0;
    for (auto at = in.find(text); at != in.npos; at = in.find(text, at + 1)) ++found;
    return found;
}

long number_in(const std::string& path, const std::string& beginning) {
    const auto line = line_of(path, beginning);
    return line.empty() ? -1 : std::stol(line.substr(beginning.size()));
}

TEST_F(Program, of_a_thousand_instances_no_line_is_lost_and_the_supervisor_keeps_none) {
    for (const std::string number : {"1", "2", "3"})
        machine().shell("ip link add lan" + number + " type veth peer name lanp" + number + " && ip link set lanp" +
                        number + " up && ip link set lan" + number + " up");
    for (const std::string number : {"0", "1", "2", "3"})
        machine().shell("ip addr add 10.5" + number + ".255.2/16 dev lan" + number);
    const auto supervised = [&](int count) {
        machine().put("many.conf", instances(count));
        machine().put("log", "");
        const pid_t daemon = machine().start({"-f", "many.conf"});
        const auto everyone = static_cast<std::size_t>(count);
        EXPECT_TRUE(eventually([&] { return times("Entering MASTER", machine().get("log")) == everyone; }))
            << times("Entering MASTER", machine().get("log"));
        EXPECT_TRUE(eventually([&] { return times("took over", machine().get("log")) == everyone; }));
        const auto proc = "/proc/" + std::to_string(daemon);
        const long memory = number_in(proc + "/smaps_rollup", "Private_Dirty:");
        const long woken = number_in(proc + "/status", "voluntary_ctxt_switches:");
        sleep(2);
        EXPECT_LT(number_in(proc + "/status", "voluntary_ctxt_switches:") - woken, 10);
        kill(daemon, SIGTERM);
        EXPECT_EQ(machine().wait(daemon), 0);
        EXPECT_EQ(times("Leaving MASTER", machine().get("log")), everyone);
        EXPECT_THAT(machine().get("log"), Not(HasSubstr("lines were lost")));
        return memory;
    };
    const long one = supervised(1), thousand = supervised(1000);
    RecordProperty("private_dirty_KiB_1", static_cast<int>(one));
    RecordProperty("private_dirty_KiB_1000", static_cast<int>(thousand));
    if (sanitized) return;  // a sanitizer keeps what is freed
    EXPECT_LT(thousand - one, 256) << one << " KiB, " << thousand << " KiB";
}

// ---- the rest -------------------------------------------------------------------------------------------

TEST_F(Program, the_state_directory_is_made_and_must_be_usable) {
    machine().put("occupied", "");
    const auto refused = machine().vrrpd({"-n", "-f", "home.conf", "--state-dir", "occupied"});
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.text, HasSubstr("occupied: Not a directory"));
    active();
    EXPECT_EQ(mode_of(machine().file("state")), 0750u);
}

TEST_F(Program, the_dump_shows_the_configuration_without_secrets_and_detail_adds_lines) {
    std::string secret = home_configuration;
    secret.insert(secret.find("    virtual_ipaddress"),
                  "    authentication {\n        auth_type PASS\n        auth_pass 1woodpec\n    }\n");
    machine().put("secret.conf", secret);
    const pid_t plain = active();
    kill(plain, SIGTERM);
    EXPECT_EQ(machine().wait(plain), 0);
    const auto without = lines_in(machine().get("log"));
    machine().put("log", "");
    const pid_t daemon = active({"-D", "-f", "home.conf"});
    kill(daemon, SIGTERM);
    EXPECT_EQ(machine().wait(daemon), 0);
    EXPECT_GT(lines_in(machine().get("log")), without) << machine().get("log");
    machine().put("log", "");
    active({"-d", "-f", "secret.conf"});
    const auto log = machine().get("log");
    EXPECT_THAT(log, HasSubstr("vrrp_instance LAN: interface lan0, virtual_router_id 1, version 3, priority 200"));
    EXPECT_THAT(log, HasSubstr("virtual_ipaddress 10.12.14.1/24 dev lan0"));
    EXPECT_THAT(log, HasSubstr("gateway HOME: follows LAN"));
    EXPECT_THAT(log, Not(HasSubstr("woodpec")));
}

}  // namespace
}  // namespace vrrpd::supervisor::test::program_test
