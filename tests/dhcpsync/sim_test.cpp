// The simulation from fixed seeds, and from fresh ones for some seconds in every run. One seed again:
//     DHCPSYNC_SEED=N dhcpsync_sim_test --gtest_filter=*one_seed
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <random>

#include "tests/base/effort.hpp"
#include "tests/dhcpsync/sim_run.hpp"

namespace dhcpsync::sim::sim_test {
namespace {

using namespace std::chrono_literals;

std::string replay(std::uint64_t seed) {
    return "DHCPSYNC_SEED=" + std::to_string(seed) + " dhcpsync_sim_test --gtest_filter=*one_seed";
}

void expect_well(std::uint64_t seed) {
    EXPECT_EQ(run(seed, Servers::prompt, Clocks::wrong_at_times), "") << "prompt servers: " << replay(seed);
    EXPECT_EQ(run(seed, Servers::real, Clocks::wrong_at_times), "") << "real servers: " << replay(seed);
    EXPECT_EQ(run(seed, Servers::real, Clocks::right), "") << "real servers, right clocks: " << replay(seed);
}

TEST(LeaseSimulation, fixed_seeds) {
    for (std::uint64_t seed = 1; seed <= vrrpd::test::share_of(100) && !HasFailure(); ++seed) expect_well(seed);
}

// Four of prompt servers, one of real ones.
TEST(LeaseSimulation, seeds_that_failed_once) {
    for (const std::uint64_t seed : {11707820814110866138U, 11459273443114478009U, 13887185701601541355U,
                                     13980401606910998967U, 7148227358335900012U})
        expect_well(seed);
}

TEST(LeaseSimulation, fresh_seeds) {
    std::random_device fresh;
    const auto end = std::chrono::steady_clock::now() + 3s;
    while (std::chrono::steady_clock::now() < end && !HasFailure()) expect_well(std::uint64_t{fresh()} << 32 | fresh());
}

TEST(LeaseSimulation, one_seed) {
    const auto* seed = std::getenv("DHCPSYNC_SEED");
    if (!seed) GTEST_SKIP() << "for DHCPSYNC_SEED=N only";
    expect_well(std::strtoull(seed, nullptr, 10));
}

}  // namespace
}  // namespace dhcpsync::sim::sim_test
