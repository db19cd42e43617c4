#include "vrrpd/engine/core/router_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "vrrpd/base/assert.hpp"

namespace vrrpd::engine {

RouterTable::Generation RouterTable::exchange(Generation next) {
    deadlines_.reset(next.routers.size());
    return std::exchange(now_, std::move(next));
}

std::uint32_t RouterTable::number_of(const Router& router) const {
    const auto number = static_cast<std::size_t>(router.config - config().instances.data());
    ASSERT(number < size() && &(*this)[number] == &router);
    return static_cast<std::uint32_t>(number);
}

Router* RouterTable::find_claim(std::uint32_t number, std::uint32_t claim) const {
    if (number < size() && (*this)[number].claim == claim) return &(*this)[number];
    const auto mine = std::find_if(begin(), end(), [claim](const auto& router) { return router->claim == claim; });
    return mine == end() ? nullptr : mine->get();
}

Router* RouterTable::leader_of(const config::Gateway& gateway) const {
    const auto leader = std::find_if(begin(), end(), [&](const auto& router) {
        return router->followed.gateway == &gateway && router->followed.leads;
    });
    return leader == end() ? nullptr : leader->get();
}

const Router* RouterTable::first_installed(const config::Gateway& gateway) const {
    const auto first = std::find_if(
        begin(), end(), [&](const auto& router) { return router->installed && router->followed.gateway == &gateway; });
    return first == end() ? nullptr : first->get();
}

std::vector<std::string> RouterTable::faults_of(const Router& router) const {
    const auto& own = router.troubles->faults;
    if (!own.empty() || !router.config->sync_group) return own;
    const auto& group = config().sync_groups[*router.config->sync_group];
    std::vector<std::string> result;
    for (const auto number : group.members) {
        const auto& other = (*this)[number];
        for (const auto& fault : other.troubles->faults)
            result.push_back(fmt::format("{} of VRRP_Group({}): {}", other.config->name, group.name, fault));
    }
    return result;
}

void RouterTable::schedule(const Router& router) {
    const auto next = earlier(router.machine.next_deadline(), router.announcer.next_deadline());
    deadlines_.set(number_of(router), earlier(next, router.renew_at));
}

}  // namespace vrrpd::engine
