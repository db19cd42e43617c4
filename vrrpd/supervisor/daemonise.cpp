#include "vrrpd/supervisor/daemonise.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace vrrpd::supervisor {

namespace {

// In the process that was started. A byte: the daemon is ready. None: it ended, and its exit code is ours.
[[noreturn]] void wait_for(pid_t daemon, int report) {
    char byte = 0;
    ssize_t got = 0;
    do {
        got = read(report, &byte, 1);
    } while (got < 0 && errno == EINTR);
    if (got == 1) _exit(0);
    int status = 0;
    while (waitpid(daemon, &status, 0) < 0 && errno == EINTR) {}
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

}  // namespace

Result<StartReport> daemonise() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail(errno, "make a pipe");
    Fd from_daemon(ends[0]), to_parent(ends[1]);
    const pid_t daemon = fork();
    if (daemon < 0) return fail(errno, "fork");
    if (daemon > 0) {
        to_parent.reset();
        wait_for(daemon, from_daemon.get());
    }
    setsid();
    return StartReport(std::move(to_parent));
}

void StartReport::ready() {
    if (!to_parent_) return;
    const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null.get(), stream);
    [[maybe_unused]] const auto put = write(to_parent_.get(), "", 1);  // a parent that was killed is no matter
    to_parent_.reset();
}

}  // namespace vrrpd::supervisor
