#include "vrrpd/supervisor/program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "netlink/nft/tables.hpp"
#include "netlink/rtnetlink.hpp"
#include "vrrpd/supervisor/core_dumps.hpp"
#include "vrrpd/supervisor/daemonise.hpp"
#include "vrrpd/supervisor/describe_config.hpp"
#include "vrrpd/supervisor/handoff/handoff_command.hpp"
#include "vrrpd/supervisor/handoff/handoff_wire.hpp"
#include "vrrpd/supervisor/handoff/inheritance.hpp"
#include "vrrpd/supervisor/handoff/make_way.hpp"
#include "vrrpd/supervisor/log_sink.hpp"
#include "vrrpd/supervisor/names.hpp"
#include "vrrpd/supervisor/options.hpp"
#include "vrrpd/supervisor/program_parts.hpp"
#include "vrrpd/supervisor/rival.hpp"
#include "vrrpd/supervisor/service_manager.hpp"
#include "vrrpd/supervisor/signals.hpp"
#include "vrrpd/supervisor/supervisor.hpp"
#include "vrrpd/supervisor/sweep.hpp"

namespace vrrpd::supervisor {

namespace {

// keepalived's: TMPDIR where that is an absolute directory, else /tmp.
std::string dump_directory() {
    const char* const said = std::getenv("TMPDIR");
    std::error_code error;
    const bool usable = said != nullptr && *said == '/' && std::filesystem::is_directory(said, error);
    return usable ? said : "/tmp";
}

// ---- -t -----------------------------------------------------------------------------------------------

int test_configuration(const Options& options) {
    const auto judgement = judge(options);
    std::string report;
    for (const auto& fault : judgement.faults) report += fault.describe() + '\n';
    std::FILE* const into = options.report_file.empty() ? stderr : std::fopen(options.report_file.c_str(), "ae");
    if (into == nullptr) {
        fmt::print(stderr, "{}: {}\n", options.report_file, std::strerror(errno));
        return exit_code(Exit::failed);
    }
    std::fputs(report.c_str(), into);
    if (into != stderr) std::fclose(into);
    return config::config_test_status(judgement.faults, judgement.file_missing, options.as_keepalived);
}

// ---- a configuration that is to be acted on -------------------------------------------------------------

std::optional<Exit> configure(const Options& options, Log& log, Judgement& judgement) {
    judgement = judge(options);
    return refusal(judgement, log);
}

int set_fence(const Options& options, Log& log) {
    if (lacks_privilege(Purpose::fence, log)) return exit_code(Exit::no_permission);
    const bool shut = options.action == Action::fence;
    std::vector<netlink::nft::GatewayRules> rules;
    if (shut) {
        Judgement judgement;
        if (const auto refused = configure(options, log, judgement)) return exit_code(*refused);
        for (const auto& gateway : reread(judgement.sealed.get(), identity(options)).gateways)
            rules.push_back(gateway.rules);
    }
    const auto tables = netlink::nft::open_tables();
    if (tables ? !(*tables)->abilities().nf_tables : tables.error().code == EPROTONOSUPPORT) {
        if (!shut) return 0;  // none stands
        log.error("this kernel has no nf_tables: no fence (modprobe nf_tables, or a kernel with CONFIG_NF_TABLES)");
        return exit_code(Exit::failed);
    }
    const auto set = [&]() -> Result<void> {
        if (!tables) return tl::unexpected(tables.error());
        if (shut) return (*tables)->install_fence(rules);
        if (const auto removed = (*tables)->remove_fence(); !removed) return tl::unexpected(removed.error());
        return {};
    };
    const auto done = set();
    if (done) return 0;
    log.error("{}", done.error().describe());
    return exit_code(Exit::failed);
}

// ---- --sweep ------------------------------------------------------------------------------------------

// The list may lie under the names that the file gives (instance, net_namespace). false: nothing of it can stand any
// more.
bool find_list(Options& options) {
    if (read_file(owned_path(options))) return true;
    const auto settings = judge(options).outline.process;
    const bool elsewhere = options.net_namespace.empty() && !settings.net_namespace.empty();
    take_names(options, settings);
    return !elsewhere || enter_namespace(settings.net_namespace);  // with a namespace all goes that was in it
}

int run_sweep(Options options, Log& log) {
    if (!find_list(options)) return 0;
    const auto text = read_file(owned_path(options));
    if (!text) return 0;  // the last stop was clean, or there never was a start
    if (lacks_privilege(Purpose::fence, log)) return exit_code(Exit::no_permission);
    const auto attempt = take_lock(options.runtime_dir, options.instance);
    if (!attempt.lock && attempt.holder != getppid()) {  // the daemon itself may, it starts us
        if (connect_to_waiting(handoff_path(options))) {
            log.info("nothing to sweep: the daemon goes on until the next one has taken over");
            return 0;
        }
        log.error("not swept: {}", attempt.problem.empty() ? already_running(attempt) : attempt.problem);
        return exit_code(Exit::failed);
    }
    const auto owned = parse_owned(*text);
    const auto kernel = netlink::open_rtnetlink();
    if (!kernel) {
        log.error("{}", kernel.error().describe());
        return exit_code(Exit::failed);
    }
    bool clean = sweep(owned, **kernel, log);
    if (const auto tables = netlink::nft::open_tables()) clean = sweep_tables(owned, **tables, log) && clean;
    if (!clean) return exit_code(Exit::failed);  // the list stays for another try
    unlink(owned_path(options).c_str());
    return 0;
}

// This program again, with --sweep: what a crash may have broken in our memory cannot matter there.
Result<pid_t> start_sweep(const Options& options) {
    std::vector<std::string> words{options.as_keepalived ? "keepalived" : "vrrpd",
                                   "--sweep",
                                   "--runtime-dir",
                                   options.runtime_dir,
                                   "--log-facility",
                                   options.facility};
    if (options.log_console) words.emplace_back("--log-console");
    if (options.no_syslog) words.emplace_back("--no-syslog");
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);

    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);  // ours are blocked
    posix_spawnattr_setpgroup(&attributes, 0);       // a second Ctrl-C must not end it half-way
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    pid_t pid = -1;
    const int error = posix_spawn(&pid, "/proc/self/exe", nullptr, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) return fail(error, "start the sweep");
    return pid;
}

