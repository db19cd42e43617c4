#include "vrrpd/supervisor/log_sink.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>
#include <utility>
#include <vector>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/supervisor/log_outlet.hpp"

namespace vrrpd::supervisor {

namespace {

// spdlog has no `notice`; so ours sit one lower than their names up to there. Indexed by LogLevel.
constexpr std::array to_spdlog{spdlog::level::trace, spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                               spdlog::level::err};

int syslog_priority(spdlog::level::level_enum level) {
    switch (level) {
        case spdlog::level::trace:
            return LOG_DEBUG;
        case spdlog::level::debug:
            return LOG_INFO;
        case spdlog::level::info:
            return LOG_NOTICE;
        case spdlog::level::warn:
            return LOG_WARNING;
        default:
            return LOG_ERR;
    }
}

// A line over an outlet; of lines that were lost the next one that gets through says how many.
class OutletSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    explicit OutletSink(std::unique_ptr<LogTransport> transport) : outlet_(std::move(transport)) {}
    void never_wait() { outlet_.never_wait(); }
    // True: nothing is left to say.
    bool catch_up() { return outlet_.flush() && own_up(); }
    void drain(Duration limit) {
        outlet_.drain(limit);
        if (own_up()) outlet_.drain(Duration(0));
    }

protected:
    virtual void render(const spdlog::details::log_msg& message, spdlog::memory_buf_t& into) {
        formatter_->format(message, into);
    }

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        if (!own_up() || !put(message)) ++lost_;
    }
    void flush_() override {}

    bool put(const spdlog::details::log_msg& message) {
        spdlog::memory_buf_t record;
        render(message, record);
        return outlet_.put({record.data(), record.size()});
    }
    bool own_up() {
        if (lost_ == 0) return true;
        outlet_.flush();
        if (!outlet_.has_room()) return false;
        const auto text = fmt::format("{} lines of the log are lost here: nobody took them in time", lost_);
        if (put({spdlog::string_view_t{}, spdlog::level::warn, text})) lost_ = 0;
        return lost_ == 0;
    }

    LogOutlet outlet_;
    std::size_t lost_ = 0;
};

// As syslog(3) writes it, which would wait.
class SyslogSink final : public OutletSink {
public:
    SyslogSink(std::string ident, std::string engine, int facility)
        : OutletSink(syslog_transport()), ident_(std::move(ident)), engine_(std::move(engine)), facility_(facility) {}
    void speak_as(bool engine) { as_engine_ = engine; }
    void add_to_names(const std::string& suffix) {
        ident_ += suffix;
        engine_ += suffix;
    }

private:
    void render(const spdlog::details::log_msg& message, spdlog::memory_buf_t& into) override {
        const std::time_t now = std::time(nullptr);
        std::tm local{};
        localtime_r(&now, &local);
        std::array<char, 32> when{};
        const auto size = std::strftime(when.data(), when.size(), "%b %e %T", &local);
        fmt::format_to(std::back_inserter(into), "<{}>{} {}[{}]: ", facility_ | syslog_priority(message.level),
                       std::string_view(when.data(), size), as_engine_ ? engine_ : ident_, getpid());
        into.append(message.payload);
    }

    std::string ident_, engine_;
    int facility_;
    bool as_engine_ = false;
};

// %N: "<4>", the journal's level prefix (sd-daemon(3)).
class JournalPrefix final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& into) override {
        fmt::format_to(std::back_inserter(into), "<{}>", syslog_priority(message.level));
    }
    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<JournalPrefix>();
    }
};

// %N for people: "error: " and "warning: ", nothing for the rest.
class Mark final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& into) override {
        const char* const mark = message.level == spdlog::level::err    ? "error: "
                                 : message.level == spdlog::level::warn ? "warning: "
                                                                        : "";
        fmt::format_to(std::back_inserter(into), "{}", mark);
    }
    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<Mark>(); }
};

template <class Flag>
std::unique_ptr<spdlog::formatter> pattern(const char* text) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<Flag>('N').set_pattern(text);
    return formatter;
}

// -S: 0-7 and local0-local7, user, daemon.
std::optional<int> facility_number(const std::string& name) {
    const std::string digit = name.rfind("local", 0) == 0 ? name.substr(5) : name;
    if (digit.size() == 1 && digit[0] >= '0' && digit[0] <= '7') return LOG_LOCAL0 + ((digit[0] - '0') << 3);
    if (name == "user") return LOG_USER;
    return name == "daemon" ? std::optional<int>(LOG_DAEMON) : std::nullopt;
}

}  // namespace

LogSurroundings log_surroundings() {
    LogSurroundings found;
    found.stderr_is_terminal = isatty(STDERR_FILENO) == 1;
    found.syslog_listens = access("/dev/log", W_OK) == 0;
    struct stat status {};
    const char* const journal = std::getenv("JOURNAL_STREAM");  // "device:inode" (systemd.exec(5))
    if (journal != nullptr && fstat(STDERR_FILENO, &status) == 0)
        found.stderr_is_journal = fmt::format("{}:{}", status.st_dev, status.st_ino) == journal;
    return found;
}

