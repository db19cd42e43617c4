// What the command line and the configuration say of the daemon itself: its files, its end, its reloads, its namespace;
// and what a crash leaves on the disk.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>

#include "netns-tests/fixture.hpp"

namespace lab::daemon_test {
namespace {

namespace fs = std::filesystem;

class DaemonTest : public HomeTest {
protected:
    void SetUp() override {
        fs::remove_all(place);
        fs::create_directories(place);
    }
    void TearDown() override {
        HomeTest::TearDown();
        router.process().kill_all();
    }
    // In a directory of its own, dumps there too.
    void start_with(const VrrpText& text, const Arguments& options = {}, const std::string& before = {}) {
        router.run_with({"env", "-C", place, "TMPDIR=" + place});
        router.configure(before + text.text());
        router.start(options);
        ASSERT_TRUE(becomes_active(home.h003)) << router.log();
    }
    [[nodiscard]] std::string file(const std::string& name) const { return place + "/" + name; }
    [[nodiscard]] std::string core() const {
        for (const auto& entry : fs::directory_iterator(place))
            if (entry.path().filename().string().rfind("core", 0) == 0) return entry.path();
        return {};
    }

    const std::string place = directory() + "/place";
    Router router{home.h003, Daemon::vrrpd};
};

constexpr char secret[] = "pA55w0rd";
// In every place where a configuration has one; the key of auth_hmac is the same characters, four times.
const std::string with_pass = std::string("authentication {\n auth_type PASS\n auth_pass ") + secret + "\n }",
                  with_ah = std::string("authentication {\n auth_type AH\n auth_pass ") + secret + "\n }",
                  with_hmac =
                      "auth_hmac {\n key 1 hex:7041353577307264704135357730726470413535773072647041353577307264\n"
                      " active_key 1\n }";
VrrpText with_secret(const std::string& lines) {
    return {.version = 2, .priority = 200, .advert_int = "1", .more = lines};
}

class Core : public DaemonTest, public testing::WithParamInterface<std::string> {};

bool memory_limit_may_be_raised() {
    rlimit before{};
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    if (getrlimit(RLIMIT_MEMLOCK, &before) != 0 || setrlimit(RLIMIT_MEMLOCK, &unlimited) != 0) return false;
    setrlimit(RLIMIT_MEMLOCK, &before);
    return true;
}

bool cores_are_written_here() {
    const auto pattern = content_of("/proc/sys/kernel/core_pattern");
    return !pattern.empty() && pattern[0] != '|' && pattern.find('/') == std::string::npos;
}

// Where it may not be raised, an engine whose memory were locked could some day allocate no more.
TEST_F(DaemonTest, memory_of_the_engine_is_locked_where_the_limit_may_be_raised) {
    start_with({.priority = 200});
    const auto status = content_of("/proc/" + std::to_string(router.engine()) + "/status");
    const auto at = status.find("VmLck:");
    ASSERT_NE(at, std::string::npos) << status;
    EXPECT_EQ(std::stoi(status.substr(at + 6)) > 0, memory_limit_may_be_raised()) << status.substr(at, 40);
    EXPECT_FALSE(router.logged("could not be locked"));
}

TEST_P(Core, is_written_when_asked_for_and_has_no_password_or_key_in_it) {
    if (!cores_are_written_here()) GTEST_SKIP() << "SKIPPED: kernel.core_pattern sends cores elsewhere";
    start_with(with_secret(GetParam()), {"-m"});
    kill(router.engine(), SIGSEGV);
    ASSERT_TRUE(wait_until([&] { return !core().empty() && fs::file_size(core()) > 0; }));
    std::this_thread::sleep_for(300ms);
    const auto text = content_of(core());
    EXPECT_EQ(text.substr(0, 4),
              "\x7f"
              "ELF");
    EXPECT_EQ(text.find(secret), std::string::npos) << core();
    fs::remove(core());
    router.process().signal(SIGSEGV);
    ASSERT_TRUE(wait_until([&] { return !core().empty(); })) << "the supervisor's";
    std::this_thread::sleep_for(300ms);
    EXPECT_EQ(content_of(core()).find(secret), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(EverySecret, Core, testing::Values(with_pass, with_ah, with_hmac));

TEST_F(DaemonTest, core_is_not_written_when_nobody_asked) {
    if (!cores_are_written_here()) GTEST_SKIP() << "SKIPPED: kernel.core_pattern sends cores elsewhere";
    start_with(with_secret(with_pass));
    const pid_t engine = router.engine();
    kill(engine, SIGSEGV);
    EXPECT_TRUE(wait_until([&] { return router.engine() > 0 && router.engine() != engine; }));
    EXPECT_EQ(core(), "");
}

TEST_F(DaemonTest, addresses_stay_at_a_stop_with_dont_release_vrrp) {
    start_with({.priority = 200}, {"-V"});
    const auto stopped = wall_clock();
    EXPECT_EQ(router.stop(), 0);
    EXPECT_TRUE(holds(home.h003));
    EXPECT_EQ(home.lan.count(all({from(home.h003), priority(0), since(stopped)})), 0u) << "keepalived 2.2.7 sends none";
    router.start();
    EXPECT_TRUE(becomes_active(home.h003)) << "and the next one begins as usual";
}

TEST_F(DaemonTest, ends_with_its_engine_with_dont_respawn) {
    start_with({.priority = 200}, {"-R"});
    kill(router.engine(), SIGKILL);
    EXPECT_EQ(router.process().wait(5s), 1);
    EXPECT_FALSE(holds(home.h003)) << "swept";
}

TEST_F(DaemonTest, logs_to_a_file_and_dumps_by_the_umask) {
    start_with({.priority = 200}, {"-g" + file("log"), "-u", "0133"});
    EXPECT_TRUE(wait_until([&] { return content_of(file("log")).find("Entering MASTER STATE") != std::string::npos; }));
    router.process().signal(SIGUSR1);
    ASSERT_TRUE(wait_until([&] { return fs::exists(file("keepalived.data")); }));
    struct stat status {};
    ASSERT_EQ(stat(file("keepalived.data").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0644U);
}

TEST_F(DaemonTest, dumps_go_where_the_configuration_says) {
    start_with({.priority = 200}, {}, "global_defs {\n umask 0137\n json_dump_file " + file("here.json") + "\n}\n");
    router.process().signal(SIGRTMIN + 2);
    ASSERT_TRUE(wait_until([&] { return fs::exists(file("here.json")); }));
    struct stat status {};
    ASSERT_EQ(stat(file("here.json").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0640U);
}

TEST_F(DaemonTest, logs_addresses_that_come_and_go) {
    start_with({.priority = 200}, {"-a"});
    home.h003.must({"ip", "address", "add", "10.99.0.1/32", "dev", "wan0"});
    EXPECT_TRUE(router.await_log("address 10.99.0.1/32"));
}

// As in keepalived: with the word a warning is enough to stay as it was.
TEST_F(DaemonTest, reload_check_config_takes_a_file_without_a_word_alone) {
    const auto before = "global_defs {\n reload_check_config " + file("check") + "\n}\n";
    VrrpText text{.priority = 200};
    start_with(text, {}, before);
    text.addresses.emplace_back("10.12.14.9/24");
    text.more = "no_such_word 1";
    router.reload(before + text.text());
    EXPECT_TRUE(router.await_log("reload refused: the check ends with 5"));
    EXPECT_NE(content_of(file("check")).find("no_such_word"), std::string::npos);
    EXPECT_FALSE(holds(home.h003, IpAddress::v4(10, 12, 14, 9)));
    text.more.clear();
    router.reload(before + text.text());
    EXPECT_TRUE(wait_until([&] { return holds(home.h003, IpAddress::v4(10, 12, 14, 9)); }));
}

TEST_F(DaemonTest, reloads_at_the_time_that_a_file_names) {
    start_with({.priority = 200}, {},
               "global_defs {\n reload_time_file " + file("time") + "\n reload_file " + file("marker") + "\n}\n");
    const auto soon = std::time(nullptr) + 2;
    char text[32];
    std::strftime(text, sizeof text, "%F %TZ", gmtime(&soon));
    std::ofstream(file("time")) << text << "\n";
    EXPECT_TRUE(router.await_log("a reload is scheduled for"));
    EXPECT_TRUE(router.await_log("has come: reloading"));
    EXPECT_TRUE(router.await_log("reloaded:"));
    EXPECT_FALSE(fs::exists(file("time"))) << "it has fired";
    EXPECT_TRUE(wait_until([&] { return !fs::exists(file("marker")); })) << "the reload is through";
}

TEST_F(DaemonTest, a_reload_time_that_changes_or_goes_is_heeded_and_a_time_of_day_stays) {
    const auto put_time = [&](int seconds_from_now, const char* form) {
        const auto then = std::time(nullptr) + seconds_from_now;
        char text[32];
        std::strftime(text, sizeof text, form, gmtime(&then));
        std::ofstream(file("time")) << text << "\n";
    };
    const auto times = [&](std::string_view line) {
        const auto log = router.log();
        std::size_t count = 0;
        for (auto at = log.find(line); at != std::string::npos; at = log.find(line, at + 1)) ++count;
        return count;
    };
    constexpr std::string_view scheduled = "a reload is scheduled for", reloaded = "has come: reloading";
    start_with({.priority = 200}, {}, "global_defs {\n reload_time_file " + file("time") + "\n reload_repeat\n}\n");
    put_time(3, "%F %TZ");
    EXPECT_TRUE(wait_until([&] { return times(scheduled) == 1; }));
    put_time(3600, "%F %TZ");
    EXPECT_TRUE(wait_until([&] { return times(scheduled) == 2; }));
    std::this_thread::sleep_for(3500ms);
    EXPECT_EQ(times(reloaded), 0u) << "another time was written";
    put_time(3, "%F %TZ");
    EXPECT_TRUE(wait_until([&] { return times(scheduled) == 3; }));
    fs::remove(file("time"));
    EXPECT_TRUE(router.await_log("no reload is scheduled any more"));
    std::this_thread::sleep_for(3500ms);
    EXPECT_EQ(times(reloaded), 0u) << "there is no time any more";
    put_time(2, "%TZ");
    EXPECT_TRUE(router.await_log(reloaded));
    EXPECT_TRUE(fs::exists(file("time"))) << "the time of every day";
    EXPECT_TRUE(wait_until([&] { return times(scheduled) == 5; })) << router.log();
}

TEST_F(DaemonTest, names_are_for_life) {
    start_with({.priority = 200});
    router.reload("instance other\n" + VrrpText{.priority = 200}.text());
    EXPECT_TRUE(router.await_log("reload refused: instance"));
}

// The configuration's own word, and the processes' names.
TEST_F(DaemonTest, goes_into_the_network_namespace_that_the_configuration_names) {
    const auto& space = home.h003.netns().name();
    router.configure("net_namespace " + space +
                     "\nglobal_defs {\n process_name vr-parent\n vrrp_process_name vr-engine\n vrrp_priority -3\n}\n" +
                     VrrpText{.priority = 200}.text());
    Process daemon(router.command_line(), -1, router.file("log"));
    EXPECT_TRUE(becomes_active(home.h003)) << router.log();
    EXPECT_GT(descendant(daemon.pid(), "vr-engine"), 0);
    EXPECT_EQ(content_of("/proc/" + std::to_string(daemon.pid()) + "/comm"), "vr-parent\n");
    EXPECT_EQ(daemon.stop(), 0);
}

}  // namespace
}  // namespace lab::daemon_test
