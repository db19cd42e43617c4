// The main process: starts the engine, watches its heart, starts it again, reloads and stops it; keeps the
// list of what is ours and the devices' switches; runs scripts. One event loop; never waits.
//
// supervisor.cpp: what wakes it, and how it begins and stops; supervisor_engine.cpp: the engine's lives;
// supervisor_scripts.cpp: the scripts, mail, units; supervisor_dumps.cpp: the dumps; supervisor_reload.cpp: another
// configuration; supervisor_handoff.cpp: a successor takes over, or we are one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "vrrpd/base/loop.hpp"
#include "vrrpd/ipc/dump.hpp"
#include "vrrpd/ipc/outbox.hpp"
#include "vrrpd/ipc/shared_state.hpp"
#include "vrrpd/supervisor/agent_keeper.hpp"
#include "vrrpd/supervisor/agent_resources.hpp"
#include "vrrpd/supervisor/auth_file.hpp"
#include "vrrpd/supervisor/configuration.hpp"
#include "vrrpd/supervisor/engine_process.hpp"
#include "vrrpd/supervisor/files.hpp"
#include "vrrpd/supervisor/handoff/handoff_desk.hpp"
#include "vrrpd/supervisor/handoff/inheritance.hpp"
#include "vrrpd/supervisor/names.hpp"
#include "vrrpd/supervisor/reload_timer.hpp"
#include "vrrpd/supervisor/restart_policy.hpp"

namespace vrrpd::supervisor {

struct Settings {
    std::string id;
    std::string owned_file;
    std::string engine_pid_file;  // empty: none
    bool detail = false;
    bool observe = false;  // owns nothing, changes nothing
    bool ignore_interrupt = false;
    bool foreground = true;  // the engine keeps stderr
    std::string dump_directory;
    AgentResources::Paths agent;
    std::string auth_file;     // empty: none
    std::string handoff_path;  // where a successor's command asks; empty: nowhere
    bool waits_aside = false;  // for the next start of the service (make_way.hpp)
    int lock_file = -1, lock_socket = -1;
    std::optional<Inheritance> inheritance;  // we are a successor
    bool as_keepalived = false;
    std::string net_namespace;     // empty: the one we were started in
    std::string suffix;            // of names: "_NAMESPACE_INSTANCE"
    std::string reload_marker;     // reload_file without a path
    std::optional<mode_t> umask;   // -u
    bool keep_addresses = false;   // -V
    bool respawn = true;           // not -R
    bool watch_addresses = false;  // -a
};

// What the supervisor asks of the rest of the program; tests put their own in.
struct Services {
    Log& log;
    EngineMain engine;
    std::function<Judgement()> judge;
    std::function<Outline(int sealed)> outline;
    std::function<Result<std::unique_ptr<netlink::Kernel>>()> open_kernel;
    std::function<Result<pid_t>()> start_sweep;  // a child process that sweeps and ends
    std::function<Result<AgentProcess>()> start_agent;
    std::function<void()> ready;          // the first configuration is in place
    Log* engine_log = nullptr;            // for what the engine says; none: `log`
    std::function<bool()> catch_up = {};  // writes what the log could not write; false: again, in a while
};

class Supervisor {
public:
    Supervisor(Settings settings, Services services);
    // With a configuration that can start, until stopped; the exit code. Signals must be blocked before threads or
    // children are made: it does that first.
    [[nodiscard]] int run(Judgement judgement);
    // A successor has everything: its files are not ours to remove.
    [[nodiscard]] bool handed_off() const { return handed_off_; }
    // Of a successor: nor are they, if it did not get so far.
    [[nodiscard]] bool succeeded() const { return !succession_; }

private:
    static constexpr Duration start_limit = std::chrono::seconds(10);  // without a heartbeat until the engine is ready

    // What the supervisor waits for. Each holds what only that phase has.
    struct Sweeping {
        pid_t pid = -1;
        Instant start_at{};  // the back-off runs meanwhile
        Instant kill_at{};
        bool then_stop = false;
    };
    struct BackingOff {
        Instant start_at{};
        bool adopt = false;
    };
    struct Running {};
    struct Stopping {
        Instant kill_at{};
    };
    struct LastErrands {  // all is swept; what was told last may still be alerted, and heard by scripts
        Instant errands_until{};
        Instant end_at{};
    };
    struct FirstScript {  // startup_script runs, and nothing else
        CommandRunner::Ticket run = 0;
    };
    struct LastScript {};    // shutdown_script
    struct Yielding {        // the engine leaves to a successor's
        bool adopt = false;  // whose comes after it goes on from the shared state
    };
    using Phase = std::variant<Sweeping, BackingOff, Running, Stopping, LastErrands, FirstScript, LastScript, Yielding>;

    // We are the successor, and the daemon before may still go on itself.
    struct Succession {
        Inheritance inheritance;
        Judgement wanted;  // of the files as they are; the engine begins with the configuration that ran
        NotifyNeeds notify{};
        std::vector<ipc::Notices> untold{};
        bool is_our_turn = false;  // the engine before is gone
        Loop::Watch watch{};
    };

