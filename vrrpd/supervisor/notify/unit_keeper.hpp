// Units of systemd that run on the Active alone (while_active of a gateway): started and stopped without waiting, one
// order a unit at a time, the latest state wins. The supervisor's.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/base/log.hpp"
#include "vrrpd/ipc/notices.hpp"
#include "vrrpd/supervisor/scripts/command_runner.hpp"

namespace vrrpd::supervisor {

class UnitKeeper {
public:
    using Needs = std::map<std::string, std::vector<std::string>>;  // the units, by gateway
    // Of one gateway, whenever anything of it is new.
    using Tell = std::function<void(const ipc::Units&)>;

    // An order that failed is given again so often, and after so long.
    static constexpr int tries = 3;
    static constexpr Duration pause = std::chrono::seconds(5);

    UnitKeeper(Log& log, Tell tell) : log_(log), tell_(std::move(tell)), runner_(log, {4, 10'000}) {}

    // Those that are new are left alone until the gateway's role is known; those that are gone are stopped, if they run
    // by our order.
    void expect(Needs needs);
    void role(const std::string& gateway, bool active);
    void stop_all();

    // Of a handoff: the orders that were carried out, which the successor does not give again.
    struct Order {
        std::string unit;
        bool runs;
        bool operator==(const Order&) const = default;
    };
    [[nodiscard]] std::vector<Order> memory() const;
    void remember(const std::vector<Order>& orders);

    [[nodiscard]] bool idle() const { return runner_.idle(); }
    void child_ended() { runner_.child_ended(); }
    [[nodiscard]] Deadline next_deadline() const;
    void step(Instant now);

private:
    struct Unit {
        std::string gateway;
        bool listed = true;                   // in the configuration; else it is forgotten by the next one
        std::optional<bool> wanted, ordered;  // to run
        bool under_way = false;
        int failures = 0;  // of the order that is wanted
        Deadline again_at;
        std::string problem;
    };

    void want(const std::string& name, Unit& unit, bool active);
    void order(const std::string& name, Unit& unit);
    void finished(const std::string& name, const Outcome& outcome);
    void tell(const std::string& gateway) const;

    Log& log_;
    Tell tell_;
    Needs needs_;
    std::map<std::string, bool> roles_;  // by gateway: Active
    std::map<std::string, Unit> units_;  // by name
    CommandRunner runner_;
};

}  // namespace vrrpd::supervisor
