#include "vrrpd/proto/timers.hpp"

#include <gtest/gtest.h>

namespace vrrpd::proto::timers_test {
namespace {

using namespace std::chrono_literals;

Priority priority(unsigned value) { return Priority::configured(value).value(); }

TEST(Timers, VR_064_v2_skew_ignores_the_interval) {
    EXPECT_EQ(skew_time(Version::v2, priority(100), 1s), 609'375us);
    EXPECT_EQ(skew_time(Version::v2, priority(100), 10s), 609'375us);
    EXPECT_EQ(skew_time(Version::v2, priority(254), 1s), 7'812'500ns);
    EXPECT_EQ(skew_time(Version::v2, priority(1), 1s), 996'093'750ns);
    EXPECT_EQ(skew_time(Version::v2, priority(255), 1s), 3'906'250ns);
}

TEST(Timers, VR_065_v3_skew_is_a_share_of_the_interval) {
    EXPECT_EQ(skew_time(Version::v3, priority(100), Centiseconds(1)), 6'093'750ns);
    EXPECT_EQ(skew_time(Version::v3, priority(254), Centiseconds(1)), 78'125ns);
    EXPECT_EQ(skew_time(Version::v3, priority(1), Centiseconds(10)), 99'609'375ns);
    EXPECT_EQ(skew_time(Version::v3, priority(255), Centiseconds(100)), 3'906'250ns);
    EXPECT_EQ(skew_time(Version::v3, priority(100), Centiseconds(4095)), 24'953'906'250ns);
}

TEST(Timers, VR_065_routers_of_different_priority_never_fire_together) {
    for (unsigned value = 1; value < 255; ++value) {
        EXPECT_GT(skew_time(Version::v3, priority(value), Centiseconds(1)),
                  skew_time(Version::v3, priority(value + 1), Centiseconds(1)));
    }
}

TEST(Timers, VR_066_down_interval_of_the_table) {
    EXPECT_EQ(down_interval(Version::v2, priority(200), 1s, 3), 3'218'750us);
    EXPECT_EQ(down_interval(Version::v3, priority(100), Centiseconds(100), 3), 3'609'375us);
    EXPECT_EQ(down_interval(Version::v3, priority(254), Centiseconds(1), 3), 30'078'125ns);
    EXPECT_EQ(down_interval(Version::v3, priority(100), Centiseconds(4095), 3), 147'803'906'250ns);
}

TEST(Timers, VR_066_down_timer_adverts_replaces_the_three) {
    EXPECT_EQ(down_interval(Version::v3, priority(254), Centiseconds(1), 1), 10'078'125ns);
    EXPECT_EQ(down_interval(Version::v3, priority(254), Centiseconds(100), 100), 100s + 7'812'500ns);
}

}  // namespace
}  // namespace vrrpd::proto::timers_test
