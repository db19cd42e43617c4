// What the agent may do in its sandbox, and what not. Each test in a process of its own, since there is no way out.
#include "vrrpd/agent/sandbox.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <thread>

#include "tests/agent/members.hpp"
#include "tests/base/scratch.hpp"

namespace vrrpd::agent::sandbox_test {
namespace {

using test::Member;
using test::Stage;

// In the sandbox; 0: `works` said true.
int inside(const std::function<bool()>& works) {
    const pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (!enter_sandbox()) _exit(2);
        _exit(works() ? 0 : 1);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

bool refused(long result) { return result < 0 && errno == EPERM; }

TEST(Sandbox, files_are_read_anywhere_and_written_below_an_open_directory) {
    const vrrpd::test::Scratch scratch("sandbox");
    const auto& directory = scratch.path();
    const int state = open(directory.c_str(), O_RDONLY | O_DIRECTORY);
    EXPECT_EQ(inside([&] {
                  const int file = openat(state, "image.new", O_WRONLY | O_CREAT | O_TRUNC, 0600);
                  return file >= 0 && write(file, "x", 1) == 1 && fsync(file) == 0 &&
                         renameat(state, "image.new", state, "image") == 0 && unlinkat(state, "image", 0) == 0 &&
                         open("/proc/self/stat", O_RDONLY) >= 0 && !std::filesystem::is_empty("/proc/self/fd");
              }),
              0);
    const auto path = directory + "/file";
    EXPECT_EQ(inside([&] {
                  return refused(open(path.c_str(), O_WRONLY | O_CREAT, 0600)) && refused(open("/dev/null", O_RDWR)) &&
                         refused(open("/dev/null", O_RDONLY | O_TRUNC)) && refused(unlink(path.c_str()));
              }),
              0);
    close(state);
}

TEST(Sandbox, no_programs_processes_or_power_over_others) {
    EXPECT_EQ(inside([] { return refused(execl("/bin/true", "true", nullptr)); }), 0);
    EXPECT_EQ(inside([] { return refused(fork()); }), 0);
    EXPECT_EQ(inside([] { return refused(kill(getppid(), 0)); }), 0);
    EXPECT_EQ(inside([] { return refused(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }), 0);
    EXPECT_EQ(inside([] { return refused(setuid(0)) && refused(chroot("/")) && refused(chmod("/tmp", 0)); }), 0);
    EXPECT_EQ(
        inside([] { return refused(socket(AF_NETLINK, SOCK_RAW, 0)) && refused(socket(AF_PACKET, SOCK_RAW, 0)); }), 0);
}

TEST(Sandbox, threads_run) {
    EXPECT_EQ(inside([] {
                  bool ran = false;
                  std::thread([&] { ran = true; }).join();
                  return ran;
              }),
              0);
}

TEST(Sandbox, members_meet_and_talk) {
    EXPECT_EQ(inside([] {
                  Stage stage;
                  const auto configuration = test::configuration(2);
                  Member a(stage, configuration, 0), b(stage, configuration, 1);
                  if (!stage.run_until([&] { return a.connected(1) && b.connected(0); })) return false;
                  if (!a.link->send(1, first_payload_type, Bytes(10000, 7))) return false;
                  return stage.run_until([&] { return b.octets == 10000; });
              }),
              0);
}

TEST(Sandbox, a_failed_assertion_still_ends_the_process) {
    const int status = inside([]() -> bool { std::abort(); });
    EXPECT_EQ(status - 1000, SIGABRT | (WCOREDUMP(status - 1000) ? 0x80 : 0));
}

}  // namespace
}  // namespace vrrpd::agent::sandbox_test