// ---- the daemon ---------------------------------------------------------------------------------------

std::string state_directory(const Options& options) {
    return options.state_dir.empty() ? default_state_dir : options.state_dir;
}

// What a start has in its hands before it supervises.
struct Beginning {
    Judgement judgement;
    std::optional<InstanceLock> lock;        // none: an observer
    std::optional<Inheritance> inheritance;  // of a successor
};

Settings settings_for(const Options& options, Beginning& beginning) {
    Settings settings;
    settings.id = identity(options);
    settings.owned_file = owned_path(options);
    settings.detail = options.detail;
    settings.observe = options.observe;
    settings.ignore_interrupt = options.ignore_interrupt;
    settings.foreground = options.foreground;
    settings.dump_directory = dump_directory();
    settings.as_keepalived = options.as_keepalived;
    settings.net_namespace = options.net_namespace;
    settings.suffix = suffix(options, beginning.judgement.outline.process);
    settings.reload_marker = options.pid_file.substr(0, options.pid_file.rfind('/')) + "/keepalived.reload";
    settings.umask = options.umask;
    settings.keep_addresses = options.keep_addresses;
    settings.respawn = options.respawn;
    settings.watch_addresses = options.watch_addresses;
    settings.agent = {options.runtime_dir + "/control", state_directory(options) + "/agent"};
    if (options.observe) return settings;
    settings.engine_pid_file = options.engine_pid_file;
    settings.auth_file = state_directory(options) + "/auth";
    settings.handoff_path = handoff_path(options);
    settings.waits_aside = options.aside;
    settings.lock_file = beginning.lock->file();
    settings.lock_socket = beginning.lock->socket();
    settings.inheritance = std::move(beginning.inheritance);
    return settings;
}

