// Sync groups: what their members say goes to the cores (proto/sync_group), and what these order comes back, so that
// one event moves all members in one turn. The engine's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/engine/core/herald.hpp"
#include "vrrpd/engine/core/router_table.hpp"
#include "vrrpd/proto/sync_group.hpp"

namespace vrrpd::engine {

class GroupDesk {
public:
    // What is done with members.
    struct Orders {
        std::function<void(Router&)> begin;
        std::function<void(Router&, const proto::Event&)> drive;
        std::function<void(Router&)> say_fault;
    };
    struct Group {
        std::string name;
        proto::SyncGroup machine;
        Instant since{};                            // its role is the same
        const config::SyncGroup* config = nullptr;  // into the configuration of the routers
        bool adopts = false;                        // its members may go on as an engine before left them
        bool moving = false;                        // they obey
        bool others_said = false;                   // this move was told of as the group's
    };

    GroupDesk(Loop& loop, Log& log, RouterTable& routers, Herald& herald, Orders orders)
        : loop_(loop), log_(log), routers_(routers), herald_(herald), orders_(std::move(orders)) {}

    // At start and after a reload, when the routers are in their table. `adopts`: this engine goes on where another
    // one left, and may do so with groups that are new to it.
    void form(bool adopts);

    // About a member of a group. What it looks like was judged anew ...
    void judged(Router& router) { news(router, proto::SyncGroup::News::looked_at); }
    // ... or its machine made a step ...
    void stepped(Router& router, proto::Role before, const proto::Actions& actions);
    // ... of which an advert was the cause: one that joined an Active group hears another router.
    void heard(Router& router);

    // At the ordered end, when their members have stopped.
    void stop();

    // In the order of the configuration; good until they are formed anew.
    [[nodiscard]] const std::vector<Group>& all() const { return groups_; }

private:
    [[nodiscard]] Group& group_of(const Router& router);
    [[nodiscard]] Group formed(const config::SyncGroup& config, bool adopts) const;
    void news(Router& router, proto::SyncGroup::News news);
    void adopt(Group& group);
    void perform(Group& group, Router& about, const proto::SyncGroup::Tell& action);
    void perform(Group& group, Router& about, const proto::SyncGroup::Moved& action);

    Loop& loop_;
    Log& log_;
    RouterTable& routers_;
    Herald& herald_;
    Orders orders_;
    std::vector<Group> groups_;  // beside Config::sync_groups
};

}  // namespace vrrpd::engine
