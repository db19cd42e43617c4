#include "vrrpd/supervisor/agent_process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "vrrpd/agent/descriptors.hpp"
#include "vrrpd/supervisor/child_process.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr int cannot_execute = 127;

// To its agreed number, and nothing else. By a copy: where it stands already, dup2() would leave it close-on-exec.
void hand_over(int channel) {
    constexpr int above = agent::channel_descriptor + 1;
    dup2(fcntl(channel, F_DUPFD_CLOEXEC, above), agent::channel_descriptor);
    closefrom(above);
}

}  // namespace

Result<AgentProcess> start_agent(const AgentStart& start) {
    auto ends = ipc::Channel::pair();
    if (!ends) return tl::unexpected(ends.error());
    // Nothing is allocated between fork and exec.
    std::string name = "vrrpd-agent", id = start.id, detail = "--log-detail";
    std::array<char*, 4> arguments{name.data(), id.data(), start.detail ? detail.data() : nullptr, nullptr};
    const pid_t pid = fork();
    if (pid < 0) return fail(errno, "fork the agent");
    if (pid == 0) {
        leave_signals_to_the_supervisor();
        let_go_of_streams(start.keep_stderr);
        hand_over(ends->second.fd());
        execv(start.executable.c_str(), arguments.data());
        _exit(cannot_execute);
    }
    return AgentProcess{pid, std::move(ends->first)};
}

std::string agent_executable() {
    std::error_code error;
    const auto own = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto beside = own.parent_path() / "vrrpd-agent";
    return !error && access(beside.c_str(), X_OK) == 0 ? beside.string() : VRRPD_AGENT;
}

}  // namespace vrrpd::supervisor
