#include "vrrpd/supervisor/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

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
