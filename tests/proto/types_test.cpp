#include "vrrpd/proto/types.hpp"

#include <gtest/gtest.h>

namespace vrrpd::proto::types_test {
namespace {

TEST(Types, VR_060_vrid_is_1_to_255) {
    EXPECT_FALSE(Vrid::make(0));
    EXPECT_FALSE(Vrid::make(256));
    EXPECT_EQ(Vrid::make(1)->value(), 1);
    EXPECT_EQ(Vrid::make(255)->value(), 255);
}

TEST(Types, VR_061_zero_is_received_but_never_configured) {
    EXPECT_FALSE(Priority::configured(0));
    EXPECT_FALSE(Priority::configured(256));
    EXPECT_TRUE(Priority::from_wire(0).is_resign());
    EXPECT_TRUE(Priority::configured(255)->is_owner());
    EXPECT_EQ(Priority::resign(), Priority::from_wire(0));
}

TEST(Types, a_bare_number_is_neither_a_priority_nor_an_interval) {
    EXPECT_FALSE((std::is_convertible_v<int, Priority>));
    EXPECT_FALSE((std::is_convertible_v<int, Vrid>));
    EXPECT_FALSE((std::is_convertible_v<int, Centiseconds>));
    EXPECT_FALSE((std::is_convertible_v<std::chrono::milliseconds, Centiseconds>));
    EXPECT_TRUE((std::is_convertible_v<std::chrono::seconds, Centiseconds>));
}

}  // namespace
}  // namespace vrrpd::proto::types_test
