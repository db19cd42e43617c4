// What a fault says, and what -t makes of them.
#include <fmt/format.h>

#include <algorithm>

#include "vrrpd/config/parse.hpp"

namespace vrrpd::config {
namespace {

int status_of(Severity severity) {
    switch (severity) {
        case Severity::note:
        case Severity::warning:
            return 0;
        case Severity::missing:
            return 2;
        case Severity::unusable:
            return 4;
        case Severity::error:
            return 5;
        case Severity::security:
            return 6;
    }
    return 0;
}

}  // namespace

std::string Fault::describe() const {
    if (at.file.empty()) return text;
    if (at.line == 0) return fmt::format("{}: {}", at.file, text);
    if (at.column == 0) return fmt::format("{}:{}: {}", at.file, at.line, text);
    return fmt::format("{}:{}:{}: {}", at.file, at.line, at.column, text);
}

bool Parsed::can_start() const {
    return std::none_of(faults.begin(), faults.end(), [](const Fault& fault) { return fault.prevents_start; });
}

// keepalived keeps the numerically larger status of several, but stops at once at a missing parameter: so 2
// wins over all. We go on parsing, and end with the same code.
int config_test_status(const std::vector<Fault>& faults, bool file_missing, bool as_keepalived) {
    constexpr int no_configuration = 6;
    if (file_missing) return as_keepalived ? 0 : no_configuration;
    int status = 0;
    for (const auto& fault : faults) {
        if (fault.severity == Severity::missing) return status_of(Severity::missing);
        // One of our own blocks may hold a fault that keepalived knows nothing of; it is never class 0.
        const int least = fault.prevents_start ? status_of(Severity::unusable) : 0;
        status = std::max({status, status_of(fault.severity), least});
    }
    return status;
}

}  // namespace vrrpd::config
