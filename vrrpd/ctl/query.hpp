// Asks the daemon at its control socket. A shell, for main.cpp.
#pragma once

#include <string>

#include <tl/expected.hpp>

namespace vrrpd::ctl {

// The answer to one line; the error says what went wrong, and what to do.
[[nodiscard]] tl::expected<std::string, std::string> ask(const std::string& runtime_dir, const std::string& request);

}  // namespace vrrpd::ctl
