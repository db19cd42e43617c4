// Two replicas, wired by hand: what one says the other hears at once, while they are linked.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "dhcpsync/core/replica.hpp"
#include "tests/dhcpsync/sample.hpp"

namespace dhcpsync::test {

using namespace std::chrono_literals;

class ReplicaTest : public testing::Test {
protected:
    static constexpr NodeId one{1}, two{2};

    // What a step said beside messages, which are delivered at once.
    Actions step(Replica& replica, Event event) {
        Actions rest;
        for (auto& action : replica.step(now_, std::move(event))) {
            if (auto* send = std::get_if<Send>(&action))
                deliver(replica, *send, rest);
            else
                rest.push_back(std::move(action));
        }
        return rest;
    }
    void deliver(Replica& from, const Send& send, Actions& rest) {
        auto& to = &from == &a_ ? b_ : a_;
        ++messages_;
        if (!linked_) return;
        for (auto& action : step(to, FromPeer{&from == &a_ ? one : two, send.message}))
            rest.push_back(std::move(action));
    }

    Actions link() {
        linked_ = true;
        auto actions = a_.step(now_, PeerUp{two});
        Actions rest = step(b_, PeerUp{one});
        for (auto& action : actions) {
            if (const auto* send = std::get_if<Send>(&action)) deliver(a_, *send, rest);
        }
        return rest;
    }
    void unlink() {
        linked_ = false;
        (void)step(a_, PeerDown{two});
        (void)step(b_, PeerDown{one});
    }
    Term activate(Replica& replica, bool resumed = false) {
        for (const auto& action : step(replica, BecameActive{resumed})) {
            if (const auto* term = std::get_if<PersistTerm>(&action)) {
                (void)step(replica, TermPersisted{term->term});
                return term->term;
            }
        }
        return {};
    }
    Actions serve(Replica& replica, const std::vector<Lease>& list) {
        return step(replica, LocalLeases{{sample::leases(list), {}}, true});
    }

    template <class Wanted>
    static std::vector<Wanted> of(const Actions& actions) {
        std::vector<Wanted> result;
        for (const auto& action : actions) {
            if (const auto* found = std::get_if<Wanted>(&action)) result.push_back(*found);
        }
        return result;
    }

    Moment now_{Instant(1h), sample::noon};
    Replica a_{one}, b_{two};
    bool linked_ = false;
    int messages_ = 0;
};

}  // namespace dhcpsync::test
