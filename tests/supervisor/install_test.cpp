// What `cmake --install` leaves on a machine, and whether systemd and the bus make of it what is meant.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>

namespace vrrpd::supervisor::test::install_test {
namespace {

namespace fs = std::filesystem;

std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

bool is_here(const char* program) {
    return std::system(("command -v " + std::string(program) + " >/dev/null").c_str()) == 0;
}

class Installed : public testing::Test {
protected:
    static void SetUpTestSuite() {
        char name[] = "/tmp/vrrpd-install-XXXXXX";
        root_ = mkdtemp(name);
        fs::permissions(root_, fs::perms(0755));
        const auto command = "DESTDIR='" + root_ + "' cmake --install '" VRRPD_BUILD_DIR "' >'" + root_ + "/log' 2>&1";
        ASSERT_EQ(std::system(command.c_str()), 0) << content(root_ + "/log");
    }
    static void TearDownTestSuite() { fs::remove_all(root_); }
    // Where it stands now.
    static std::string file(const std::string& name) { return root_ + VRRPD_PREFIX "/" + name; }

    static inline std::string root_;
};

TEST_F(Installed, all_that_a_router_needs_is_there) {
    for (const auto* const name :
         {"sbin/vrrpd", "bin/vrrpctl", "libexec/vrrpd-agent", "lib/systemd/system/vrrpd.service",
          "lib/systemd/system/vrrpd-fence.service", "lib/sysusers.d/vrrpd.conf", "share/dbus-1/system.d/vrrpd.conf",
          "share/man/man8/vrrpd.8", "share/man/man1/vrrpctl.1", "share/man/man5/vrrpd.conf.5",
          "share/doc/vrrpd/vrrpd.conf.sample"})
        EXPECT_TRUE(fs::is_regular_file(file(name))) << name;
    EXPECT_NE(
        content(file("lib/systemd/system/vrrpd.service")).find("ExecStart=" VRRPD_PREFIX "/sbin/vrrpd --dont-fork"),
        std::string::npos);
    EXPECT_NE(
        content(file("lib/systemd/system/vrrpd.service")).find("ExecReload=" VRRPD_PREFIX "/sbin/vrrpd --handoff"),
        std::string::npos)
        << "an upgrade by reload does not move the role";
    EXPECT_NE(
        content(file("lib/systemd/system/vrrpd.service")).find("ExecStop=-" VRRPD_PREFIX "/sbin/vrrpd --make-way"),
        std::string::npos)
        << "nor does one by restart";
}

TEST_F(Installed, systemd_makes_the_user_that_the_agent_becomes) {
    if (!is_here("systemd-sysusers")) GTEST_SKIP() << "SKIPPED: needs systemd-sysusers";
    const auto root = root_ + "/users";
    fs::create_directories(root + "/etc");
    const auto command =
        "systemd-sysusers --root='" + root + "' '" + file("lib/sysusers.d/vrrpd.conf") + "' >'" + root + "/log' 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << content(root + "/log");
    const auto users = content(root + "/etc/passwd"), groups = content(root + "/etc/group");
    EXPECT_EQ(users.rfind("_vrrpd:", 0), 0U) << users;
    EXPECT_NE(users.find("nologin"), std::string::npos) << users;
    EXPECT_EQ(groups.rfind("_vrrpd:", 0), 0U) << groups;
}

TEST_F(Installed, systemd_understands_every_line_of_the_units) {
    if (!is_here("systemd-analyze")) GTEST_SKIP() << "SKIPPED: needs systemd-analyze";
    // The executables stand below the root, which it does not know.
    for (const std::string unit : {"vrrpd.service", "vrrpd-fence.service"}) {
        auto text = content(file("lib/systemd/system/" + unit));
        for (auto at = text.find(VRRPD_PREFIX "/sbin/vrrpd"); at != text.npos;
             at = text.find(VRRPD_PREFIX "/sbin/vrrpd", at + root_.size() + 1))
            text.insert(at, root_);
        std::ofstream(root_ + "/" + unit) << text;
        const auto log = root_ + "/" + unit + ".log";
        const auto command = "systemd-analyze verify --man=no '" + root_ + "/" + unit + "' >'" + log + "' 2>&1";
        const int code = std::system(command.c_str());
        // Of this machine's other units it may complain too.
        EXPECT_EQ(content(log).find(unit), std::string::npos) << code << '\n' << content(log);
    }
}

// systemd's own measure: 10 is no protection at all.
double exposure(const std::string& unit) {
    const auto command = "systemd-analyze security --offline=true '" + unit + "' >'" + unit + ".txt' 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0);
    const auto text = content(unit + ".txt");
    const std::string before = "Overall exposure level for";
    const auto at = text.find(": ", text.find(before));
    return text.find(before) == text.npos ? 10 : std::stod(text.substr(at + 2));
}

TEST_F(Installed, the_units_give_no_more_than_they_must) {
    if (!is_here("systemd-analyze")) GTEST_SKIP() << "SKIPPED: needs systemd-analyze";
    std::size_t units = 0;
    for (const auto& entry : std::filesystem::directory_iterator(file("lib/systemd/system"))) {
        const auto unit = root_ + "/" + entry.path().filename().string();
        std::ofstream(unit) << content(entry.path());
        EXPECT_LE(exposure(unit), 4.0) << unit;
        ++units;
    }
    EXPECT_GE(units, 2U);
    const auto text = content(file("lib/systemd/system/vrrpd.service"));
    const auto part = text.find("[Install]");
    ASSERT_NE(part, text.npos);
    const auto drop_in = content(file("share/doc/vrrpd/no-scripts.conf"));
    std::ofstream(root_ + "/strict.service") << text.substr(0, part) << drop_in << text.substr(part);
    EXPECT_LE(exposure(root_ + "/strict.service"), 3.0);
    EXPECT_NE(content(file("share/doc/vrrpd/scripts.conf")).find("\nSystemCallFilter=\n"), std::string::npos);
}

// ---- the bus --------------------------------------------------------------------------------------------

// As Debian's system bus: nobody may call what no policy allows. And dnsmasq's own policy.
constexpr char bus_configuration[] = R"(<busconfig>
<type>system</type><auth>EXTERNAL</auth><listen>unix:path=@/bus</listen>
<policy context="default">
  <allow user="*"/><deny own="*"/><deny send_type="method_call"/>
  <allow send_type="signal"/>
  <allow send_requested_reply="true" send_type="method_return"/><allow send_requested_reply="true" send_type="error"/>
  <allow receive_type="method_call"/><allow receive_type="method_return"/><allow receive_type="error"/>
  <allow receive_type="signal"/>
  <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
</policy>
<policy user="root">
  <allow own="uk.org.thekelleys.dnsmasq"/><allow send_destination="uk.org.thekelleys.dnsmasq"/>
</policy>
<policy context="default">
  <deny own="uk.org.thekelleys.dnsmasq"/><deny send_destination="uk.org.thekelleys.dnsmasq"/>
</policy>
<include>@/ours.conf</include>
</busconfig>)";

struct CloseBus {
    void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};
using Bus = std::unique_ptr<sd_bus, CloseBus>;

Bus open_bus(const std::string& directory) {
    sd_bus* bus = nullptr;
    sd_bus_new(&bus);
    sd_bus_set_address(bus, ("unix:path=" + directory + "/bus").c_str());
    sd_bus_set_bus_client(bus, 1);
    return Bus(sd_bus_start(bus) < 0 ? (sd_bus_unref(bus), nullptr) : bus);
}

int answer(sd_bus_message* call, void*, sd_bus_error*) { return sd_bus_reply_method_return(call, "s", "2.90"); }

// What stands on the bus where dnsmasq would.
[[noreturn]] void be_dnsmasq(const std::string& directory) {
    const auto bus = open_bus(directory);
    static const sd_bus_vtable methods[] = {SD_BUS_VTABLE_START(0),
                                            SD_BUS_METHOD("GetVersion", "", "s", answer, SD_BUS_VTABLE_UNPRIVILEGED),
                                            SD_BUS_VTABLE_END};
    sd_bus_add_object_vtable(bus.get(), nullptr, "/uk/org/thekelleys/dnsmasq", "uk.org.thekelleys.dnsmasq", methods,
                             nullptr);
    if (sd_bus_request_name(bus.get(), "uk.org.thekelleys.dnsmasq", 0) < 0) _exit(1);
    for (;;)
        if (sd_bus_process(bus.get(), nullptr) == 0) sd_bus_wait(bus.get(), UINT64_MAX);
}

enum Outcome { answered, denied, nobody_there, no_bus };

// GetVersion as that user.
int call_as(uid_t user, const std::string& directory) {
    const pid_t child = fork();
    if (child == 0) {
        if (setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0) _exit(no_bus);
        const auto bus = open_bus(directory);
        if (!bus) _exit(no_bus);
        sd_bus_error error{};
        const int done = sd_bus_call_method(bus.get(), "uk.org.thekelleys.dnsmasq", "/uk/org/thekelleys/dnsmasq",
                                            "uk.org.thekelleys.dnsmasq", "GetVersion", &error, nullptr, "");
        if (done >= 0) _exit(answered);
        _exit(sd_bus_error_has_name(&error, SD_BUS_ERROR_ACCESS_DENIED) ? denied : nobody_there);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

pid_t child_that(const std::function<void()>& does) {
    const pid_t pid = fork();
    if (pid != 0) return pid;
    does();
    _exit(127);
}

TEST_F(Installed, on_the_bus_the_agents_user_reaches_dnsmasq_and_nobody_else_does) {
    if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: needs root, to be other users";
    ASSERT_TRUE(is_here("dbus-daemon"));
    constexpr uid_t nobody = 65534, daemon = 1;  // Debian's; the bus knows no others
    auto policy = content(file("share/dbus-1/system.d/vrrpd.conf"));
    const auto name = policy.find("\"_vrrpd\"");
    ASSERT_NE(name, policy.npos);
    policy.replace(name, 8, "\"nobody\"");  // who exists everywhere
    std::ofstream(root_ + "/ours.conf") << policy;
    std::string configuration = bus_configuration;
    for (auto at = configuration.find('@'); at != configuration.npos; at = configuration.find('@'))
        configuration.replace(at, 1, root_);
    std::ofstream(root_ + "/bus.conf") << configuration;
    const auto option = "--config-file=" + root_ + "/bus.conf";
    const pid_t bus = child_that([&] { execlp("dbus-daemon", "dbus-daemon", "--nofork", option.c_str(), nullptr); });
    for (int i = 0; i < 500 && !fs::exists(root_ + "/bus"); ++i) usleep(10'000);
    const pid_t dnsmasq = child_that([&] { be_dnsmasq(root_); });
    for (int i = 0; i < 500 && call_as(0, root_) != answered; ++i) usleep(10'000);
    EXPECT_EQ(call_as(0, root_), answered);
    EXPECT_EQ(call_as(nobody, root_), answered);
    EXPECT_EQ(call_as(daemon, root_), denied);
    for (const pid_t child : {dnsmasq, bus}) {
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
    }
}

}  // namespace
}  // namespace vrrpd::supervisor::test::install_test
