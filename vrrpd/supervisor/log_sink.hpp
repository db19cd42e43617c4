// Where the program's log goes: stderr, the journal, syslog. The supervisor's implementation of Log, over
// spdlog, which is named in log_sink.cpp alone.
#pragma once

#include <memory>
#include <string>

#include "vrrpd/base/log.hpp"
#include "vrrpd/supervisor/options.hpp"

namespace vrrpd::supervisor {

// What a log can be written to here.
struct LogSurroundings {
    bool stderr_is_terminal = false;
    bool stderr_is_journal = false;  // systemd connected stderr to the journal
    bool syslog_listens = false;     // /dev/log is there
};
[[nodiscard]] LogSurroundings log_surroundings();

struct LogTargets {
    bool standard_error = false;
    bool journal_levels = false;       // lines on stderr begin with <N>
    bool error_until_started = false;  // warnings and errors on stderr until let_go_of_stderr()
    bool syslog = false;
    std::string file;  // empty: none
    std::string ident = "vrrpd";
    std::string engine_ident = "vrrpd";  // of the engine's lines, where it has one of its own
    int facility = 0;
    std::string unknown_facility;  // that was asked for, and is said; empty: none
    LogLevel threshold = LogLevel::info;
};
// In the foreground: stderr, if somebody reads it there (a terminal, the journal, -l, or nobody listens to
// syslog); else syslog. As a daemon: syslog, and what goes wrong while starting also on stderr.
[[nodiscard]] LogTargets choose_targets(const Options& options, const LogSurroundings& surroundings);

class LogSink final : public Log {
public:
    explicit LogSink(const LogTargets& targets);
    ~LogSink() override;
    void write(LogLevel level, std::string_view line) override;
    // From now on others depend on us: a reader that stops must not stop us (log_outlet.hpp).
    void never_wait();
    // True: everything is said. False: call it again in a while.
    bool catch_up();
    // What the engine says.
    [[nodiscard]] Log& engine() { return engine_; }
    // "_NAMESPACE_INSTANCE" behind the name, as soon as it is known.
    void add_to_ident(const std::string& suffix);
    // The start is over: from now on nothing goes to a stderr that belongs to whoever started us.
    void let_go_of_stderr();

private:
    class EngineLog final : public Log {
    public:
        explicit EngineLog(LogSink& sink) : sink_(sink) {}
        void write(LogLevel level, std::string_view line) override;

    private:
        LogSink& sink_;
    };
    struct Impl;
    std::unique_ptr<Impl> impl_;
    EngineLog engine_{*this};
};

}  // namespace vrrpd::supervisor