int supervise(const Options& options, const EngineMain& engine, Beginning beginning, LogSink& log,
              StartReport& report) {
    const auto id = identity(options);
    const bool succeeds = beginning.inheritance.has_value();
    PidFile pid_file(options.pid_file);
    const auto write_pid = [&] {
        const auto written = options.observe ? Result<void>() : pid_file.write(getpid());
        if (!written) log.error("{}", written.error().describe());
        return written.has_value();
    };
    Services services{log,
                      engine,
                      [&options] { return judge(options); },
                      [id](int lines) { return outline(lines, id); },
                      [] { return netlink::open_rtnetlink(); },
                      [&options] { return start_sweep(options); },
                      [&options, id] {
                          return start_agent({agent_executable(), id, options.detail, options.foreground});
                      },
                      [&] {
                          if (succeeds && !(write_pid() && beginning.lock->sign()))
                              log.warning("pid file or lock still name the process before");
                          log.let_go_of_stderr();
                          report.ready();
                      },
                      &log.engine(),
                      [&] { return log.catch_up(); }};
    Supervisor supervisor(settings_for(options, beginning), std::move(services));  // no signal ends us midway any more
    if (!succeeds && !write_pid()) return exit_code(Exit::failed);
    log.never_wait();
    const int status = supervisor.run(std::move(beginning.judgement));
    if (supervisor.handed_off() || (succeeds && !supervisor.succeeded())) pid_file.let_go();
    return status;
}

// One that was asked for must be usable; without the default one this version does all it can.
bool state_directory_holds(const Options& options, Log& log) {
    const bool asked_for = !options.state_dir.empty();
    const auto usable = ensure_directory(state_directory(options));
    if (!usable) log.write(asked_for ? LogLevel::error : LogLevel::notice, usable.error().describe());
    return usable || !asked_for;
}

// The channel to the daemon that we succeed: it started us, or it waits aside since the service is restarted. none:
// nobody is before us.
std::optional<HandoffSocket> find_predecessor(const Options& options) {
    if (options.predecessor >= 0) return HandoffSocket(Fd(options.predecessor));
    if (options.observe) return std::nullopt;
    auto daemon = connect_to_waiting(handoff_path(options));
    if (daemon) daemon->send("here");
    return daemon;
}

int run_daemon(Options options, const EngineMain& engine, LogSink& log, StartReport& report) {
    if (options.aside && !leave_unit(log)) return exit_code(Exit::failed);
    for (const auto& remark : options.remarks) log.warning("{}", remark);
    if (lacks_privilege(options.observe ? Purpose::observe : Purpose::run, log)) return exit_code(Exit::no_permission);
    Beginning beginning;
    auto& judgement = beginning.judgement;
    judgement = judge(options);
    const auto started_for = purpose(options);
    if (const auto moved = move_in(options, judgement, log); !moved) return exit_code(Exit::failed);
    if (!options.observe && !state_directory_holds(options, log)) return exit_code(Exit::failed);
    auto predecessor = find_predecessor(options);
    if (!predecessor && !options.observe) {  // watching disturbs nobody, and needs no lock
        auto attempt = take_lock(options.runtime_dir, options.instance, started_for);
        if (!attempt.problem.empty()) {
            log.error("{}", attempt.problem);
            return exit_code(Exit::failed);
        }
        if (!attempt.lock && options.action == Action::handoff) {
            log.error("no handoff: another daemon is {}", already_running(attempt));
            return exit_code(Exit::failed);
        }
        if (!attempt.lock) {
            log.error("{}", already_running(attempt));
            return exit_code(Exit::ok);
        }
        if (!attempt.remark.empty()) log.warning("{}", attempt.remark);
        beginning.lock = std::move(attempt.lock);
    }
    if (const auto refused = refusal(judgement, log)) return exit_code(*refused);
    const auto rival = predecessor ? std::nullopt : find_rival();
    if (rival && is_in_the_way(*rival, reread(judgement.sealed.get(), identity(options)), options.observe, log))
        return exit_code(Exit::failed);
    if (!judgement.balanced)
        log.error("the configuration is run, as keepalived would, but {}: correct it; no reload takes it so",
                  not_balanced);
    if (predecessor) {
        auto inheritance = take_inheritance(std::move(*predecessor), log);
        if (!inheritance) return exit_code(Exit::failed);
        beginning.lock.emplace(std::move(inheritance->lock_file), std::move(inheritance->lock_socket), started_for);
        beginning.inheritance = std::move(inheritance);
    }
    if (options.dump_config)
        for (const auto& line : describe(reread(judgement.sealed.get(), identity(options)))) log.info("{}", line);
    log.notice("{} v{} starts, as {}, with {}", options.as_keepalived ? "keepalived" : "vrrpd", VRRPD_VERSION,
               identity(options), options.config_file);
    return supervise(options, engine, std::move(beginning), log, report);
}

