// The signals that a running daemon obeys, by keepalived's names: for the supervisor's mask, what it
// does,
// --signum, and the children, who leave them to it.
#pragma once

#include <csignal>
#include <optional>
#include <string_view>
#include <vector>

#include "vrrpd/ipc/dump.hpp"

namespace vrrpd::supervisor {

struct NamedSignal {
    std::string_view name;
    int number;
    std::optional<ipc::DumpForm> dump = std::nullopt;  // that it asks for
};

// SIGRTMIN and SIGRTMAX are the C library's to say, at run time.
[[nodiscard]] inline std::vector<NamedSignal> named_signals() {
    return {{"STOP", SIGTERM},
            {"RELOAD", SIGHUP},
            {"DATA", SIGUSR1, ipc::DumpForm::data},
            {"STATS", SIGUSR2, ipc::DumpForm::stats},
            {"STATS_CLEAR", SIGRTMAX - 1, ipc::DumpForm::stats_clear},
            {"JSON", SIGRTMIN + 2, ipc::DumpForm::json}};
}

}  // namespace vrrpd::supervisor
