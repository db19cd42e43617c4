// A virtual router and its events in few words, for the tests of the state machine.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/proto/text.hpp"
#include "vrrpd/proto/machine.hpp"
#include "vrrpd/proto/timers.hpp"

namespace vrrpd::proto {

// gtest shows an action by this.
inline void PrintTo(const Action& action, std::ostream* out) { *out << text(action); }

namespace fixture {

using namespace std::chrono_literals;

inline const IpAddress h003 = IpAddress::v4(10, 12, 14, 4);
inline const IpAddress h002 = IpAddress::v4(10, 12, 14, 3);  // we
inline const IpAddress h001 = IpAddress::v4(10, 12, 14, 2);

inline Priority priority(unsigned value) { return Priority::configured(value).value(); }

inline RouterParameters parameters(unsigned value, Centiseconds interval = 1s) {
    RouterParameters result;
    result.priority = priority(value);
    result.advert_interval = interval;
    return result;
}

inline Received advert(unsigned value, const IpAddress& source = h003, Centiseconds interval = 1s) {
    return {Priority::from_wire(static_cast<std::uint8_t>(value)), interval, source, h002};
}

struct Router {
    explicit Router(const RouterParameters& with) : machine(with) {}

    Actions at(Duration when, const Event& event) { return machine.step(Instant(when), event); }
    Actions receive(Duration when, const Received& what) { return at(when, what); }
    // Every deadline up to `end`; all actions.
    Actions run(Duration end) {
        Actions all;
        while (machine.next_deadline() && *machine.next_deadline() <= Instant(end)) {
            for (auto& action : machine.step(*machine.next_deadline(), TimeReached{})) all.push_back(action);
        }
        return all;
    }
    [[nodiscard]] Duration deadline() const { return machine.next_deadline().value().time_since_epoch(); }
    [[nodiscard]] Role role() const { return machine.role(); }

    VirtualRouter machine;
};

// Started at 0 and Active through silence.
inline Router active_router(const RouterParameters& with) {
    Router router(with);
    router.at(0s, Start{});
    while (router.role() != Role::active) router.run(router.deadline());
    return router;
}

inline std::size_t notes(const Actions& actions, Remark remark) {
    return static_cast<std::size_t>(std::count_if(actions.begin(), actions.end(), [remark](const Action& action) {
        const auto* note = std::get_if<Note>(&action);
        return note && note->remark == remark;
    }));
}

template <class Kind>
std::size_t count(const Actions& actions) {
    return static_cast<std::size_t>(std::count_if(
        actions.begin(), actions.end(), [](const Action& action) { return std::holds_alternative<Kind>(action); }));
}

inline Action moved(Role from, Role to, Cause cause, std::optional<IpAddress> peer = {}, Duration silence = 0s) {
    return Transition{from, to, cause, peer, silence};
}

}  // namespace fixture
}  // namespace vrrpd::proto
