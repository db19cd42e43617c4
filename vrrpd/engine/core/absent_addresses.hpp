// Addresses that are wanted on this host, and are kept off it until it is known that no other machine answers for
// them: those that come to a router which is Active already, and static ones. (A whole router is asked for by its state
// machine, before its first claim.) Nobody answers three questions in 200 ms: free. Somebody does: it stays absent, and
// is asked for again from time to time. Pure: the Engine asks, hears, and puts in place what is free.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "netlink/types.hpp"
#include "vrrpd/base/mac.hpp"
#include "vrrpd/base/time.hpp"
#include "vrrpd/engine/core/plan.hpp"
#include "vrrpd/engine/core/world.hpp"
#include "vrrpd/proto/announce.hpp"

namespace vrrpd::engine {

class AbsentAddresses {
public:
    static constexpr unsigned rounds = 3;
    static constexpr Duration round = Duration(std::chrono::milliseconds(200)) / rounds;
    // Between two series of questions for an address that somebody holds: doubled each time, up to the limit.
    static constexpr Duration first_pause = std::chrono::seconds(1), longest_pause = std::chrono::seconds(30);
    static constexpr std::size_t questions_a_turn = 64;

    // An address and the device that it would stand on.
    struct Place {
        IfIndex link;
        IpAddress address;
        auto operator<=>(const Place&) const = default;
    };
    struct Held {
        Place place;
        MacAddress by;
    };

    // Asks first for those of `wanted` that do not stand on this host yet. Where nobody can be asked (no ARP, no such
    // device) there is nothing to wait for.
    void ask_first(const std::vector<netlink::Address>& wanted, const World& world, Instant now);
    // Takes out what is not to be in the kernel now: absent addresses, routes that want them for a source, and, while
    // an address is being asked for, the routes and rules that are not there yet: they may need it.
    void hold_back(Desired& wanted, const World& world) const;

    [[nodiscard]] bool empty() const { return entries_.empty(); }
    [[nodiscard]] bool contains(const Place& place) const { return entries_.contains(place); }
    // Who holds it, as far as it was asked.
    [[nodiscard]] std::optional<MacAddress> holder(const Place& place) const;

    // Somebody answers, on a device that was asked on. What is news: who holds it was not known, or was another one.
    [[nodiscard]] std::vector<Held> answered(IfIndex on, const proto::AddressClaim& claim, Instant now);

    struct Question {
        IfIndex on;
        IpAddress address;
    };
    struct Free {
        Place place;
        bool was_held;  // somebody answered before
    };
    struct Due {
        std::vector<Question> questions;
        std::vector<Free> free;  // absent no more: nobody answered, or it stands on this host meanwhile
    };
    // Call it when next_deadline() is reached, and when devices changed: on one that is down nobody can be asked, and
    // what would stand there waits. Whatever was heard is told before.
    [[nodiscard]] Due step(const World& world, Instant now);
    [[nodiscard]] Deadline next_deadline() const;

    // What is wanted changed: by whom is this address wanted? What is wanted again is asked for anew.
    enum class Wanted : std::uint8_t { never, later, now };
    void review(const std::function<Wanted(const Place&)>& judge, Instant now);

private:
    struct Entry {
        IfIndex asked_on;  // the device below a virtual one
        unsigned rounds_left = rounds;
        Instant at{};          // the next round, or the end of the last one
        bool resting = false;  // nobody wants it now
        bool waits = false;    // its device is down
        std::optional<MacAddress> holder = {};
        Duration pause{0};
    };

    [[nodiscard]] static bool look_at(const Place& place, Entry& entry, const World& world, Instant now, Due& due);

    std::map<Place, Entry> entries_;
};

}  // namespace vrrpd::engine
