// static_ipaddress, static_routes and static_rules: there as long as the daemon runs, whatever the roles;
// put back at once when somebody takes them away. Only what we added ourselves, or an earlier run of ours, is ever
// removed. The engine's.
#pragma once

#include "vrrpd/base/log.hpp"
#include "vrrpd/config/model.hpp"
#include "vrrpd/engine/kernel_desk.hpp"
#include "vrrpd/engine/plan.hpp"

namespace vrrpd::engine {

class StaticKeeper {
public:
    StaticKeeper(Log& log, KernelDesk& desk) : log_(log), desk_(desk) {}

    // At start and after a reload: what is new comes, what is gone from the configuration goes.
    void configure(const config::StaticEntries& entries, Instant now);
    // The picture of the kernel changed: a device came, or something of ours went.
    void look(Instant now);
    // At the ordered end.
    void withdraw();

private:
    [[nodiscard]] Desired wanted() const;
    void add(const Desired& lost);
    void remove(Desired gone);
    [[nodiscard]] bool back_off(Instant now);

    Log& log_;
    KernelDesk& desk_;
    config::StaticEntries entries_;
    Desired ours_;          // what we added
    unsigned pending_ = 0;  // additions that were not answered yet
    Instant repaired_{};    // when something was last put back
    Duration pause_{0};     // ... and the back-off since
};

}  // namespace vrrpd::engine
