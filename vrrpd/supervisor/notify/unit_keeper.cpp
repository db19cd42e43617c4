#include "vrrpd/supervisor/notify/unit_keeper.hpp"

#include <fmt/format.h>

#include <utility>

#include "vrrpd/base/loop.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr Duration limit = std::chrono::seconds(30);  // systemctl does not wait for the unit, but it may for systemd

}  // namespace

void UnitKeeper::expect(Needs needs) {
    needs_ = std::move(needs);
    std::erase_if(units_, [](const auto& one) { return !one.second.listed && !one.second.under_way; });
    std::erase_if(roles_, [this](const auto& role) { return !needs_.contains(role.first); });
    for (auto& [name, unit] : units_) unit.listed = false;
    for (const auto& [gateway, names] : needs_) {
        for (const auto& name : names) {
            auto& unit = units_[name];
            unit.gateway = gateway;
            unit.listed = true;
        }
    }
    for (auto& [name, unit] : units_)
        if (!unit.listed && unit.wanted == true) want(name, unit, false);
    for (const auto& [gateway, active] : std::map(roles_)) role(gateway, active);
}

void UnitKeeper::role(const std::string& gateway, bool active) {
    const auto known = needs_.find(gateway);
    if (known == needs_.end()) return;
    roles_[gateway] = active;
    for (const auto& name : known->second) want(name, units_.at(name), active);
    tell(gateway);
}

void UnitKeeper::stop_all() {
    for (auto& [name, unit] : units_)
        if (unit.wanted != false) want(name, unit, false);
}

void UnitKeeper::want(const std::string& name, Unit& unit, bool active) {
    if (unit.wanted == active) return;
    unit.wanted = active;
    unit.failures = 0;
    unit.again_at.reset();
    order(name, unit);
}

std::vector<UnitKeeper::Order> UnitKeeper::memory() const {
    std::vector<Order> orders;
    for (const auto& [name, unit] : units_)
        if (unit.ordered && unit.ordered == unit.wanted && !unit.under_way && unit.problem.empty())
            orders.push_back({name, *unit.ordered});
    return orders;
}

void UnitKeeper::remember(const std::vector<Order>& orders) {
    for (const auto& order : orders)
        if (const auto unit = units_.find(order.unit); unit != units_.end())
            unit->second.wanted = unit->second.ordered = order.runs;
}

// One at a time: two that run beside one another could reach systemd in either order.
void UnitKeeper::order(const std::string& name, Unit& unit) {
    if (unit.under_way || unit.ordered == unit.wanted) return;
    unit.under_way = true;
    unit.ordered = unit.wanted;
    Command command;
    command.words = {"systemctl", "--no-block", *unit.wanted ? "start" : "stop", "--", name};
    command.what = fmt::format("{} (for gateway {})", fmt::join(command.words, " "), unit.gateway);
    command.limit = limit;
    command.done = [this, name](const Outcome& outcome) { finished(name, outcome); };
    log_.info("gateway {}: unit {} is {}", unit.gateway, name, *unit.wanted ? "started" : "stopped");
    runner_.run(std::move(command));
}

void UnitKeeper::finished(const std::string& name, const Outcome& outcome) {
    auto& unit = units_.at(name);
    unit.under_way = false;
    unit.problem = outcome.problem;
    const bool still_wanted = unit.ordered == unit.wanted;
    if (still_wanted && !outcome.problem.empty() && ++unit.failures < tries) unit.again_at = boot_now() + pause;
    if (!still_wanted) order(name, unit);
    tell(unit.gateway);
}

Deadline UnitKeeper::next_deadline() const {
    Deadline next = runner_.next_deadline();
    for (const auto& [name, unit] : units_) next = earlier(next, unit.again_at);
    return next;
}

void UnitKeeper::step(Instant now) {
    runner_.step(now);
    for (auto& [name, unit] : units_) {
        if (!unit.again_at || now < *unit.again_at) continue;
        unit.again_at.reset();
        unit.ordered.reset();
        order(name, unit);
    }
}

void UnitKeeper::tell(const std::string& gateway) const {
    const auto known = needs_.find(gateway);
    if (known == needs_.end()) return;
    ipc::Units units{gateway, {}};
    for (const auto& name : known->second) {
        const auto& unit = units_.at(name);
        units.all.push_back({name, unit.wanted == true, unit.problem});
    }
    tell_(units);
}

}  // namespace vrrpd::supervisor