// Names that were relative to where we were started must hold for a reload too.
void make_absolute(Options& options) {
    for (auto* const name : {&options.config_file, &options.gateway_file, &options.pid_file, &options.engine_pid_file,
                             &options.runtime_dir, &options.state_dir, &options.log_file})
        if (!name->empty()) *name = absolute(*name);
}

// Started by the daemon that we succeed, with its environment.
void begin_as_successor(const Options& options) {
    fcntl(options.predecessor, F_SETFD, FD_CLOEXEC);
    if (options.aside) leave_manager();
    prctl(PR_SET_NAME, options.as_keepalived ? "keepalived" : "vrrpd", 0, 0, 0);
    if (std::getenv("WATCHDOG_PID") != nullptr) setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
}

int start(Options options, const EngineMain& engine) {
    umask(077);
    limit_core_dumps(options.core_dump);
    const bool succeeds = options.predecessor >= 0;
    if (succeeds) begin_as_successor(options);
    if (!options.foreground && !succeeds) closefrom(STDERR_FILENO + 1);  // the caller's
    LogSink log(choose_targets(options, log_surroundings()));
    StartReport report;
    if (!options.foreground || succeeds) make_absolute(options);
    if (!options.foreground && !succeeds) {
        auto daemon = daemonise();
        if (!daemon) {
            log.error("{}", daemon.error().describe());
            return exit_code(Exit::failed);
        }
        report = std::move(*daemon);
    }
    if ((!options.foreground || succeeds) && chdir("/") != 0) log.warning("chdir /: {}", std::strerror(errno));
    return run_daemon(options, engine, log, report);
}

int print_signal_number(const Options& options) {
    if (const auto number = signal_number(options.signal_name)) {
        fmt::print("{}\n", *number);
        return 0;
    }
    std::vector<std::string_view> known;
    for (const auto& signal : named_signals()) known.push_back(signal.name);
    fmt::print(stderr, "unknown signal name {}; known are {}\n", options.signal_name, fmt::join(known, ", "));
    return exit_code(Exit::failed);
}

}  // namespace

int run_program(const std::vector<std::string>& words, const EngineMain& engine) {
    auto [options, error] = parse_command_line(words);
    if (!error.empty()) {
        fmt::print(stderr, "{}: {}\nTry --help.\n", words.front(), error);
        return exit_code(Exit::failed);
    }
    const auto log_here = [&options = options] {
        auto in_foreground = options;
        in_foreground.foreground = true;
        return LogSink(choose_targets(in_foreground, log_surroundings()));
    };
    if (!options.net_namespace.empty() && options.action != Action::help && options.action != Action::version)
        if (const auto entered = enter_namespace(options.net_namespace); !entered) {
            fmt::print(stderr, "{}: {}\n", words.front(), entered.error().describe());
            return exit_code(Exit::failed);
        }
    switch (options.action) {
        case Action::help:
            fmt::print(stderr, "{}", usage(options));
            return 0;
        case Action::version:
            fmt::print(stderr, "{}", version_text(options));
            return 0;
        case Action::signum:
            return print_signal_number(options);
        case Action::test:
            return test_configuration(options);
        case Action::fence:
        case Action::unfence: {
            auto log = log_here();
            return set_fence(options, log);
        }
        case Action::sweep: {
            auto log = log_here();
            return run_sweep(options, log);
        }
        case Action::make_way: {
            auto log = log_here();
            return make_way(words, options, log);
        }
        case Action::handoff: {
            auto log = log_here();
            if (const auto status = hand_off(words, options, log)) {
                if (*status != exit_code(Exit::ok)) log.notice("the running daemon goes on");
                return *status;
            }
            log.notice("handoff: no daemon runs here: a start as usual");
            break;
        }
        case Action::run:
            break;
    }
    return start(options, engine);
}

}  // namespace vrrpd::supervisor
