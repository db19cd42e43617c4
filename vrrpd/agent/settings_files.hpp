// Finds and reads the files of other programs whose settings are compared between the members, as far as the agent's
// user may read them. A shell.
#pragma once

#include <optional>
#include <string>

namespace vrrpd::agent {

// A regular file of at most 4 MiB; nullopt: not that, or not for us.
[[nodiscard]] std::optional<std::string> read_settings(const char* path);
// AdGuardHome.yaml, wherever it is usual. All below `root`, which is empty but for tests.
[[nodiscard]] std::optional<std::string> read_adguard(const std::string& root = {});

}  // namespace vrrpd::agent
