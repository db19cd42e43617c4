// Addresses that come to a router which is Active already, or to the static ones, through AbsentAddresses: they are
// asked for before they are put in place, and stay away while another machine answers for them. The engine's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/engine/core/absent_addresses.hpp"
#include "vrrpd/engine/core/plan.hpp"
#include "vrrpd/engine/core/router_table.hpp"
#include "vrrpd/engine/core/world.hpp"
#include "vrrpd/engine/speaker.hpp"
#include "vrrpd/engine/static_keeper.hpp"

namespace vrrpd::engine {

class AbsentDesk {
public:
    struct Parts {
        Loop& loop;
        Log& log;
        const RouterTable& routers;
        const World& world;
        AbsentAddresses& absent;
        Speaker& speaker;
        StaticKeeper& statics;
    };
    // What a router wants and does not have is to be added.
    using Complete = std::function<void(Router&)>;

    AbsentDesk(const Parts& parts, Complete complete)
        : loop_(parts.loop),
          log_(parts.log),
          routers_(parts.routers),
          world_(parts.world),
          absent_(parts.absent),
          speaker_(parts.speaker),
          statics_(parts.statics),
          complete_(std::move(complete)) {}

    // What an Active router is to have in the kernel: all that it is configured with, but what is absent.
    [[nodiscard]] Desired wanted_by(const Router& router) const;
    // Another machine may have taken meanwhile what is not there: that is asked for first.
    void ask_for_missing(const Router& router);
    // A router that keeps its role becomes this one, over a reload: what it is to have then.
    [[nodiscard]] Desired wanted_after(const config::Instance& instance, const Followed& gateway,
                                       const Desired& stands);

    // Devices as they will be; the picture is as it was.
    void devices_coming(const std::vector<netlink::Link>& links);
    // ... and now it has them.
    void devices_came();
    // Roles or the configuration changed.
    void review();
    // Devices changed, or next_deadline() is reached.
    void look();
    void answered(IfIndex link, const proto::AddressClaim& claim);
    [[nodiscard]] Deadline next_deadline() const { return absent_.next_deadline(); }

    // For the status: which addresses of a router are absent, and why.
    [[nodiscard]] std::vector<std::string> absent_of(const Router& router) const;

private:
    [[nodiscard]] bool has_place(const Router& router, const AbsentAddresses::Place& place) const;

    Loop& loop_;
    Log& log_;
    const RouterTable& routers_;
    const World& world_;
    AbsentAddresses& absent_;
    Speaker& speaker_;
    StaticKeeper& statics_;
    Complete complete_;
    std::vector<IfIndex> came_;  // devices that are new, or have another name: nothing of ours was put there yet
};

}  // namespace vrrpd::engine
