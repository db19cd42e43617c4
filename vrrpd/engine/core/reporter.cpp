#include "vrrpd/engine/core/reporter.hpp"

namespace vrrpd::engine {

void Reporter::tell(const std::vector<Standing>& now) {
    in_arrears_ = false;
    auto before = std::exchange(told_, {});
    for (const auto& standing : now) {
        auto& told = told_[standing.gateway];
        if (const auto known = before.find(standing.gateway); known != before.end()) told = std::move(known->second);
        tell(standing, told);
    }
}

void Reporter::tell(const Standing& now, Told& told) {
    // Remembered as told only if it got through.
    const auto say = [this](auto& known, const auto& value, ipc::Kind kind, const auto& notice) {
        if (known == value) return;
        if (send_(kind, encode(notice)))
            known = value;
        else
            in_arrears_ = true;
    };
    say(told.role, now.role, ipc::Kind::role_change, ipc::RoleChange{now.gateway, now.role, now.adopted});
    say(told.obstacles, now.obstacles, ipc::Kind::readiness, ipc::Readiness{now.gateway, now.obstacles});
    if (!now.priority) return;
    const ipc::Standing standing{now.gateway, now.priority->value(), now.since};
    say(told.standing, standing, ipc::Kind::standing, standing);
}

}  // namespace vrrpd::engine
