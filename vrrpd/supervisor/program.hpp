// The program behind main(): command line to exit code. The engine comes in from outside, so that tests run
// the whole program with engines of their own.
#pragma once

#include <string>
#include <vector>

#include "vrrpd/supervisor/engine_process.hpp"

namespace vrrpd::supervisor {

[[nodiscard]] int run_program(const std::vector<std::string>& words, const EngineMain& engine);

}  // namespace vrrpd::supervisor
