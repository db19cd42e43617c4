#include "vrrpd/supervisor/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/supervisor/signals.hpp"

namespace vrrpd::supervisor {

void leave_signals_to_the_supervisor() {
    for (const auto& signal : named_signals()) std::signal(signal.number, SIG_IGN);
    for (const int signal : {SIGINT, SIGPIPE}) std::signal(signal, SIG_IGN);
    std::signal(SIGCHLD, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

void let_go_of_streams(bool keep_stderr) {
    const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO}) dup2(null.get(), stream);
    if (!keep_stderr) dup2(null.get(), STDERR_FILENO);
}

namespace {

bool close_between(const std::vector<int>& kept) {
    unsigned first = STDERR_FILENO + 1;
    for (const int fd : kept) {
        const auto number = static_cast<unsigned>(fd);
        if (number > first && close_range(first, number - 1, 0) != 0) return false;
        first = std::max(first, number + 1);
    }
    return close_range(first, ~0U, 0) == 0;
}

std::vector<int> open_descriptors() {
    std::vector<int> all;
    std::error_code error;
    for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end; at.increment(error))
        all.push_back(std::atoi(at->path().filename().c_str()));
    return all;
}

}  // namespace

void close_all_but(std::vector<int> kept) {
    std::sort(kept.begin(), kept.end());
    if (close_between(kept)) return;
    for (const int fd : open_descriptors())
        if (fd > STDERR_FILENO && !std::binary_search(kept.begin(), kept.end(), fd)) close(fd);
}

std::optional<Ending> ended(pid_t pid) {
    int status = 0;
    if (waitpid(pid, &status, WNOHANG) != pid) return std::nullopt;
    if (WIFSIGNALED(status)) return Ending{true, WTERMSIG(status)};
    return Ending{false, WEXITSTATUS(status)};
}

pid_t ended_child() {
    siginfo_t info{};
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 ? info.si_pid : 0;
}

std::string describe(const Ending& how) {
    return how.by_signal ? fmt::format("was killed by signal {} ({})", how.code, strsignal(how.code))
                         : fmt::format("ended with code {}", how.code);
}

}  // namespace vrrpd::supervisor
