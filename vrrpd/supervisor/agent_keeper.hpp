// Keeps the agent running, and passes on what it and the engine tell each other. Its end costs nothing but its own
// work: it is started again after a pause (killed first, if its loop stands still), and what it decided last stays in
// force. Where it has no work but to answer vrrpctl, it is started by the first who calls. The supervisor's.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/ipc/notices.hpp"
#include "vrrpd/supervisor/agent_process.hpp"
#include "vrrpd/supervisor/configuration.hpp"
#include "vrrpd/supervisor/restart_policy.hpp"

namespace vrrpd::supervisor {

class AgentKeeper {
public:
    // What the keeper asks of its owner.
    struct Services {
        std::function<Result<AgentProcess>()> start;
        std::function<void(ipc::Channel&)> equip;                      // a new agent, first of all
        std::function<void(ipc::Channel&, const AgentNeeds&)> unlock;  // before each configuration
        std::function<void(ipc::Kind, const std::string&)> to_engine;
        std::function<void(ipc::Message&)> errand;  // what only the supervisor may do: alert, write_leases
        int callers = -1;                           // AgentResources::callers()
    };

    AgentKeeper(Loop& loop, Log& log, Services services);
    AgentKeeper(const AgentKeeper&) = delete;
    AgentKeeper& operator=(const AgentKeeper&) = delete;
    ~AgentKeeper();  // the process does not outlive it

    // Before the engine may speak of a configuration. What was said of gateways that are not in it is forgotten.
    void expect(AgentNeeds needs);
    // At the start and after each reload: what the engine runs now. The first call starts an agent that has work.
    void configure(int configuration);
    // The engine is another one, and knows nothing yet.
    void tell_engine_again() const;
    void tell(ipc::Channel& engine) const;  // one that has not begun yet
    // What the engine had is being swept: this host is nobody's gateway until an engine says otherwise.
    void engine_is_gone();
    // From the engine, or of our own units.
    void pass_on(const ipc::Message& message);

    // For a successor of the daemon, and from the daemon before: all that is remembered. Before the first configure().
    [[nodiscard]] std::vector<std::string> memory() const;
    void remember(const std::vector<std::string>& memory);
    void retire();  // the successor's agent does the work

    // The answer to write_leases.
    void leases_written(const std::string& problem);

    void child_ended();  // somebody's child ended: perhaps ours
    [[nodiscard]] Deadline next_deadline() const { return process_ ? heartbeat_.next_check() : start_at_; }
    void step(Instant now);

private:
    using Subject = std::pair<ipc::Kind, std::string>;  // of a notice: the kind and whom it is about
    using Remembered = std::map<Subject, std::string>;

    void start();
    void start_or_wait_for_a_caller();
    void stop();
    void brief();
    void ended(const std::string& how);
    void read();
    [[nodiscard]] bool handle(ipc::Message& message);
    void to_engine(const ipc::Message& message);
    void take_weights_back();
    void lift_silence();
    [[nodiscard]] bool may_weigh(const std::string& text) const;
    [[nodiscard]] bool is_gateway(const std::string& name) const;

    Loop& loop_;
    Log& log_;
    Services services_;
    AgentNeeds needs_;
    int configuration_ = -1;  // the supervisor's
    std::optional<AgentProcess> process_;
    Loop::Watch watch_;  // of its channel: ends before process_
    Loop::Watch caller_watch_;
    Heartbeat heartbeat_{3 * ipc::beat_interval};
    Instant heard_at_{};  // anything
    Deadline start_at_;
    Duration pause_{0};  // before the next start
    Instant started_at_{};
    Remembered by_agent_;             // what another engine must know
    Remembered by_engine_;            // ... and another agent
    std::set<std::string> silenced_;  // gateways whose DHCP answers this agent holds back
};

}  // namespace vrrpd::supervisor
