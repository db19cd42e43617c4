// What the actions of the program (program.cpp) have in common: where its files are, what stops a start.
#pragma once

#include <optional>
#include <string>

#include "vrrpd/supervisor/configuration.hpp"
#include "vrrpd/supervisor/instance_lock.hpp"
#include "vrrpd/supervisor/log_sink.hpp"
#include "vrrpd/supervisor/options.hpp"
#include "vrrpd/supervisor/privileges.hpp"
#include "vrrpd/supervisor/supervisor.hpp"

namespace vrrpd::supervisor {

[[nodiscard]] inline std::string owned_path(const Options& options) { return options.runtime_dir + "/owned"; }
[[nodiscard]] inline std::string handoff_path(const Options& options) { return options.runtime_dir + "/handoff"; }

[[nodiscard]] inline int exit_code(Exit code) { return static_cast<int>(code); }

// A name stays relative where the directory in which we were started is gone: there is no such file then.
[[nodiscard]] std::string absolute(const std::string& name);
// What a daemon is started for, before its configuration gives it names.
[[nodiscard]] std::string purpose(const Options& options);
[[nodiscard]] std::string already_running(const LockAttempt& attempt);
// Says what is missing.
[[nodiscard]] bool lacks_privilege(Purpose purpose, Log& log);
// Says every fault. The exit code if it cannot be run.
[[nodiscard]] std::optional<Exit> refusal(const Judgement& judgement, Log& log);
// Into the network namespace that the configuration names, and under the names that follow. The host is looked at again
// from there. false: it could not; said.
[[nodiscard]] bool move_in(Options& options, Judgement& judgement, LogSink& log);

}  // namespace vrrpd::supervisor
