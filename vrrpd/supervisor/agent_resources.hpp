// What the agent has no rights to make or open by itself: its control socket, its directory, the key of the peer link.
// Made once by the supervisor and given to every agent that it starts.
#pragma once

#include <string>

#include "vrrpd/base/log.hpp"
#include "vrrpd/ipc/channel.hpp"

namespace vrrpd::supervisor {

class AgentResources {
public:
    struct Paths {
        std::string control_socket;  // empty: none
        std::string directory;       // empty: none
    };
    // What cannot be made is said, and the agent goes without it. A successor has a control socket from the daemon
    // before.
    AgentResources(const Paths& paths, Log& log, Fd control_socket = {});
    AgentResources(const AgentResources&) = delete;
    AgentResources& operator=(const AgentResources&) = delete;
    ~AgentResources();                        // removes the socket's name
    void let_go() { control_path_.clear(); }  // it is a successor's now

    // Readable while somebody has called whom no agent has answered yet. -1: nobody can call.
    [[nodiscard]] int callers() const { return control_.get(); }
    // To an agent that has nothing yet.
    void give(ipc::Channel& agent) const;
    // Before each configuration: the file may be another one now. Empty: the configuration needs no key.
    void give_key(ipc::Channel& agent, const std::string& path);

private:
    Log& log_;
    std::string control_path_;
    Fd control_, directory_;
    std::string key_trouble_;  // said last
};

}  // namespace vrrpd::supervisor
