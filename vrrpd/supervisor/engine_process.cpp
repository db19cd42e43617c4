#include "vrrpd/supervisor/engine_process.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "vrrpd/supervisor/child_process.hpp"
#include "vrrpd/supervisor/privileges.hpp"
#include "vrrpd/supervisor/restart_policy.hpp"
#include "vrrpd/supervisor/signals.hpp"

namespace vrrpd::supervisor {

namespace {

pid_t supervisor_pid = 0;

// keepalived's users send what asks for a dump to its VRRP process, too (vrrp.pid); the supervisor obeys it.
extern "C" void pass_on_to_supervisor(int signal) {
    const int before = errno;
    if (getppid() == supervisor_pid) kill(supervisor_pid, signal);
    errno = before;
}

void pass_on_what_asks_for_dumps() {
    struct sigaction action {};
    action.sa_handler = pass_on_to_supervisor;
    action.sa_flags = SA_RESTART;
    for (const auto& signal : named_signals())
        if (signal.dump) sigaction(signal.number, &action, nullptr);
}

int run_engine(const EngineStart& start, ipc::Channel channel) {
    leave_signals_to_the_supervisor();
    pass_on_what_asks_for_dumps();
    let_go_of_streams(start.keep_stderr);
    // The supervisor's end of the channel above all: only when no copy of it lives in the engine does the engine notice
    // that the supervisor is gone.
    close_all_but({channel.fd(), start.state, start.configuration});
    ipc::ChannelLog log(channel);
    if (const auto done = become_engine(log); !done) {
        log.error("{}", done.error().describe());
        return static_cast<int>(Exit::no_permission);
    }
    auto state = ipc::SharedState::map(Fd(start.state));
    if (!state) {
        log.error("{}", state.error().describe());
        return static_cast<int>(Exit::failed);
    }
    return start.main({std::move(channel), std::move(*state), Fd(start.configuration), start.id, start.observe,
                       start.adopt, start.detail, start.stand_by, start.watch_addresses});
}

}  // namespace

Result<EngineProcess> start_engine(const EngineStart& start) {
    auto ends = ipc::Channel::pair();
    if (!ends) return tl::unexpected(ends.error());
    if (start.greet) start.greet(ends->first);
    supervisor_pid = getpid();
    const pid_t pid = fork();
    if (pid < 0) return fail(errno, "fork the engine");
    if (pid == 0) _exit(run_engine(start, std::move(ends->second)));
    return EngineProcess{pid, std::move(ends->first)};
}

}  // namespace vrrpd::supervisor