    [[nodiscard]] AgentKeeper::Services agent_services();
    void on_signal();
    void obey(int signal);
    void on_message();
    bool hear();
    [[nodiscard]] bool handle(const ipc::Message& message);
    void ask_for_dump(ipc::DumpForm form);
    void write_dump(const ipc::Message& message);
    void write_dump(std::string_view name, const Result<std::string>& text);
    void kill_engine(const std::string& why);
    void raise_if_late();
    void engine_ready();
    void report_ready();
    void configure_agent();
    void on_deadline();
    void set_deadline();
    void begin_feeding_watchdog();
    void feed_watchdog(Instant now);

    void take(Judgement judgement);
    void take_process_settings(config::ProcessSettings settings);
    [[nodiscard]] mode_t umask_in_force() const;
    [[nodiscard]] Duration stop_wait() const;
    [[nodiscard]] Outline plan();
    void prepare();
    void set_switches(const std::vector<Switch>& wanted, Owned owned);

    // ---- supervisor_engine.cpp
    void start_engine(bool adopt);
    void start_or_wait(Instant start_at, bool adopt);
    void begin_sweep(Instant start_at, bool then_stop);
    void reap();
    void reap_ours();
    void engine_ended(const Ending& how);
    void sweep_ended(const Sweeping& sweep);

    // ---- supervisor_reload.cpp
    void reload();
    [[nodiscard]] bool may_reload() const;
    void reload_if_put_off();
    void accept(Judgement judgement);
    void reloaded();
    [[nodiscard]] std::string why_not(const Judgement& judgement) const;
    void report_check(const Judgement& judgement) const;
    void mark_reload(bool under_way) const;
    [[nodiscard]] bool is_stopping() const;
    void stop();
    void finish();
    void end();

    // ---- supervisor_scripts.cpp
    void begin();
    void take_scripts(ScriptNeeds needs);
    void greet(ipc::Channel& channel);
    void tell_trackers();
    void tell(const ipc::Notices& notices);
    [[nodiscard]] bool scripts_may_run() const;
    void scripts_step(Instant now);
    void scripts_child_ended();
    [[nodiscard]] Deadline scripts_deadline() const;
    void role_changed(const ipc::Message& message);
    void engine_is_gone();
    void begin_last_errands();
    [[nodiscard]] bool last_errands_are_over(Instant now) const;
    void run_last_script();

    // ---- supervisor_handoff.cpp: the daemon that runs
    void open_handoff_desk();
    void open_handoff_desk(HandoffSocket listener);
    [[nodiscard]] std::string handoff_obstacle() const;
    [[nodiscard]] HandoffSocket::Descriptors legacy();
    void let_engine_leave(bool keep);
    void handoff_failed();
    void engine_left();
    void leave_to(pid_t successor);
    void successor_stays_away();
    // ... and its successor
    void begin_succession(Judgement judgement);
    void on_predecessor();
    void abandon_succession(const std::string& why);
    void succeed();

    [[nodiscard]] Owned owned_file() const;
    void write_owned(const Owned& owned);

    Settings settings_;
    Services services_;
    Loop loop_;
    Fd signals_;
    Loop::Watch signal_watch_;
    Fd sealed_;                    // the configuration that runs, or is being reloaded
    Fd sealed_for_agent_;          // ... without its secrets, where it has any
    std::optional<Outline> plan_;  // of sealed_, until it is acted on; after that it is read again when needed
    Duration longest_interval_{0};
    config::ProcessSettings process_;
    EnginePlace engine_place_;
    std::string dumped_globals_;                          // of the configuration, for keepalived.data
    std::vector<ipc::ScriptIdentity> script_identities_;  // likewise
    ReloadTimer reload_timer_;
    std::optional<ipc::SharedState> state_;
    AuthFile auth_file_;
    std::optional<EngineProcess> engine_;
    Loop::Watch channel_watch_;  // ends before engine_
    ipc::Outbox to_engine_;      // what the agent says
    PidFile engine_pid_file_;
    RestartPolicy policy_;
    Heartbeat heartbeat_;
    Phase phase_ = Running{};
    AgentResources agent_resources_;
    AgentKeeper agent_;
    Errands errands_;
    TrackDesk trackers_;
    Notifier notifier_;
    UnitKeeper units_;
    CommandRunner once_;  // startup_script, shutdown_script
    ScriptNeeds::Once startup_, shutdown_;
    std::optional<Succession> succession_;
    std::optional<HandoffDesk> handoff_desk_;
    Fd legacy_;  // the memory that a successor gets
    bool handed_off_ = false;
    bool prepared_ = false;  // owned file and switches are right for sealed_
    bool reported_ready_ = false;
    bool reloading_ = false;       // the engine was told, or the next one begins with it
    bool reload_put_off_ = false;  // one more is remembered
    Duration watchdog_{0};         // the service manager wants a sign of life so often; 0: never
    Deadline feed_at_;
    int status_ = 0;
};

}  // namespace vrrpd::supervisor
