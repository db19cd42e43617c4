#include "vrrpd/engine/reporter.hpp"

#include "vrrpd/ipc/notices.hpp"

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
    if (told.role != now.role) {
        const ipc::RoleChange change{now.gateway, now.role, now.adopted};
        if (send_(ipc::Kind::role_change, encode(change)))
            told.role = now.role;
        else
            in_arrears_ = true;
    }
    if (told.obstacles != now.obstacles) {
        if (send_(ipc::Kind::readiness, encode(ipc::Readiness{now.gateway, now.obstacles})))
            told.obstacles = now.obstacles;
        else
            in_arrears_ = true;
    }
}

}  // namespace vrrpd::engine
