// A parsed configuration in lines for the log (-d). Secrets have no place in Config, so none can appear.
#pragma once

#include <string>
#include <vector>

#include "vrrpd/config/model.hpp"

namespace vrrpd::supervisor {

[[nodiscard]] std::vector<std::string> describe(const config::Config& config);

}  // namespace vrrpd::supervisor
