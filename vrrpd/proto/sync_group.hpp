// A sync group: virtual routers of one host that move together, so that a host which lost one of
// its networks is not half a gateway. Pure: what the members are now in, ordered orders for them out.
//
// The rules. One member that cannot run (a fault of its own) keeps all in FAULT. One that gives up the role, or obeys
// another router while its fellows are Active, pulls all to Backup. None becomes Active before all of them want to be,
// which VirtualRouter says with Wants; hence a group preempts only where every member may.
//
// The order is keepalived's: the member that brought the change, then the others as they stand in the file, then the
// group itself; at a first start without a fault the group comes first.
//
// Used by the engine and the simulator, for members whose RouterParameters are `grouped`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "vrrpd/proto/types.hpp"

namespace vrrpd::proto {

class SyncGroup {
public:
    // `waits_for_scripts`: its members begin with the first results of some. `role`: it is made of members that run.
    explicit SyncGroup(bool waits_for_scripts = false, std::optional<Role> role = std::nullopt)
        : role_(role), waits_for_scripts_(waits_for_scripts) {}

    // One member as it is now.
    struct Member {
        Role role = Role::initialize;
        bool able = false;     // no fault of its own
        bool wants = false;    // VirtualRouter::wants()
        bool follows = false;  // VirtualRouter::follows()
    };

    // What happened to a member.
    enum class News : std::uint8_t {
        looked_at,  // its faults were, or the group itself is new
        wants,      // it said Wants
        lost,       // it went from Active to Backup
        heard,      // it took an advert in
        stopped,    // it was told to stop, with all others
    };

    // ---- actions
    enum class Order : std::uint8_t { start, promote, yield, fault };
    struct Tell {
        std::size_t member;
        Order order;
        bool operator==(const Tell&) const = default;
    };
    // The group as a whole. Members whose group has no role yet: none.
    struct Moved {
        std::optional<Role> from;
        std::optional<Role> to;  // none: stopped
        bool operator==(const Moved&) const = default;
    };
    using Action = std::variant<Tell, Moved>;
    using Actions = std::vector<Action>;

    // `members` in the order of the file. Orders are to be carried out before the next step; what a member says while
    // it obeys one is no news.
    [[nodiscard]] Actions step(std::span<const Member> members, std::size_t about, News news);

    // none: not begun, or stopped.
    [[nodiscard]] std::optional<Role> role() const { return role_; }

private:
    [[nodiscard]] static Actions in_order(std::span<const Member> members, std::size_t about, Order order,
                                          bool (*concerned)(const Member&));
    [[nodiscard]] Actions then(Actions orders, std::optional<Role> role);

    std::optional<Role> role_;
    bool waits_for_scripts_;
};

}  // namespace vrrpd::proto
