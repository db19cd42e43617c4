// The port through which every shell writes its log; cores never do. The engine's implementation
// hands the record to the supervisor without waiting, the supervisor's writes it (spdlog).
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace vrrpd {

enum class LogLevel { debug, info, notice, warning, error };

class Log {
public:
    Log() = default;
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
    virtual ~Log() = default;

    // One line, without the newline. Never waits, never fails; a lost line is counted by the sink.
    virtual void write(LogLevel level, std::string_view line) = 0;

    template <class... Args>
    void debug(fmt::format_string<Args...> text, Args&&... args) {
        write(LogLevel::debug, fmt::format(text, std::forward<Args>(args)...));
    }
    template <class... Args>
    void info(fmt::format_string<Args...> text, Args&&... args) {
        write(LogLevel::info, fmt::format(text, std::forward<Args>(args)...));
    }
    template <class... Args>
    void notice(fmt::format_string<Args...> text, Args&&... args) {
        write(LogLevel::notice, fmt::format(text, std::forward<Args>(args)...));
    }
    template <class... Args>
    void warning(fmt::format_string<Args...> text, Args&&... args) {
        write(LogLevel::warning, fmt::format(text, std::forward<Args>(args)...));
    }
    template <class... Args>
    void error(fmt::format_string<Args...> text, Args&&... args) {
        write(LogLevel::error, fmt::format(text, std::forward<Args>(args)...));
    }
};

}  // namespace vrrpd
