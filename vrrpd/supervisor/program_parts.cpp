#include "vrrpd/supervisor/program_parts.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "vrrpd/supervisor/names.hpp"

namespace vrrpd::supervisor {

std::string absolute(const std::string& name) {
    std::error_code error;
    const auto path = std::filesystem::absolute(name, error);
    return error ? name : path.string();
}

std::string purpose(const Options& options) {
    const auto file = absolute(options.config_file);
    return options.net_namespace.empty() ? file : file + " in " + options.net_namespace;
}

bool lacks_privilege(Purpose purpose, Log& log) {
    const auto missing = missing_privilege(purpose);
    if (!missing.empty()) log.error("{}", missing);
    return !missing.empty();
}

std::string already_running(const LockAttempt& attempt) {
    return attempt.holder > 0 ? fmt::format("already running (pid {})", attempt.holder) : "already running";
}

std::optional<Exit> refusal(const Judgement& judgement, Log& log) {
    say(judgement, log);
    if (judgement.file_missing) return Exit::no_config;
    if (!judgement.can_start) {
        log.error("the configuration cannot be run; every reason is listed above");
        return Exit::bad_config;
    }
    return std::nullopt;
}

bool move_in(Options& options, Judgement& judgement, LogSink& log) {
    const auto& settings = judgement.outline.process;
    const bool elsewhere = options.net_namespace.empty() && !settings.net_namespace.empty();
    if (elsewhere)
        if (const auto entered = enter_namespace(settings.net_namespace); !entered) {
            log.error("{}; make it first: ip netns add {}", entered.error().describe(), settings.net_namespace);
            return false;
        }
    take_names(options, settings);
    log.add_to_ident(suffix(options, settings));
    if (elsewhere) judgement = judge(options);
    return true;
}

}  // namespace vrrpd::supervisor
