// Keeps the agent running while the configuration wants one, and passes on what it and the engine tell each other.
// Its end costs nothing but its own work: it is started again after a pause, and what it decided last stays in force.
// The supervisor's.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/supervisor/agent_process.hpp"

namespace vrrpd::supervisor {

class AgentKeeper {
public:
    using Start = std::function<Result<AgentProcess>(int configuration)>;
    using ToEngine = std::function<void(ipc::Kind, const std::string& text)>;

    AgentKeeper(Loop& loop, Log& log, Start start, ToEngine to_engine);
    AgentKeeper(const AgentKeeper&) = delete;
    AgentKeeper& operator=(const AgentKeeper&) = delete;
    ~AgentKeeper();  // the process does not outlive it

    // At the start and after each reload: a configuration that the engine runs, and whether it wants an agent.
    void configure(bool wanted, int configuration);
    // The engine is another one, and knows nothing yet.
    void tell_engine_again() const;
    // From the engine.
    void pass_on(const ipc::Message& message);

    void child_ended();  // somebody's child ended: perhaps ours
    [[nodiscard]] Deadline next_deadline() const { return start_at_; }
    void step(Instant now);

private:
    void start();
    void stop();
    void ended(const std::string& how);
    void read();
    [[nodiscard]] bool handle(const ipc::Message& message);

    Loop& loop_;
    Log& log_;
    Start start_;
    ToEngine to_engine_;
    int configuration_ = -1;  // the supervisor's
    std::optional<AgentProcess> process_;
    Loop::Watch watch_;  // ends before process_
    Deadline start_at_;
    Duration pause_{0};  // before the next start
    Instant started_at_{};
    std::map<std::pair<ipc::Kind, std::string>, std::string> decided_;  // by kind and gateway
    std::map<std::string, std::string> wan_states_;                     // by gateway: what a new agent must know
};

}  // namespace vrrpd::supervisor
