// What every Kernel is asked in the contract tests (contract_*_test.cpp), on the model and on this machine's kernel
// alike.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "tests/netlink/world.hpp"

namespace netlink::test {

using namespace std::chrono_literals;

enum class Which { fake, real };

inline IpAddress address(const char* text) { return IpAddress::parse(text).value(); }
inline Prefix prefix(const char* text) { return Prefix::parse(text).value(); }

class KernelContract : public testing::TestWithParam<Which> {
protected:
    void SetUp() override {
        world_ = GetParam() == Which::fake ? fake_world() : real_world();
        if (!world_) GTEST_SKIP() << "SKIPPED: a network namespace of our own needs root";
        (void)world_->changes();
    }

    Kernel& kernel() { return world_->kernel(); }
    Snapshot snapshot() { return kernel().snapshot().value(); }
    Result<void> apply(const Request& request) { return kernel().apply({&request, 1}).front(); }
    template <class Object>
    void add(const Object& object) {
        const auto result = apply(Add{object});
        ASSERT_TRUE(result) << result.error().describe();
    }
    template <class Object>
    void remove(const Object& object) {
        const auto result = apply(Delete{object});
        ASSERT_TRUE(result) << result.error().describe();
    }

    Address on_lan(const char* text) {
        Address value;
        value.link = world_->lan;
        value.prefix = prefix(text);
        value.protocol = protocol_keepalived;
        return value;
    }
    Route via_lan(const char* to, const char* via, std::uint32_t table = main_table) {
        Route route;
        route.destination = prefix(to);
        route.hops = {NextHop{via ? std::optional(address(via)) : std::nullopt, world_->lan, 1, false}};
        route.table = table;
        return route;
    }

    // The addresses and routes are those that a test made: not link-local ones.
    std::vector<Address> addresses() {
        std::vector<Address> found;
        for (const auto& entry : snapshot().addresses) {
            const auto& own = entry.prefix.address;
            if (!own.is_loopback() && !own.is_link_local()) found.push_back(entry);
        }
        return found;
    }
    std::optional<Address> find(const Address& wanted) {
        for (const auto& entry : addresses()) {
            if (same_object(entry, wanted)) return entry;
        }
        return std::nullopt;
    }
    std::vector<Route> routes_to(const char* to, std::uint32_t table = main_table) {
        std::vector<Route> found;
        for (const auto& route : snapshot().routes) {
            if (route.table == table && route.destination == prefix(to)) found.push_back(route);
        }
        return found;
    }
    std::vector<Rule> rules_of(std::uint32_t priority) {
        std::vector<Rule> found;
        for (const auto& rule : snapshot().rules) {
            if (rule.priority == priority) found.push_back(rule);
        }
        return found;
    }
    template <class Event, class Matches>
    std::size_t count(const std::vector<Change>& changes, Matches&& matches) {
        return static_cast<std::size_t>(std::count_if(changes.begin(), changes.end(), [&](const Change& change) {
            const auto* event = std::get_if<Event>(&change);
            return event && matches(*event);
        }));
    }

    std::unique_ptr<World> world_;
};

inline auto both_kernels() { return testing::Values(Which::fake, Which::real); }
inline std::string name_of_kernel(const testing::TestParamInfo<Which>& tested) {
    return tested.param == Which::fake ? "fake" : "real";
}

}  // namespace netlink::test
