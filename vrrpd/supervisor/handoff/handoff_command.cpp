#include "vrrpd/supervisor/handoff/handoff_command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "vrrpd/supervisor/handoff/handoff_wire.hpp"
#include "vrrpd/supervisor/handoff/make_way.hpp"
#include "vrrpd/supervisor/program_parts.hpp"

namespace vrrpd::supervisor {

std::optional<int> hand_off(std::vector<std::string> words, Options options, LogSink& log) {
    if (lacks_privilege(Purpose::run, log)) return exit_code(Exit::no_permission);
    auto judgement = judge(options);
    const auto asked_for = purpose(options), places = options.runtime_dir;
    if (!move_in(options, judgement, log)) return exit_code(Exit::failed);
    auto daemon = connect_for_handoff(handoff_path(options));
    if (const pid_t other = daemon ? 0 : holder_for(asked_for, places); other > 0) {
        log.error(
            "no handoff: a daemon runs for {} (pid {}), and takes none at {}: it begins, or ends, or has the names of "
            "another instance, net_namespace or use_pid_dir; restart it",
            asked_for, other, handoff_path(options));
        return exit_code(Exit::failed);
    }
    if (!daemon) return std::nullopt;
    if (const auto refused = refusal(judgement, log)) {
        log.error("no handoff: the configuration could not start");
        return exit_code(*refused);
    }
    if (!judgement.balanced) {
        log.error("no handoff: the configuration is not taken, for {}", not_balanced);
        return exit_code(Exit::bad_config);
    }
    std::erase(words, "--handoff");
    const Fd executable(open("/proc/self/exe", O_RDONLY | O_CLOEXEC)), directory(open(".", O_PATH | O_CLOEXEC));
    constexpr std::chrono::seconds limit{60};
    while (auto answer = daemon->wait_for(limit)) {
        if (answer->word == "welcome") {
            daemon->send("request", pack(words), {{"executable", executable.get()}, {"directory", directory.get()}});
            continue;
        }
        if (answer->word == "refused") {
            log.error("no handoff: {}", answer->text);
            return exit_code(Exit::failed);
        }
        log.notice("{}", answer->text);
        if (answer->word == "done") return exit_code(Exit::ok);
    }
    log.error("no handoff: the running daemon does not answer; it may be of a version that knows none: restart it");
    return exit_code(Exit::failed);
}

int make_way(std::vector<std::string> words, const Options& options, LogSink& log) {
    if (!unit_is_restarted(log)) return 0;
    std::replace(words.begin(), words.end(), std::string("--make-way"), std::string("--aside"));
    const auto status = hand_off(std::move(words), options, log);
    if (status && *status != exit_code(Exit::ok)) log.warning("the restart moves the role, as a stop does");
    return 0;
}

}  // namespace vrrpd::supervisor
