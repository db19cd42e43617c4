// What Active routers hold in the kernel, and what they announce: claimed in the order of a take-over, renewed (the
// dead man), put back where somebody takes it away, and given back when the role ends. An observer holds nothing.
// The engine's.
//
// claim_desk.cpp: a claim from its beginning to its end; claim_upkeep.cpp: what becomes of it meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/engine/absent_desk.hpp"
#include "vrrpd/engine/core/plan.hpp"
#include "vrrpd/engine/core/router_table.hpp"
#include "vrrpd/engine/gateway_keeper.hpp"
#include "vrrpd/engine/kernel_desk.hpp"
#include "vrrpd/engine/refusals.hpp"
#include "vrrpd/engine/speaker.hpp"
#include "vrrpd/engine/virtual_devices.hpp"

namespace vrrpd::engine {

class ClaimDesk {
public:
    struct Parts {
        Loop& loop;
        Log& log;
        RouterTable& routers;
        KernelDesk& kernel;
        Speaker& speaker;
        GatewayKeeper& gateways;
        VirtualDevices& devices;
        Refusals& refusals;
        AbsentDesk& absent;
    };
    struct Orders {
        std::function<void(Router&, const proto::Event&)> drive;
        // A claim is under way, until `done`: whoever is woken meanwhile needs the processor that it needs.
        std::function<void()> begun;
        std::function<void()> done;
    };

    ClaimDesk(const Parts& parts, Orders orders)
        : loop_(parts.loop),
          log_(parts.log),
          routers_(parts.routers),
          kernel_(parts.kernel),
          speaker_(parts.speaker),
          gateways_(parts.gateways),
          devices_(parts.devices),
          refusals_(parts.refusals),
          absent_(parts.absent),
          orders_(std::move(orders)) {}

    // The advert has left; now the fence, then addresses, routes and rules, then the announcements.
    void claim(Router& router, proto::Cause cause);
    void release(Router& router);

    // The dead man's sign of life: addresses and fence for another lifetime.
    void renew(Router& router);
    // Something may have been taken away.
    void repair_all();
    // More has become possible: what it wants and does not have is added.
    void complete(Router& router);
    // Everything it announces is told again, as keepalived does after an advert of lower priority ...
    void repeat_announcements(Router& router);
    // ... or from the beginning.
    void announce_all(Router& router);

    // Over a reload, for a router that is Active and keeps its role; before its configuration is the new one.
    // `number`: in the new configuration.
    struct Edit {
        std::uint32_t number;
        std::uint32_t claim;
        Desired gone, fresh;
    };
    [[nodiscard]] Edit edit_of(Router& router, const config::Instance& after, const Followed& gateway,
                               std::size_t number);
    // When the routers are in their table.
    void carry_out(const std::vector<Edit>& edits);

    // What a run that crashed left behind. Only what carries our tag is removed: an untagged virtual address is
    // somebody's own; it is adopted with the role, never stripped.
    void remove_leftovers();

    // For the status: what it should have by its role and does not: after a take-over that was DEGRADED, and what
    // somebody takes away faster than it is put back. While writes are under way nothing is.
    [[nodiscard]] std::vector<std::string> missing_of(const Router& router) const;

private:
    using Results = std::vector<Result<void>>;
    enum class Say : std::uint8_t { nothing, failures };
    struct UnderWay {
        Instant began;
        proto::Cause cause;
        Desired wanted;
        std::size_t devices;  // the results begin with those of so many virtual devices
    };

    void write_for(Router& router, std::vector<netlink::Request> requests, Say say,
                   std::function<void(Router&, const Results&)> then);
    void log_failures(const std::string& name, const Results& results);
    void raise_devices(const Router& router, std::vector<netlink::Request>& requests);
    void lower_devices(const Router& router);
    void refuse_packets();
    void purge_connections(const Router& router, const Desired& withdrawn);
    void claimed(Router& router, const UnderWay& claim, const Results& results);
    [[nodiscard]] bool failed(Router& router, const UnderWay& claim, const Results& results) const;
    [[nodiscard]] bool degraded(const Router& router, const Results& results) const;
    [[nodiscard]] std::optional<Instant> fence_step(const Router& router, const UnderWay& claim) const;

    void repair(Router& router);
    [[nodiscard]] bool resigns_over(Router& router, const Desired& lost);
    [[nodiscard]] bool gives_up_over(Router& router, const Desired& lost);
    void put_back(Router& router, const Desired& lost, bool say);
    void add(Router& router, const Desired& more, Say say);
    void renewed(Router& router, const Results& results);
    [[nodiscard]] const World& world() const { return kernel_.world(); }
    [[nodiscard]] bool keeps_fence_open(const Router& router) const;

    Loop& loop_;
    Log& log_;
    RouterTable& routers_;
    KernelDesk& kernel_;
    Speaker& speaker_;
    GatewayKeeper& gateways_;
    VirtualDevices& devices_;
    Refusals& refusals_;
    AbsentDesk& absent_;
    Orders orders_;
    std::uint32_t claims_ = 0;  // so far
};

}  // namespace vrrpd::engine
