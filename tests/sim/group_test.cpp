// Sync groups on several LANs: fixed and fresh seeds, and the failures that they are for.
#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "tests/base/effort.hpp"
#include "tests/sim/group_world.hpp"
#include "tests/sim/run.hpp"

namespace vrrpd::sim::group_test {
namespace {

using namespace std::chrono_literals;
using proto::Role;

TEST(Groups, fixed_seeds) {
    for (std::uint64_t seed = 1; seed <= vrrpd::test::share_of(50); ++seed)
        ASSERT_EQ(run_groups(seed, nullptr), "") << replay(seed, "--groups ");
}

TEST(Groups, fresh_seeds) {
    std::random_device fresh;
    const auto end = std::chrono::steady_clock::now() + 2s;
    while (std::chrono::steady_clock::now() < end) {
        const std::uint64_t seed = std::uint64_t{fresh()} << 32 | fresh();
        ASSERT_EQ(run_groups(seed, nullptr), "") << replay(seed, "--groups ");
    }
}

class Home : public testing::Test {
protected:
    Home() : world(1, 2, {1ms, 1ms}, nullptr) {
        for (const unsigned priority : {200u, 100u}) {
            proto::RouterParameters parameters;
            parameters.priority = *proto::Priority::configured(priority);
            parameters.advert_interval = Centiseconds(10);
            world.add(parameters);
        }
        world.start(0);
        world.start(1);
        pass(1s);
    }
    void pass(Duration time) { world.run_until(world.now() + time); }
    // "MB MB": host 0 is MASTER on both LANs.
    std::string roles() {
        std::string text;
        for (std::size_t lan = 0; lan < 2; ++lan) {
            for (std::size_t host = 0; host < 2; ++host)
                text += "FBM"[static_cast<int>(world.router(host, lan).role())];
            text += lan == 0 ? " " : "";
        }
        return text;
    }
    GroupWorld world;
};

TEST_F(Home, one_cable_moves_both_lans) {
    EXPECT_EQ(roles(), "MB MB");
    world.set_cable(0, 1, false);
    EXPECT_EQ(roles(), "FB FB");
    pass(1s);
    EXPECT_EQ(roles(), "FM FM");
    world.set_cable(0, 1, true);
    EXPECT_EQ(roles(), "BM BM");
    pass(1s);
    EXPECT_EQ(roles(), "MB MB");
    EXPECT_EQ(world.violation(), "");
}

// Adverts are lost on one LAN only: without the group, both would be MASTER there.
TEST_F(Home, adverts_lost_on_one_lan_move_nobody) {
    world.mute(0, 1);
    pass(10s);
    EXPECT_EQ(roles(), "MB MB");
    world.power_off(0);
    pass(1s);
    EXPECT_EQ(roles().substr(1, 1), "M");
    EXPECT_EQ(roles().substr(4, 1), "M");
    EXPECT_EQ(world.violation(), "");
}

TEST_F(Home, an_address_that_cannot_be_added_gives_up_both) {
    world.fail_claim(0, 0);
    EXPECT_EQ(roles(), "BB BB");
    pass(1s);
    EXPECT_EQ(roles(), "BM BM");
    EXPECT_EQ(world.violation(), "");
}

}  // namespace
}  // namespace vrrpd::sim::group_test
