// What children of the supervisor do first.
#include "vrrpd/supervisor/child_process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

namespace vrrpd::supervisor::child_process_test {
namespace {

// As on a kernel before 5.9.
void take_close_range_away() {
    std::array<sock_filter, 4> program{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog filter{program.size(), program.data()};
    ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
    ASSERT_EQ(close_range(900, 901, 0), -1);
}

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

// In a child: which of 20..29 are open after 27 and 22 were kept.
std::string open_after_closing(bool old_kernel) {
    for (int fd = 20; fd < 30; ++fd) dup2(STDERR_FILENO, fd);
    if (old_kernel) take_close_range_away();
    close_all_but({27, 22});
    std::string open;
    for (int fd = 0; fd < 1000; ++fd)
        if (is_open(fd)) open += std::to_string(fd) + ' ';
    return open;
}

class Closing : public testing::TestWithParam<bool> {};

TEST_P(Closing, leaves_the_streams_and_what_is_kept) {
    const pid_t child = fork();
    if (child == 0) _exit(open_after_closing(GetParam()) == "0 1 2 22 27 " ? 0 : 1);
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutCloseRange, Closing, testing::Bool());

}  // namespace
}  // namespace vrrpd::supervisor::child_process_test
