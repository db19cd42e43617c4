// static_ipaddress, static_routes and static_rules: there as long as the daemon runs, whatever the roles;
// put back at once when somebody takes them away. Only what we added ourselves, or an earlier run of ours, is ever
// removed; and an address that another machine answers for is not added. The engine's.
#pragma once

#include <map>
#include <string>

#include "vrrpd/base/back_off.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/config/model.hpp"
#include "vrrpd/engine/core/absent_addresses.hpp"
#include "vrrpd/engine/core/plan.hpp"
#include "vrrpd/engine/kernel_desk.hpp"

namespace vrrpd::engine {

class StaticKeeper {
public:
    StaticKeeper(Log& log, KernelDesk& desk, AbsentAddresses& absent) : log_(log), desk_(desk), absent_(absent) {}

    // At start and after a reload: what is new comes, what is gone from the configuration goes.
    void configure(const config::StaticEntries& entries, Instant now);
    // The picture of the kernel changed: a device came, or something of ours went.
    void look(Instant now);
    // Nobody answers for these, which were asked for.
    void put_in_place(const std::vector<AbsentAddresses::Free>& free);
    [[nodiscard]] bool wants(const AbsentAddresses::Place& place) const;
    // At the ordered end.
    void withdraw();

private:
    [[nodiscard]] Desired configured() const;
    [[nodiscard]] Desired wanted() const;
    void say_lost(const Desired& lost);
    void add(const Desired& lost);
    void added(const Desired& more, const std::vector<Result<void>>& results);
    void remove(Desired gone);
    void say_refused(const std::string& what, Instant now);

    Log& log_;
    KernelDesk& desk_;
    AbsentAddresses& absent_;
    config::StaticEntries entries_;
    Desired ours_;             // what we added
    Desired tried_;            // ... and what the kernel did not take
    unsigned pending_ = 0;     // additions that were not answered yet
    bool overlooked_ = false;  // something may be missing: it was not looked for meanwhile
    BackOff repairs_;
    std::map<std::string, Instant> refused_;  // what the kernel did not take, and when last
};

}  // namespace vrrpd::engine
