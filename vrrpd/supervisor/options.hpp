// The command line: keepalived's options (keepalived(8)) and our own, from one table. Pure: words in, a value
// out; nothing is opened and nothing printed here.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace vrrpd::supervisor {

// What outlives a reboot: the agent's directory, with leases.
inline constexpr char default_state_dir[] = "/var/lib/vrrpd";

// What the call is for.
enum class Action {
    run,
    test,      // -t
    help,      // -h
    version,   // -v
    signum,    // --signum: print the number of a signal
    fence,     // install the fence, shut, and exit
    unfence,   // remove it
    sweep,     // remove what a dead daemon left behind
    handoff,   // take over from the daemon that runs
    make_way,  // the unit's ExecStop: if this is a restart, keep the role until the next start
};

struct Options {
    Action action = Action::run;
    bool as_keepalived = false;   // the name we were called by: keepalived's paths and log name
    std::string config_file;      // -f
    std::string gateway_file;     // --gateway-file; empty: /etc/vrrpd/gateway.conf if it is there
    std::string report_file;      // -t's FILE; empty: stderr
    std::string signal_name;      // --signum's argument
    std::string id;               // -i; empty: the host name up to its first dot
    std::string pid_file;         // -p; empty: in the runtime directory
    std::string engine_pid_file;  // -r
    std::string runtime_dir = "/run/vrrpd";
    std::string state_dir;            // empty: default_state_dir, which may be read-only
    std::string facility = "daemon";  // -S
    std::string log_file;             // -g; empty: none
    std::string net_namespace;        // -s, or the configuration's; empty: where we are
    std::string instance;             // the configuration's
    std::optional<unsigned> umask;    // -u
    bool keep_addresses = false;      // -V
    bool respawn = true;              // -R
    bool watch_addresses = false;     // -a
    bool core_dump = false;           // -m
    bool detail = false;              // -D
    bool foreground = false;          // -n
    bool log_console = false;         // -l
    bool no_syslog = false;           // -G
    bool dump_config = false;         // -d
    bool observe = false;
    bool all_includes_fatal = false;  // -e
    bool ignore_interrupt = false;    // --ignore-sigint
    bool aside = false;               // --aside: a successor that waits for the next start of the service
    int predecessor = -1;             // --handoff-from: the channel to the daemon that we succeed

    std::vector<std::string> remarks;  // to be logged: options not acted on, left-over words
};

// Where files stand that neither the command line nor the configuration moves.
struct DefaultPaths {
    std::string configuration, pid, engine_pid, runtime = "/run/vrrpd";
};
[[nodiscard]] DefaultPaths default_paths(bool as_keepalived);

// Empty `error`: options hold. Else what is wrong, for stderr; the exit code is 1.
struct CommandLine {
    Options options;
    std::string error;
};

// `words`: argv. The defaults depend on the name in words[0].
[[nodiscard]] CommandLine parse_command_line(const std::vector<std::string>& words);

// The text of --help, enough to start from.
[[nodiscard]] std::string usage(const Options& options);
// More than one line: exporters read the first one as keepalived's. "vrrpd v0.1.0"; under keepalived's name "Keepalived
// v2.2.7 (vrrpd 0.1.0)", the version whose options, files and dumps ours are.
[[nodiscard]] std::string version_text(const Options& options);
// The number of STOP, RELOAD, DATA, STATS, STATS_CLEAR or JSON (keepalived(8), SIGNALS); none: unknown name.
[[nodiscard]] std::optional<int> signal_number(const std::string& name);

}  // namespace vrrpd::supervisor
