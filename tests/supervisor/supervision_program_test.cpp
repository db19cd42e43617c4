// The executable when what surrounds it misbehaves: whoever reads its log, runs its scripts, or has its names.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>

#include "tests/supervisor/machine.hpp"
#include "vrrpd/base/fd.hpp"

namespace vrrpd::supervisor::test::supervision_program_test {
namespace {

using testing::HasSubstr;

class Supervision : public testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: needs root, for network namespaces";
        machine_ = std::make_unique<Machine>();
    }
    Machine& machine() { return *machine_; }
    bool has_vip() { return machine().has("10.12.14.1/24"); }

private:
    std::unique_ptr<Machine> machine_;
};

// `vrrpd -n -l | less`: the pager shows a page, and reads no more.
TEST_F(Supervision, a_log_that_nobody_reads_stops_nothing) {
    ASSERT_EQ(mkfifo(machine().file("log").c_str(), 0600), 0);
    const Fd log(open(machine().file("log").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    const pid_t daemon = machine().start({"-f", "home.conf"});
    ASSERT_TRUE(eventually([&] { return has_vip(); }));
    const std::array<char, 1000> filling{};
    while (write(log.get(), filling.data(), filling.size()) > 0) {}
    // Each reload is a few lines more, and each is carried out.
    for (int i = 0; i < 3; ++i) {
        std::string more = home_configuration;
        const auto address = "10.12.14.7" + std::to_string(i) + "/24";
        more.insert(more.find("10.12.14.1/24"), address + "\n        ");
        machine().put("home.conf", more);
        kill(daemon, SIGHUP);
        ASSERT_TRUE(eventually([&] { return machine().has(address); })) << i;
    }
    kill(daemon, SIGTERM);
    EXPECT_EQ(machine().wait(daemon), 0);
    EXPECT_FALSE(has_vip());
}

// A reload of the unit must not look done when it was not.
TEST_F(Supervision, a_handoff_that_finds_the_daemon_under_another_name_fails) {
    const pid_t daemon = machine().start({"-f", "home.conf"});
    ASSERT_TRUE(eventually([&] { return has_vip(); }));
    ASSERT_TRUE(std::filesystem::remove(machine().file("run/handoff")));
    const auto pid = "(pid " + std::to_string(daemon) + ")";
    const auto nobody_listens = machine().vrrpd({"--handoff", "-n", "-f", "home.conf"});
    EXPECT_EQ(nobody_listens.code, 1);
    EXPECT_THAT(nobody_listens.text,
                HasSubstr("no handoff: a daemon runs for " + machine().file("home.conf") + " " + pid));
    machine().put("home.conf", "instance other\n" + std::string(home_configuration));
    const auto renamed = machine().vrrpd({"--handoff", "-n", "-f", "home.conf"});
    EXPECT_EQ(renamed.code, 1);
    EXPECT_THAT(renamed.text, HasSubstr(pid));
    machine().put("home.conf", home_configuration);
    const auto elsewhere =
        machine().vrrpd({"--handoff", "-n", "-f", "home.conf", "--runtime-dir", machine().file("elsewhere")});
    EXPECT_EQ(elsewhere.code, 1);
    EXPECT_THAT(elsewhere.text, HasSubstr("no handoff: another daemon is already running " + pid));
    EXPECT_TRUE(has_vip());
}

// Any user may bind any name of the abstract namespace.
TEST_F(Supervision, a_stranger_with_our_name_keeps_no_daemon_from_running) {
    machine().shell(
        R"(setpriv --reuid 65534 --clear-groups perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0);
           bind(S, pack_sockaddr_un("\0vrrpd")) && listen(S, 0) && print "bound\n"; close(STDOUT); sleep(20)' > squats 2>&1 < /dev/null &)");
    ASSERT_TRUE(eventually([&] { return machine().get("squats") == "bound\n"; })) << machine().get("squats");
    const pid_t daemon = machine().start({"-f", "home.conf"});
    EXPECT_TRUE(eventually([&] { return has_vip(); })) << machine().get("log");
    EXPECT_THAT(machine().get("log"), HasSubstr("user 65534 has bound our name in this network namespace (@vrrpd)"));
    kill(daemon, SIGTERM);
    EXPECT_EQ(machine().wait(daemon), 0);
}

// As ExecStopPost calls it: the file says where the list lies.
TEST_F(Supervision, a_sweep_finds_the_list_of_a_daemon_that_has_a_name) {
    const std::string home = home_configuration;  // but for its gateway, which a named daemon has none of
    machine().put("named.conf", "instance other\n" + home.substr(0, home.find("gateway HOME")));
    const auto before = machine().state();
    const std::string program = VRRPD_PROGRAM;
    const auto said = machine().shell(
        "unshare -m sh -c 'mount -t tmpfs none /run && " + program +
        " -G -f named.conf --state-dir state || exit 1\n"
        "for i in $(seq 500); do ip -o address | grep -q \" 10.12.14.1/24 \" && break; sleep 0.02; done\n"
        "ip -o address | grep -q \" 10.12.14.1/24 \" && echo active\n"
        "engine=$(cat /run/vrrpd/other/engine.pid)\n"
        "daemon=$(cat /run/vrrpd/other/vrrpd.pid)\n"
        "kill -STOP $engine; kill -KILL $daemon; kill -KILL $engine\n"
        "for i in $(seq 500); do readlink /proc/$daemon/exe >/dev/null || break; sleep 0.02; done\n"  // it has its lock
        "test -e /run/vrrpd/other/owned && " +
        program + " --sweep -f named.conf && ls /run/vrrpd/other' 2>&1");
    EXPECT_THAT(said.text, HasSubstr("active\n"));
    EXPECT_THAT(said.text, HasSubstr("lock\n")) << "and the rest of the folder";
    EXPECT_THAT(said.text, testing::Not(HasSubstr("owned")));
    EXPECT_EQ(said.code, 0) << said.text;
    EXPECT_EQ(machine().state(), before);
}

}  // namespace
}  // namespace vrrpd::supervisor::test::supervision_program_test
