#include "vrrpd/supervisor/engine_process.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "vrrpd/supervisor/child_process.hpp"
#include "vrrpd/supervisor/privileges.hpp"
#include "vrrpd/supervisor/restart_policy.hpp"

namespace vrrpd::supervisor {

namespace {

// The supervisor's end of the channel above all: only when no copy of it lives in the engine does the
// engine notice that the supervisor is gone.
void close_all_but(std::array<int, 3> kept) {
    std::sort(kept.begin(), kept.end());
    unsigned first = STDERR_FILENO + 1;
    for (const int fd : kept) {
        const auto number = static_cast<unsigned>(fd);
        if (number > first) close_range(first, number - 1, 0);
        first = number + 1;
    }
    close_range(first, ~0U, 0);
}

int run_engine(const EngineStart& start, ipc::Channel channel) {
    leave_signals_to_the_supervisor();
    let_go_of_streams(start.keep_stderr);
    prctl(PR_SET_NAME, "vrrpd-engine", 0, 0, 0);
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
    return start.main({std::move(channel), std::move(*state), Fd(start.configuration), start.id, start.verbosity,
                       start.observe, start.adopt, start.detail});
}

}  // namespace

Result<EngineProcess> start_engine(const EngineStart& start) {
    auto ends = ipc::Channel::pair();
    if (!ends) return tl::unexpected(ends.error());
    if (start.greet) start.greet(ends->first);
    const pid_t pid = fork();
    if (pid < 0) return fail(errno, "fork the engine");
    if (pid == 0) _exit(run_engine(start, std::move(ends->second)));
    return EngineProcess{pid, std::move(ends->first)};
}

}  // namespace vrrpd::supervisor