LogTargets choose_targets(const Options& options, const LogSurroundings& surroundings) {
    LogTargets targets;
    const bool syslog_usable = surroundings.syslog_listens && !options.no_syslog;
    // Under keepalived's name whoever looks for it in the journal looks for its names, which syslog alone carries.
    const bool journal = surroundings.stderr_is_journal && !(options.as_keepalived && syslog_usable);
    const bool read_there = surroundings.stderr_is_terminal || journal;
    if (options.foreground) {
        targets.standard_error = options.log_console || read_there || !surroundings.syslog_listens;
        targets.syslog = syslog_usable && !journal && (!targets.standard_error || options.log_console);
    } else {
        targets.syslog = syslog_usable;
        targets.error_until_started = !surroundings.stderr_is_journal || !targets.syslog;
    }
    targets.journal_levels = surroundings.stderr_is_journal;
    targets.file = options.log_file;
    if (options.as_keepalived) {
        targets.ident = "Keepalived";
        targets.engine_ident = "Keepalived_vrrp";
    }
    const auto facility = facility_number(options.facility);
    targets.facility = facility.value_or(LOG_DAEMON);
    if (!facility) targets.unknown_facility = options.facility;
    targets.threshold = options.detail ? LogLevel::debug : LogLevel::info;
    return targets;
}

struct LogSink::Impl {
    void add(std::shared_ptr<OutletSink> sink, spdlog::level::level_enum threshold) {
        sink->set_level(threshold);
        sinks.push_back(std::move(sink));
    }

    std::vector<std::shared_ptr<OutletSink>> sinks;
    std::shared_ptr<OutletSink> until_started;
    std::shared_ptr<SyslogSink> syslog;
};

LogSink::LogSink(const LogTargets& targets) : impl_(std::make_unique<Impl>()) {
    const auto threshold = to_spdlog.at(static_cast<std::size_t>(targets.threshold));
    if (targets.standard_error || targets.error_until_started) {
        auto sink = std::make_shared<OutletSink>(stream_transport(STDERR_FILENO));
        sink->set_formatter(targets.journal_levels   ? pattern<JournalPrefix>("%N%v")
                            : targets.standard_error ? pattern<Mark>("%Y-%m-%d %H:%M:%S.%e %N%v")
                                                     : pattern<Mark>("%N%v"));
        if (!targets.standard_error) impl_->until_started = sink;
        impl_->add(std::move(sink), targets.standard_error ? threshold : spdlog::level::warn);
    }
    if (targets.syslog) {
        impl_->syslog = std::make_shared<SyslogSink>(targets.ident, targets.engine_ident, targets.facility);
        impl_->add(impl_->syslog, threshold);
    }
    if (!targets.unknown_facility.empty())
        warning("-S {}: syslog has no such facility, daemon is used: write 0-7, local0-local7, user or daemon",
                targets.unknown_facility);
    if (targets.file.empty()) return;
    constexpr int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
    Fd file(open(targets.file.c_str(), flags, 0600));
    if (!file) {
        error("the log file {} cannot be written: {}; it is left out", targets.file, std::strerror(errno));
        return;
    }
    auto sink = std::make_shared<OutletSink>(file_transport(std::move(file)));
    sink->set_formatter(pattern<Mark>("%c: %N%v"));
    impl_->add(std::move(sink), threshold);
}

LogSink::~LogSink() {
    constexpr auto limit = std::chrono::seconds(1);
    for (const auto& sink : impl_->sinks) sink->drain(limit);
}

void LogSink::write(LogLevel level, std::string_view line) {
    const spdlog::details::log_msg message(spdlog::string_view_t{}, to_spdlog.at(static_cast<std::size_t>(level)),
                                           spdlog::string_view_t(line.data(), line.size()));
    for (const auto& sink : impl_->sinks)
        if (sink->should_log(message.level)) sink->log(message);
}

void LogSink::EngineLog::write(LogLevel level, std::string_view line) {
    auto& syslog = sink_.impl_->syslog;
    if (syslog) syslog->speak_as(true);
    sink_.write(level, line);
    if (syslog) syslog->speak_as(false);
}

void LogSink::never_wait() {
    for (const auto& sink : impl_->sinks) sink->never_wait();
}

bool LogSink::catch_up() {
    bool all_said = true;
    for (const auto& sink : impl_->sinks) all_said = sink->catch_up() && all_said;
    return all_said;
}

void LogSink::add_to_ident(const std::string& suffix) {
    if (!suffix.empty() && impl_->syslog) impl_->syslog->add_to_names(suffix);
}

void LogSink::let_go_of_stderr() {
    std::erase(impl_->sinks, impl_->until_started);
    impl_->until_started.reset();
}

}  // namespace vrrpd::supervisor
