#include "vrrpd/supervisor/child_process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include "vrrpd/base/fd.hpp"

namespace vrrpd::supervisor {

void leave_signals_to_the_supervisor() {
    for (const int signal : {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE}) std::signal(signal, SIG_IGN);
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

}  // namespace vrrpd::supervisor
