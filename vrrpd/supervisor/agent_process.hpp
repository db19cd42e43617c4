// The agent as a child process: its own executable, so that neither the supervisor nor the engine maps what it needs
// (DNS, later TLS and D-Bus). It gives its privileges up by itself, first thing.
#pragma once

#include <sys/types.h>

#include <string>

#include "vrrpd/base/result.hpp"
#include "vrrpd/ipc/channel.hpp"

namespace vrrpd::supervisor {

struct AgentStart {
    std::string executable;
    std::string id;
    bool detail = false;
    bool keep_stderr = false;  // in the foreground: where a failed ASSERT is read
};

struct AgentProcess {
    pid_t pid = -1;
    ipc::Channel channel;
};

[[nodiscard]] Result<AgentProcess> start_agent(const AgentStart& start);

// Beside our own executable, where the build leaves it; else where it is installed.
[[nodiscard]] std::string agent_executable();

}  // namespace vrrpd::supervisor
