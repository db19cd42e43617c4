// Lease services that know each other, each with a model of dnsmasq, on one loop: what several files test.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/dhcpsync/fake_server.hpp"

namespace dhcpsync::test {

using namespace std::chrono_literals;

inline Lease lease(unsigned address, unsigned client, Seconds length = Seconds(3600)) {
    auto result = sample::lease(address, client);
    result.expires = wall() + length;
    return result;
}

class LeaseServiceTest : public testing::Test {
protected:
    Home& add(HomePlan plan = {}) {
        homes_.push_back(std::make_unique<Home>(turns_, static_cast<std::uint32_t>(homes_.size() + 1), plan));
        return *homes_.back();
    }
    // A gateway and a stand-in that know each other.
    void two(HomePlan plan = {}) {
        add(plan).become(true);
        add(plan).become(false);
        Home::connect(one(), other());
        ASSERT_TRUE(turns_.until([&] { return one().service->caught_up() && other().service->caught_up(); }));
    }
    Home& one() { return *homes_[0]; }
    Home& other() { return *homes_[1]; }
    [[nodiscard]] bool comes_to(const Home& home, const IpAddress& address, Duration at_most = 5s) {
        return turns_.until([&] { return home.server.has(address); }, at_most);
    }

    Turns turns_;
    std::vector<std::unique_ptr<Home>> homes_;
};

}  // namespace dhcpsync::test
