// What others ask the engine about itself, the status and the dumps, looked up piece by piece: 1,000 routers take
// longer than an advert may wait. The engine's.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/engine/bfd_desk.hpp"
#include "vrrpd/engine/claim_desk.hpp"
#include "vrrpd/engine/core/dump.hpp"
#include "vrrpd/engine/core/peer_names.hpp"
#include "vrrpd/engine/core/router_table.hpp"
#include "vrrpd/engine/core/status.hpp"
#include "vrrpd/engine/core/trackers.hpp"
#include "vrrpd/engine/gateway_keeper.hpp"
#include "vrrpd/engine/group_desk.hpp"
#include "vrrpd/engine/transport.hpp"
#include "vrrpd/ipc/channel.hpp"

namespace vrrpd::engine {

class Survey {
public:
    // Where it looks. Of routers it only ever clears counters, where a dump says so.
    struct Sources {
        Loop& loop;
        Log& log;
        ipc::Channel& channel;
        const RouterTable& routers;
        const World& world;
        const PeerNames& peers;
        const Transport& transport;
        const GroupDesk& groups;
        const GatewayKeeper& gateways;
        const ClaimDesk& claims;
        const BfdDesk& bfd;
        const Trackers& trackers;
    };
    // Why this gateway, with its router, could not take over now.
    using Obstacles = std::function<std::vector<std::string>(std::size_t gateway, const Router& router)>;

    Survey(const Sources& sources, bool observing, Obstacles obstacles)
        : from_(sources), observing_(observing), obstacles_(std::move(obstacles)) {}

    // One answer for all who ask while it is made.
    void begin_status();
    // `scripts`: what the supervisor knows of them, or no descriptor. Asked for twice before it is made, it is made
    // once.
    void begin_dump(ipc::DumpForm form, const Fd& scripts);
    // The routers are others now: from the beginning.
    void restart();

    [[nodiscard]] bool has_work() const { return status_ || !dumps_.empty(); }
    // Does a piece of the work. Whether something was finished: what it needed can be given back.
    bool step();

private:
    [[nodiscard]] bool continue_status();
    [[nodiscard]] bool continue_dump();
    [[nodiscard]] RouterStatus status_of(const Router& router) const;
    [[nodiscard]] GroupStatus status_of(const GroupDesk::Group& group) const;
    void add_gateways();
    [[nodiscard]] std::vector<DumpedGroup> dumped_groups() const;
    static void clear_counters(Router& router);
    void hand_over(const Dump& dump);

    struct StatusWork {
        StatusReport report;
        std::size_t done = 0;  // routers
    };

    Sources from_;
    bool observing_;
    Obstacles obstacles_;
    std::optional<StatusWork> status_;  // being made
    std::deque<Dump> dumps_;            // likewise; the first one
    std::size_t dumped_ = 0;            // routers that are in it
};

}  // namespace vrrpd::engine
